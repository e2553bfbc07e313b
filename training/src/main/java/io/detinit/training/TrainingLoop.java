package io.detinit.training;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.TimelineJson;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineSink;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Trains a {@link TrainingRun} to its end: a test after every epoch, early stopping, a listener that is told, audits where they are
 * due, checkpoints.
 *
 * <pre>{@code
 * TrainingLoop loop = TrainingLoop.of(config, train, test).checkpoint(folder.resolve(TrainingState.FILE));
 * try (TrainedModel trained = loop.train()) { ... }
 * }</pre>
 *
 * <p>An instance trains once. Not thread-safe; DJL's engine seed is global: train one model at a time.
 */
public final class TrainingLoop {

    private static final JsonMapper JSON = new JsonMapper();

    private final TrainConfig config;
    private final Samples train;
    private final Samples test;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private Function<List<StepHook>, TrainingRun> starter;
    private List<StepHook> hooks = List.of();
    private TrainingListener listener = TrainingListener.NONE;
    private @Nullable AuditSchedule schedule;
    private TimelineSink sink = TimelineSink.NONE;
    private @Nullable Path checkpoint;
    private @Nullable TrainingState state;
    private List<TimelinePoint> before = List.of();
    private BooleanSupplier stop = () -> false;

    private TrainingLoop(TrainConfig config, Samples train, Samples test) {
        TrainingRun.checkFits(config, test, "test");
        this.config = config;
        this.train = train;
        this.test = test;
        this.starter = with -> TrainingRun.begin(config, train, with);
    }

    /**
     * Makes ready to train.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @return a loop without hooks, listener, audits and checkpoints
     * @throws IllegalArgumentException if the test samples do not fit the model
     */
    public static TrainingLoop of(TrainConfig config, Samples train, Samples test) {
        return new TrainingLoop(config, train, test);
    }

    /**
     * Sets what happens around every update.
     *
     * @param value in their order; each serves one training
     * @return this
     */
    public TrainingLoop hooks(List<StepHook> value) {
        hooks = List.copyOf(value);
        return this;
    }

    /**
     * Sets who is told how it goes on.
     *
     * @param value the listener
     * @return this
     */
    public TrainingLoop listener(TrainingListener value) {
        listener = value;
        return this;
    }

    /**
     * Audits the parameters on the way. The weights are those of a training without audits, bit for bit. The time of audits after steps
     * is part of the epoch's seconds, that of audits after epochs is not.
     *
     * @param when when the parameters are audited, and at which thresholds
     * @param receiver receives the timeline as it grows; with {@link #resume} it goes on with the points after those that there were
     * @return this
     */
    public TrainingLoop audit(AuditSchedule when, TimelineSink receiver) {
        schedule = when;
        sink = receiver;
        return this;
    }

    /**
     * Keeps a checkpoint: written before the first step, after every epoch, and where training is stopped; each whole or not at all.
     *
     * @param file the file, in an existing folder
     * @return this
     */
    public TrainingLoop checkpoint(Path file) {
        checkpoint = file;
        return this;
    }

    /**
     * Goes on from a checkpoint. On a CPU, with one number of threads, the result is that of a training that was never stopped, bit for
     * bit.
     *
     * @param from the state, which stays the caller's
     * @param points the timeline up to its step, where there were audits; later points are passed over
     * @return this
     */
    public TrainingLoop resume(TrainingState from, List<TimelinePoint> points) {
        state = from;
        before = List.copyOf(points);
        return this;
    }

    /**
     * Names something that a checkpoint must have in common with the training that resumes it, beside the configuration, the samples and
     * the hooks, which are compared in any case.
     *
     * @param name such as {@code data}
     * @param value such as the name of the data set
     * @return this
     */
    public TrainingLoop setting(String name, String value) {
        settings.put(name, value);
        return this;
    }

    /**
     * Sets who may stop the training.
     *
     * @param asked asked before every step; true ends the training with a {@link TrainingStoppedException}
     * @return this
     */
    public TrainingLoop stopWhen(BooleanSupplier asked) {
        stop = asked;
        return this;
    }

    /** Begins the run in another way, such as with a block of one's own. */
    TrainingLoop starter(Function<List<StepHook>, TrainingRun> value) {
        starter = value;
        return this;
    }

    /**
     * Trains.
     *
     * @return the trained model; close it
     * @throws IllegalArgumentException if the samples do not fit the model, a GPU is asked for and there is none, or the state to resume
     *     is that of another training
     * @throws TrainingStoppedException if it was asked to stop before its end
     * @throws java.io.UncheckedIOException if a checkpoint or the timeline cannot be written, or the state to resume is malformed
     */
    public TrainedModel train() {
        ObjectNode all = settings();
        if (state != null) {
            state.requireSettings(all, config);
        }
        Optional<GradientHook> gradients = Optional.ofNullable(schedule).map(GradientHook::new);
        TrainingRun run =
                starter.apply(Stream.concat(hooks.stream(), gradients.stream()).toList());
        boolean done = false;
        try {
            DeviceSamples scored = run.upload(test);
            Audits audits = new Audits(run, schedule, sink, listener, scored, gradients);
            TrainingCourse course = new TrainingCourse(run, audits, scored, checkpoint, all, stop);
            if (state == null) {
                audits.begin();
                course.keep();
            } else {
                course.resume(state);
                audits.resume(before);
            }
            TrainedModel trained = course.train();
            done = true;
            return trained;
        } finally {
            if (!done) {
                run.close();
            }
        }
    }

    /** What a checkpoint must have in common with the training that resumes it; empty where no checkpoint plays a part. */
    private ObjectNode settings() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        if (checkpoint == null && state == null) {
            return all;
        }
        all.put("model", config.model().text());
        all.put("scheme", config.rules().toString());
        all.put("seed", config.seed());
        settings.forEach(all::put);
        all.setAll(TrainingSettings.of(config));
        all.put(
                "audit",
                schedule == null ? "none" : TimelineJson.schedule(schedule).toString());
        hooks.forEach(hook -> hook.describe().forEach((name, value) -> all.set(name, JSON.valueToTree(value))));
        all.put("trainSamples", TrainingSettings.sha256(train));
        all.put("testSamples", TrainingSettings.sha256(test));
        return all;
    }

    /**
     * Seeds and trains a model.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param listener is told how it goes on
     * @return the trained model; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     */
    public static TrainedModel train(TrainConfig config, Samples train, Samples test, TrainingListener listener) {
        return of(config, train, test).listener(listener).train();
    }

    /**
     * Seeds and trains a model with hooks around every update.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param hooks in their order
     * @param listener is told how it goes on
     * @return the trained model; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     */
    public static TrainedModel train(
            TrainConfig config, Samples train, Samples test, List<StepHook> hooks, TrainingListener listener) {
        return of(config, train, test).hooks(hooks).listener(listener).train();
    }

    /**
     * Seeds and trains a model and audits its parameters on the way, as {@link #audit}.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param hooks what happens around every update, in their order
     * @param listener is told how it goes on
     * @param schedule when the parameters are audited, and at which thresholds
     * @param sink receives the timeline as it grows
     * @return the trained model with its timeline; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     * @throws java.io.UncheckedIOException if the sink cannot write
     */
    public static TrainedModel trainAudited(
            TrainConfig config,
            Samples train,
            Samples test,
            List<StepHook> hooks,
            TrainingListener listener,
            AuditSchedule schedule,
            TimelineSink sink) {
        return of(config, train, test)
                .hooks(hooks)
                .listener(listener)
                .audit(schedule, sink)
                .train();
    }
}
