package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint of a training: all that is needed to go on as if it had never stopped. One safetensors file: the parameters (running
 * statistics too) under their names; {@code detinit.optimizer.KEY}, {@code detinit.best.NAME} (the best epoch's weights, with early
 * stopping), {@code detinit.hook.NUMBER.KEY} and {@code detinit.loss_sum}; and as metadata {@value #KEY} a JSON object with the step, the
 * history and the settings. The order of the samples and the random numbers follow from the seed and the step, and need no state.
 *
 * <p>Holds an open file: close it. Not thread-safe.
 */
public final class TrainingState implements AutoCloseable {

    /** The file's name in a run folder, and beside it while training goes on. */
    public static final String FILE = "checkpoint.safetensors";

    /** The metadata key. */
    public static final String KEY = "detinit.training";

    private static final String FORMAT = "detinit-checkpoint/1";
    private static final String OPTIMIZER = "detinit.optimizer.";
    private static final String BEST = "detinit.best.";
    private static final String HOOK = "detinit.hook.";
    private static final String LOSS_SUM = "detinit.loss_sum";
    private static final JsonMapper JSON = new JsonMapper();

    private final SafetensorsFile file;
    private final JsonNode json;

    private TrainingState(SafetensorsFile file, JsonNode json) {
        this.file = file;
        this.json = json;
    }

    /**
     * What the loop knows beside the run.
     *
     * @param history what the epochs brought
     * @param seconds of the steps of the epoch under way
     * @param patience what early stopping remembers
     */
    record Progress(List<EpochResult> history, double seconds, Patience patience) {}

    /** Writes a checkpoint, whole or not at all. */
    static void write(Path target, TrainingRun run, Progress progress, ObjectNode settings) throws IOException {
        List<TensorView> tensors = new ArrayList<>(DjlTensors.of(run.parameters()));
        run.optimizer().state().forEach((key, value) -> tensors.add(HostArrays.copy(OPTIMIZER + key, value)));
        progress.patience().weights().forEach((name, value) -> tensors.add(HostArrays.copy(BEST + name, value)));
        for (int k = 0; k < run.hooks().size(); k++) {
            String prefix = HOOK + k + ".";
            run.hooks().get(k).state().forEach((key, value) -> tensors.add(HostArrays.copy(prefix + key, value)));
        }
        tensors.add(HostArrays.copy(LOSS_SUM, run.lossSum()));
        ObjectNode json = JSON.createObjectNode();
        json.put("format", FORMAT);
        json.put("step", run.steps());
        json.put("stepsInEpoch", run.stepsInEpoch());
        json.put("epochs", run.config().epochs());
        json.put("seconds", progress.seconds());
        ObjectNode best = json.putObject("best");
        best.put("epoch", progress.patience().bestEpoch());
        best.put("loss", progress.patience().bestLoss());
        ArrayNode history = json.putArray("history");
        progress.history().forEach(result -> history.add(EpochJson.write(result)));
        json.set("settings", settings);
        json.set("environment", TrainingSettings.environment(run.config()));
        SafetensorsWriter.write(target, tensors, Map.of(KEY, JSON.writeValueAsString(json)));
    }

    /**
     * Opens a checkpoint.
     *
     * @param path the file
     * @return the state; close it
     * @throws MalformedFileException if it is no checkpoint of a training, or breaks the format
     * @throws IOException if it cannot be read
     */
    public static TrainingState open(Path path) throws IOException {
        SafetensorsFile file = SafetensorsFile.open(path);
        boolean done = false;
        try {
            String text = file.metadata().get(KEY);
            if (text == null) {
                throw MalformedFileException.of(path, "metadata", "no " + KEY, "a checkpoint that train wrote");
            }
            JsonNode json;
            try {
                json = JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw MalformedFileException.of(path, "metadata " + KEY, e.getOriginalMessage(), "valid JSON");
            }
            if (!json.path("format").asText().equals(FORMAT)) {
                throw MalformedFileException.of(
                        path,
                        "metadata " + KEY + ": format",
                        "'" + json.path("format").asText() + "'",
                        FORMAT);
            }
            TrainingState state = new TrainingState(file, json);
            state.check();
            done = true;
            return state;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    private void check() throws MalformedFileException {
        long history = json.path("history").size();
        if (!json.path("step").canConvertToExactIntegral()
                || !json.path("stepsInEpoch").canConvertToExactIntegral()) {
            throw malformed("step", "no whole numbers", "step and stepsInEpoch");
        }
        if (steps() < 0 || stepsInEpoch() < 1 || steps() / stepsInEpoch() != history) {
            throw malformed(
                    "history",
                    history + " epochs at step " + steps() + " with " + stepsInEpoch() + " steps in an epoch",
                    "an entry for each epoch done");
        }
    }

    private MalformedFileException malformed(String where, String found, String expected) {
        return MalformedFileException.of(file.path(), "metadata " + KEY + ": " + where, found, expected);
    }

    /** {@return the file} */
    public Path path() {
        return file.path();
    }

    /** {@return steps (updates) made} */
    public long steps() {
        return json.path("step").asLong();
    }

    private long stepsInEpoch() {
        return json.path("stepsInEpoch").asLong();
    }

    /** {@return how many epochs were asked for} */
    public int epochs() {
        return json.path("epochs").asInt();
    }

    /** {@return what the epochs brought that are done} */
    public List<EpochResult> history() {
        List<EpochResult> history = new ArrayList<>();
        json.path("history").forEach(node -> history.add(EpochJson.read(node)));
        return history;
    }

    double seconds() {
        return json.path("seconds").asDouble();
    }

    /**
     * Says how the machine differs from the one that wrote the checkpoint; the last bits may then differ.
     *
     * @param config how the training goes on
     * @return each difference with both values, such as {@code threads 4, not 2}; empty where there is none
     */
    public List<String> environmentDifferences(TrainConfig config) {
        return TrainingSettings.differences(json.path("environment"), TrainingSettings.environment(config));
    }

    /**
     * The points of a timeline that belong to this state. Points after it are not among them, nor the last state of a training that
     * now goes on with more epochs, where its schedule alone would not have audited it.
     *
     * @param timeline may reach further
     * @param config how the training goes on
     * @return the points up to this state
     */
    public List<TimelinePoint> pointsOf(Timeline timeline, TrainConfig config) {
        AuditSchedule schedule = timeline.header().schedule();
        boolean due = steps() == 0
                || config.epochs() == epochs()
                || schedule.isDueAfterStep(steps())
                || (steps() % stepsInEpoch() == 0 && schedule.isDueAfterEpoch(steps() / stepsInEpoch()));
        return timeline.points().stream()
                .filter(point -> point.step() < steps() || (due && point.step() == steps()))
                .toList();
    }

    /** Refuses another training. */
    void requireSettings(ObjectNode settings, TrainConfig config) {
        List<String> differences = TrainingSettings.differences(json.path("settings"), settings);
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException(path() + ": this training was begun with "
                    + String.join("; ", differences) + "; resume it with the same settings (more epochs are allowed)");
        }
        if (config.epochs() < epochs()) {
            throw new IllegalArgumentException(path() + ": this training was begun with " + epochs() + " epochs, not "
                    + config.epochs() + "; there may be more, but not fewer");
        }
    }

    /** Gives a run, its hooks and early stopping what they had. */
    void restore(TrainingRun run, Patience patience) throws IOException {
        if (stepsInEpoch() != run.stepsInEpoch()) {
            throw malformed("stepsInEpoch", String.valueOf(stepsInEpoch()), String.valueOf(run.stepsInEpoch()));
        }
        try (NDManager scratch = run.manager().newSubManager()) {
            Map<String, NDArray> best = new LinkedHashMap<>();
            List<Map<String, NDArray>> hooks = new ArrayList<>();
            run.hooks().forEach(hook -> hooks.add(new LinkedHashMap<>()));
            NDArray sum = null;
            Map<String, NDArray> values = new LinkedHashMap<>();
            for (TensorView tensor : file.tensors()) {
                String name = tensor.info().name();
                NDArray array = array(tensor, scratch);
                if (name.startsWith(OPTIMIZER)) {
                    String key = name.substring(OPTIMIZER.length());
                    fits(run, name, key.substring(key.indexOf('.') + 1), array);
                    run.optimizer().restore(key, array);
                } else if (name.startsWith(BEST)) {
                    fits(run, name, name.substring(BEST.length()), array);
                    best.put(name.substring(BEST.length()), array);
                } else if (name.startsWith(HOOK)) {
                    hook(name, hooks).put(name.substring(name.indexOf('.', HOOK.length()) + 1), array);
                } else if (name.equals(LOSS_SUM)) {
                    sum = array;
                } else {
                    values.put(name, array);
                }
            }
            if (sum == null) {
                throw MalformedFileException.of(path(), "tensors", "no " + LOSS_SUM, "one");
            }
            parameters(run, values);
            patience.resume(
                    json.path("best").path("epoch").asInt(),
                    EpochJson.number(json.path("best"), "loss"),
                    best,
                    run.manager());
            for (int k = 0; k < hooks.size(); k++) {
                run.hooks().get(k).restore(hooks.get(k));
            }
            run.resume(steps(), sum);
        }
    }

    private NDArray array(TensorView tensor, NDManager manager) throws IOException {
        try {
            return HostArrays.array(tensor, manager);
        } catch (IllegalArgumentException e) {
            TensorInfo info = tensor.info();
            throw MalformedFileException.of(
                    path(), "tensor '" + info.name() + "'", info.dtype().name(), "a dtype of checkpoints");
        }
    }

    private Map<String, NDArray> hook(String name, List<Map<String, NDArray>> hooks) throws MalformedFileException {
        int dot = name.indexOf('.', HOOK.length());
        try {
            return hooks.get(Integer.parseInt(name.substring(HOOK.length(), Math.max(dot, HOOK.length()))));
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw MalformedFileException.of(
                    path(), "tensor '" + name + "'", "no number of a hook", "one below " + hooks.size());
        }
    }

    private void parameters(TrainingRun run, Map<String, NDArray> values) throws MalformedFileException {
        if (!values.keySet().equals(run.parameters().keySet())) {
            throw MalformedFileException.of(
                    path(),
                    "tensors",
                    values.keySet().toString(),
                    run.parameters().keySet() + ", the model's");
        }
        for (Map.Entry<String, NDArray> entry : values.entrySet()) {
            NDArray target = fits(run, entry.getKey(), entry.getKey(), entry.getValue());
            InPlace.copy(entry.getValue(), target);
        }
    }

    /** The parameter that an array belongs to, of whose shape it must be. */
    private NDArray fits(TrainingRun run, String tensor, String parameter, NDArray array)
            throws MalformedFileException {
        Parameter owner = run.parameters().get(parameter);
        if (owner == null) {
            throw MalformedFileException.of(
                    path(), "tensor '" + tensor + "'", "no such parameter", "one of the model's");
        }
        NDArray values = owner.getArray();
        if (!array.getShape().equals(values.getShape()) || array.getDataType() != values.getDataType()) {
            throw MalformedFileException.of(
                    path(),
                    "tensor '" + tensor + "'",
                    array.getDataType() + " " + array.getShape(),
                    values.getDataType() + " " + values.getShape());
        }
        return values;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
