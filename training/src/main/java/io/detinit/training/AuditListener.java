package io.detinit.training;

import ai.djl.Device;
import ai.djl.nn.Parameter;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListenerAdapter;
import io.detinit.generator.InitPlan;
import io.detinit.interop.audit.Baseline;
import io.detinit.models.ParameterNames;
import java.util.Arrays;
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
 * <p>The state before the first step is audited too: unless every weight has the bits of its initial value, there is a warning. In a
 * loop of one's own, call the trainer's listeners as {@link ai.djl.training.EasyTrain} does: {@code onTrainingBatch} after the
 * gradients and before the step, {@code onEpoch} after an epoch. Where parameters have values before the trainer is made, or {@code
 * onTrainingBegin} is called again after {@link Trainer#initialize}, the first audit happens there. The last state is audited when
 * the trainer is closed, if it was not yet.
 *
 * <p>An instance belongs to one training. Not thread-safe; called on the training thread.
 */
public final class AuditListener extends TrainingListenerAdapter {

    private final LiveAudit.Source source;
    private final AuditSchedule schedule;
    private final TimelineSink sink;
    private @Nullable LiveAudit audit;
    private long epochs;
    private long steps;
    private long samplesOfEpoch;
    private long samplesInEpoch;

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
        LiveAudit live = audit;
        if (live == null) {
            live = begin(trainer, ParameterNames.of(trainer.getModel().getBlock()));
        } else if (schedule.isDueAfterStep(steps) && !live.has(steps)) {
            live.point(epoch(), steps);
        }
        steps++;
        samplesInEpoch += data.getBatch().getSize();
        samplesOfEpoch = Math.max(samplesInEpoch, data.getBatch().getProgressTotal());
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
        if (audit != null && !audit.has(steps)) {
            audit.point(epoch(), steps);
        }
    }
}
