package io.detinit.training;

import ai.djl.Model;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.export.ExportOptions;
import io.detinit.interop.export.ModelInput;
import io.detinit.interop.export.OnnxExporter;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.models.ModelSpec;
import io.detinit.models.ParameterNames;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.Normalization;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelineJson;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineWriter;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder a training run leaves: {@code model.safetensors} and {@code model.onnx} (each with its plan inside), {@code
 * model.params} (DJL's own), {@code plan.json}, {@code history.jsonl}, {@code run.json}, and
 * {@code timeline.jsonl} where the parameters were audited on the way.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class RunFolder {

    /** The metadata key that says how pixels became features. */
    public static final String NORMALIZE_KEY = "detinit.normalize";

    /** The key in the ONNX model's metadata of the run card, without durations: equal runs leave equal files. */
    public static final String RUN_KEY = "detinit.run";

    private static final String SAFETENSORS = "model.safetensors";
    private static final String MODEL_NAME = "model";
    private static final JsonMapper JSON = new JsonMapper();

    private RunFolder() {}

    /**
     * Writes the files into a folder.
     *
     * @param folder an existing folder
     * @param trained the trained model
     * @param data what it was trained on
     * @param normalization how pixels became features
     * @throws IOException if writing fails
     */
    public static void write(Path folder, TrainedModel trained, DataSet data, Normalization normalization)
            throws IOException {
        write(folder, trained, data, normalization, List.of());
    }

    /**
     * Writes the files into a folder.
     *
     * @param folder an existing folder
     * @param trained the trained model
     * @param data what it was trained on
     * @param normalization how pixels became features
     * @param hooks what the training did beside the optimizer, for the run card and the metadata of both models
     * @throws IOException if writing fails
     */
    public static void write(
            Path folder, TrainedModel trained, DataSet data, Normalization normalization, List<StepHook> hooks)
            throws IOException {
        String plan = PlanJson.write(trained.plan());
        RunCard card = RunCard.of(trained, data, normalization, hooks);
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(Checkpoint.PLAN_KEY, plan);
        metadata.put(NORMALIZE_KEY, normalization.id());
        hooks.forEach(hook -> metadata.putAll(hook.metadata()));
        Map<String, String> safetensors = new LinkedHashMap<>();
        safetensors.put("format", "pt"); // readers of the Python world ask for it
        safetensors.putAll(metadata);
        SafetensorsWriter.write(folder.resolve(SAFETENSORS), trained.tensors(), safetensors);
        metadata.put(RUN_KEY, RunCard.repeatable(card.json()));
        writeOnnx(folder.resolve("model.onnx"), trained, metadata);
        writeParams(folder, trained.model());
        text(folder.resolve("plan.json"), plan + "\n");
        text(folder.resolve("history.jsonl"), history(trained));
        if (trained.timeline().isPresent()) {
            try (TimelineWriter writer = TimelineWriter.open(folder.resolve(Timeline.FILE))) {
                writer.begin(trained.timeline().get().header());
                for (TimelinePoint point : trained.timeline().get().points()) {
                    writer.point(point);
                }
            }
        }
        text(folder.resolve("run.json"), card.toJson() + "\n");
    }

    /** A line an epoch, with the main figures of its timeline; only one in which something was wrong has warnings. */
    private static String history(TrainedModel trained) throws IOException {
        StringBuilder history = new StringBuilder();
        for (EpochResult result : trained.history()) {
            ObjectNode line = EpochJson.write(result);
            trained.timeline().ifPresent(timeline -> TimelineJson.epoch(line, timeline, result.epoch()));
            history.append(JSON.writeValueAsString(line)).append('\n');
        }
        return history.toString();
    }

    private static void text(Path file, String text) throws IOException {
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void writeOnnx(Path target, TrainedModel trained, Map<String, String> metadata) throws IOException {
        Shape sample = trained.config().model().sampleShape();
        OnnxExporter.write(target, trained.block(), sample, ParameterNames.namer(trained.parameters()), metadata);
    }

    /** DJL numbers its files by epoch; the folder holds one, under one name. */
    private static void writeParams(Path folder, Model model) throws IOException {
        Path own = Files.createDirectory(folder.resolve(".params"));
        model.save(own, MODEL_NAME);
        List<Path> written;
        try (Stream<Path> files = Files.list(own)) {
            written = files.filter(file -> file.toString().endsWith(".params")).toList();
        }
        Files.move(written.get(0), folder.resolve("model.params"));
        Files.delete(own);
    }

    /**
     * Writes the model of a run folder as ONNX, from DJL's own {@code model.params}, {@code run.json} and {@code plan.json}.
     *
     * @param folder a run folder
     * @param target the file to appear, whole or not at all
     * @throws MalformedFileException if a file of the folder is malformed, or they do not belong together
     * @throws IOException if a file is missing or writing fails
     */
    public static void export(Path folder, Path target) throws IOException {
        export(folder, target, OnnxExporter.OPSET);
    }

    /**
     * Writes the model of a run folder as ONNX, as {@link #export(Path, Path)}.
     *
     * @param folder a run folder
     * @param target the file to appear, whole or not at all
     * @param opset the ONNX operator set, 13 to 21
     * @throws MalformedFileException if a file of the folder is malformed, or they do not belong together
     * @throws IllegalArgumentException if the opset is not supported
     * @throws IOException if a file is missing or writing fails
     */
    public static void export(Path folder, Path target, int opset) throws IOException {
        Path card = folder.resolve("run.json");
        JsonNode run;
        try {
            run = JSON.readTree(Files.readAllBytes(card));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw MalformedFileException.of(card, "run card", e.getOriginalMessage(), "valid JSON");
        }
        ModelSpec spec = spec(card, run.path("model").asText());
        Plan plan = Checkpoints.readPlan(folder.resolve("plan.json"));
        Path params = folder.resolve("model.params");
        try (Model model = Model.newInstance(MODEL_NAME, "PyTorch");
                InputStream in = new BufferedInputStream(Files.newInputStream(params))) {
            model.setBlock(spec.newBlock());
            try {
                model.load(in);
            } catch (ai.djl.MalformedModelException | RuntimeException | java.io.EOFException e) {
                throw MalformedFileException.of(
                        params, "DJL parameters", String.valueOf(e.getMessage()), "the parameters of " + spec.text());
            }
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put(Checkpoint.PLAN_KEY, PlanJson.write(plan));
            metadata.put(NORMALIZE_KEY, run.path("data").path("normalize").asText(Normalization.NONE.id()));
            metadata.putAll(hookMetadata(folder));
            metadata.put(RUN_KEY, RunCard.repeatable(run));
            ExportOptions options = ExportOptions.of(ParameterNames.namer(ParameterNames.of(model.getBlock())))
                    .withOpset(opset)
                    .withMetadata(metadata);
            OnnxExporter.write(
                    target, model.getBlock(), List.of(ModelInput.ofSamples("input", spec.sampleShape())), options);
        }
    }

    /** What hooks of the training left in the metadata. */
    private static Map<String, String> hookMetadata(Path folder) throws IOException {
        Path file = folder.resolve(SAFETENSORS);
        if (!Files.exists(file)) {
            return Map.of();
        }
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            Map<String, String> metadata = new LinkedHashMap<>(checkpoint.metadata());
            metadata.keySet().removeAll(List.of("format", Checkpoint.PLAN_KEY, NORMALIZE_KEY, RUN_KEY));
            return metadata;
        }
    }

    private static ModelSpec spec(Path card, String text) throws MalformedFileException {
        try {
            return ModelSpec.parse(text);
        } catch (IllegalArgumentException e) {
            throw MalformedFileException.of(card, "model", "'" + text + "'", "a model name (" + e.getMessage() + ")");
        }
    }
}
