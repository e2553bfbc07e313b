package io.detinit.training;

import ai.djl.engine.Engine;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InitPlan;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.Normalization;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelineJson;
import io.detinit.training.timeline.TimelinePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What one needs to know to repeat a run: seed, model, data and its hashes, optimizer, versions, machine, result.
 *
 * @param json the card, format {@code detinit-run/1}
 */
record RunCard(ObjectNode json) {

    private static final JsonMapper JSON = new JsonMapper();

    static RunCard of(TrainedModel trained, DataSet data, Normalization normalization) {
        return of(trained, data, normalization, List.of());
    }

    static RunCard of(TrainedModel trained, DataSet data, Normalization normalization, List<StepHook> hooks) {
        TrainConfig config = trained.config();
        ObjectNode card = JSON.createObjectNode();
        card.put("format", "detinit-run/1");
        card.put("algorithm", InitPlan.ALGORITHM);
        card.put("seed", config.seed());
        card.put("model", config.model().text());
        card.put("scheme", config.rules().toString());
        DataCard.put(card.putObject("data"), data, normalization);
        ObjectNode how = card.putObject("training");
        how.put("epochs", config.epochs());
        how.setAll(TrainingSettings.of(config));
        how.put("held", config.held(data.trainCount()));
        how.put("deviceChoice", config.device().id());
        how.put("device", trained.model().getNDManager().getDevice().toString());
        hooks.forEach(hook -> hook.describe().forEach((name, value) -> card.set(name, JSON.valueToTree(value))));
        how.put("threads", TrainingSettings.threads());
        trained.timeline().ifPresent(timeline -> {
            ObjectNode audit = card.putObject("audit");
            audit.put("timeline", Timeline.FILE);
            TimelineJson.schedule(audit, timeline.header().schedule());
            audit.put("points", timeline.points().size());
            audit.put("warnings", timeline.warnings().size());
            audit.put(
                    "seconds",
                    timeline.points().stream()
                            .mapToDouble(TimelinePoint::seconds)
                            .sum());
        });
        Engine engine = trained.model().getNDManager().getEngine();
        ObjectNode versions = card.putObject("versions");
        versions.put("detinit", version());
        versions.put("djl", Engine.getDjlVersion());
        versions.put("pytorch", engine.getVersion());
        versions.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        ObjectNode machine = card.putObject("machine");
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        machine.put("cpu", cpu());
        machine.put("processors", Runtime.getRuntime().availableProcessors());
        ObjectNode result = card.putObject("result");
        EpochResult best = trained.result();
        result.put("epoch", best.epoch());
        result.put("epochsTrained", trained.history().size());
        result.put("testAccuracy", best.testAccuracy());
        result.put("testLoss", best.testLoss());
        if (best.validation() != null) {
            result.put("validationAccuracy", best.validation().accuracy());
            result.put("validationLoss", best.validation().loss());
        }
        result.put(
                "trainSeconds",
                trained.history().stream().mapToDouble(EpochResult::seconds).sum());
        return new RunCard(card);
    }

    /** The card on one line, without what differs each time: durations. */
    static String repeatable(JsonNode card) throws JsonProcessingException {
        JsonNode copy = card.deepCopy();
        for (String part : List.of("result", "audit")) {
            if (copy.path(part) instanceof ObjectNode found) {
                found.remove(List.of("trainSeconds", "seconds"));
            }
        }
        return JSON.writeValueAsString(copy);
    }

    String toJson() {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String version() {
        String version = RunCard.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** The processor's name where the system tells it, else its architecture. */
    private static String cpu() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.toLowerCase(Locale.ROOT).startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException | java.io.UncheckedIOException e) {
            return System.getProperty("os.arch");
        }
    }
}
