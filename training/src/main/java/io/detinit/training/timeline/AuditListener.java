package io.detinit.training.timeline;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.Batch;
import ai.djl.training.listener.TrainingListenerAdapter;
import io.detinit.generator.InitPlan;
import io.detinit.interop.audit.Baseline;
import io.detinit.models.ParameterNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A listener for DJL's Trainer that audits the live parameters while they are trained: how far each layer is from its initial
 * values, and whether one sleeps or explodes. It reads the parameters where they lie (those on a GPU are copied to the CPU one at a
 * time), changes nothing, draws no random number and leaves no NDArray behind, so that training gives the same bits with it and
 * without.
 *
 * <pre>{@code
 * Seeding seeding = Seeding.bind(model.getBlock(), 42, InitRules.he());
 * AuditListener audit = AuditListener.of(seeding::plan, AuditSchedule.epochs(1, Threshold.DEFAULT), sink);
 * DefaultTrainingConfig config = new DefaultTrainingConfig(loss).addTrainingListeners(audit);
 * }</pre>
 *
 * <p>On one device gradients and updates are measured too, at {@value GradientWatch#SAMPLES} steps between two audits (of an epoch
 * whose size DJL does not tell, at every eighth); on several DJL adds the gradients up where a listener does not see them, and they
 * are left out. Units that never fire are looked for where samples are given ({@link #probing}).
 *
 * <p>The state before the first step is audited too: unless every weight has the bits of its initial value, there is a warning. In a
 * loop of one's own, call the trainer's listeners as {@link ai.djl.training.EasyTrain} does: {@code onTrainingBatch} after the
 * gradients and before the step, {@code onEpoch} after an epoch. Where parameters have values before the trainer is made, or {@code
 * onTrainingBegin} is called again after {@link Trainer#initialize}, the first audit happens there. The last state is audited when
 * the trainer is closed, if it was not yet.
 *
 * <p>An instance belongs to one training. Not thread-safe; called on the training thread.
 */
public final class AuditListener extends TrainingListenerAdapter {

    /** The batches that an epoch is taken to have where DJL does not tell. */
    private static final int BATCHES = 64;

    private final LiveAudit.Source source;
    private final AuditSchedule schedule;
    private final TimelineSink sink;
    private @Nullable LiveAudit audit;
    private long epochs;
    private long steps;
    private long samplesOfEpoch;
    private long samplesInEpoch;
    private @Nullable GradientWatch gradients;
    private @Nullable NDArray probe;
    private @Nullable NDManager scratch;
    private List<GradientWatch.Weight> measured = List.of();

    private AuditListener(LiveAudit.Source source, AuditSchedule schedule, TimelineSink sink) {
        this.source = source;
        this.schedule = Objects.requireNonNull(schedule, "schedule");
        this.sink = Objects.requireNonNull(sink, "sink");
    }

    /**
     * Compares with the initial values of a plan.
     *
     * @param plan the plan of the block; its names are those of {@link ParameterNames}
     * @param schedule when, and at which thresholds
     * @param sink receives the timeline as it grows
     * @return the listener
     */
    public static AuditListener of(InitPlan plan, AuditSchedule schedule, TimelineSink sink) {
        return new AuditListener(LiveAudit.Source.of(plan), schedule, sink);
    }

    /**
     * Compares with the initial values of a plan that is known when the block is initialised.
     *
     * @param plan is asked once, before the first audit
     * @param schedule when, and at which thresholds
     * @param sink receives the timeline as it grows
     * @return the listener
     */
    public static AuditListener of(Supplier<InitPlan> plan, AuditSchedule schedule, TimelineSink sink) {
        return new AuditListener(tensors -> LiveAudit.Source.of(plan.get()).of(tensors), schedule, sink);
    }

    /**
     * Compares with any initial values, such as those of a checkpoint that training begins with.
     *
     * @param baseline by the names of {@link ParameterNames}; valid until training ends
     * @param schedule when, and at which thresholds
     * @param sink receives the timeline as it grows
     * @return the listener
     */
    public static AuditListener of(Baseline baseline, AuditSchedule schedule, TimelineSink sink) {
        return new AuditListener(tensors -> baseline, schedule, sink);
    }

    /**
     * Looks for units that never fire at every audit. Call it before training.
     *
     * @param samples [N, ...] on the device of training, the first {@value UnitProbe#SAMPLES} are used; not copied, valid until training
     *     ends
     * @return this
     */
    public AuditListener probing(NDArray samples) {
        probe = samples;
        return this;
    }

    /** {@return the timeline so far; empty before the first audit} */
    public Optional<Timeline> timeline() {
        return Optional.ofNullable(audit).map(LiveAudit::timeline);
    }

    /**
     * Audits the state before the first step, if the parameters have values.
     *
     * @param trainer the trainer
     * @throws io.detinit.generator.InvalidPlanException if the plan belongs to another block
     * @throws java.io.UncheckedIOException if the sink cannot write
     */
    @Override
    public void onTrainingBegin(Trainer trainer) {
        Map<String, Parameter> parameters = ParameterNames.of(trainer.getModel().getBlock());
        if (audit == null && parameters.values().stream().allMatch(Parameter::isInitialized)) {
            begin(trainer, parameters);
        }
    }

    private LiveAudit begin(Trainer trainer, Map<String, Parameter> parameters) {
        Device[] devices = trainer.getDevices();
        parameters.forEach((name, parameter) -> {
            Device device = parameter.getArray().getDevice();
            if (!Arrays.asList(devices).contains(device)) {
                throw new IllegalStateException("parameter '" + name + "' lies on " + device + " and is trained on "
                        + Arrays.toString(devices) + ", where DJL keeps a copy; initialise the block on that device");
            }
        });
        LiveAudit begun = LiveAudit.begin(parameters, source, schedule, sink);
        audit = begun;
        if (probe != null) {
            begun.with(new UnitProbe(trainer.getModel().getBlock(), parameters, probe));
        }
        begun.point(0, 0);
        return begun;
    }

    /**
     * Counts a step that is about to be made, and audits the state before it where that is due.
     *
     * @param trainer the trainer
     * @param data the batch
     */
    @Override
    public void onTrainingBatch(Trainer trainer, BatchData data) {
        updated();
        LiveAudit live = audit;
        if (live == null) {
            live = begin(trainer, ParameterNames.of(trainer.getModel().getBlock()));
        } else if (schedule.isDueAfterStep(steps) && !live.has(steps)) {
            live.point(epoch(), steps);
        }
        steps++;
        samplesInEpoch += data.getBatch().getSize();
        samplesOfEpoch = Math.max(samplesInEpoch, data.getBatch().getProgressTotal());
        if (trainer.getDevices().length == 1) {
            measure(trainer, live, data.getBatch());
        }
    }

    /** The gradients are there, the update is not: measures those of a sampled step. */
    private void measure(Trainer trainer, LiveAudit live, Batch batch) {
        GradientWatch watch = gradients;
        if (watch == null) {
            long all = batch.getProgressTotal();
            long batches = all > batch.getSize() ? (all - 1) / batch.getSize() + 1 : BATCHES;
            watch = new GradientWatch(schedule.interval(batches));
            gradients = watch;
            live.with(watch);
        }
        if (!watch.isDue(steps)) {
            return;
        }
        NDManager manager = trainer.getManager().newSubManager();
        scratch = manager;
        List<GradientWatch.Weight> weights = new ArrayList<>();
        ParameterNames.of(trainer.getModel().getBlock()).forEach((name, parameter) -> {
            if (parameter.requiresGradient() && parameter.getArray().hasGradient()) {
                NDArray gradient = parameter.getArray().getGradient();
                gradient.attach(manager);
                weights.add(new GradientWatch.Weight(name, parameter.getArray(), gradient));
            }
        });
        measured = weights;
        watch.before(weights, manager);
    }

    /** The update of a sampled step is made: measures it. */
    private void updated() {
        NDManager manager = scratch;
        if (manager != null && gradients != null) {
            gradients.after(measured, manager);
            manager.close();
            measured = List.of();
            scratch = null;
        }
    }

    /** Epochs done; where the size of the data is not known, the one under way counts as done. */
    private double epoch() {
        return (double) epochs + (samplesInEpoch == 0 ? 0 : (double) samplesInEpoch / samplesOfEpoch);
    }

    /**
     * Audits the state after an epoch where that is due.
     *
     * @param trainer the trainer
     */
    @Override
    public void onEpoch(Trainer trainer) {
        updated();
        epochs++;
        samplesInEpoch = 0;
        if (audit != null && !audit.has(steps)) {
            if (schedule.isDueAfterEpoch(epochs) || schedule.isDueAfterStep(steps)) {
                audit.point((double) epochs, steps);
            }
        }
    }

    /**
     * Audits the last state where it was not yet.
     *
     * @param trainer the trainer
     */
    @Override
    public void onTrainingEnd(Trainer trainer) {
        updated();
        if (audit != null && !audit.has(steps)) {
            audit.point(epoch(), steps);
        }
    }
}
