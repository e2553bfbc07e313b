package io.detinit.benchmarks.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.DeviceSamples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The article's table: which weights moved in 50 epochs of MNIST, for two nets, three optimizers, raw and normalised pixels, three
 * seeds; and what becomes of the accuracy when the unmoved ones are set to 0 or left at w0.
 *
 * <p>Arguments: the folder of MNIST, the folder of the results, and {@code table} or a part {@code K/N}: then only every N-th run is made.
 */
public final class ArticleTable {

    private static final int EPOCHS = 50;
    private static final List<Long> SEEDS = List.of(42L, 43L, 44L);
    private static final List<String> NETS = List.of("mlp:784-256-128-64-10", "mlp:784-7-32-10");
    private static final double[] THRESHOLDS = {0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 2e-2, 5e-2};
    private static final double HEADLINE = 0.623;
    private static final Map<String, OptimizerConfig> OPTIMIZERS = Map.of(
            "sgd", OptimizerConfig.of(OptimizerKind.SGD),
            "momentum",
                    OptimizerConfig.of(OptimizerKind.SGD)
                            .withLearningRate(0.05)
                            .withMomentum(0.9, false)
                            .withWeightDecay(5e-4),
            "adam", OptimizerConfig.of(OptimizerKind.ADAM));
    private static final List<String> ORDER = List.of("sgd", "momentum", "adam");

    private ArticleTable() {}

    /**
     * Runs, or writes the table to standard output.
     *
     * @param args as above
     * @throws IOException if reading or writing fails
     */
    public static void main(String[] args) throws IOException {
        Lab lab = Lab.of(args);
        Results results = Results.in(args[1], "article-table");
        if (lab.table()) {
            table(results);
            return;
        }
        DataSet data = DataSpec.load("mnist:" + args[0]);
        int number = 0;
        for (long seed : SEEDS) {
            for (String net : NETS) {
                for (String optimizer : ORDER) {
                    for (Normalization normalization : List.of(Normalization.NONE, Normalization.MEANSTD)) {
                        if (lab.mine(number++)) {
                            String key = key(net, optimizer, normalization, seed);
                            results.require(key, () -> run(data, net, optimizer, normalization, seed));
                        }
                    }
                }
            }
        }
    }

    private static String key(String net, String optimizer, Normalization normalization, long seed) {
        return net + "-" + optimizer + "-" + normalization.id() + "-" + seed;
    }

    private static ObjectNode run(DataSet data, String net, String optimizer, Normalization normalization, long seed)
            throws IOException {
        TrainConfig config = TrainConfig.builder(ModelSpec.parse(net), seed)
                .epochs(EPOCHS)
                .optimizer(Objects.requireNonNull(OPTIMIZERS.get(optimizer)))
                .device(DeviceChoice.CPU)
                .build();
        ObjectNode result = Results.JSON.createObjectNode();
        ArrayNode epochs = result.putArray("accuracy");
        try (TrainingRun run = TrainingRun.begin(config, data.trainSamples(normalization), List.of())) {
            DeviceSamples test = run.upload(data.testSamples(normalization));
            while (!run.isDone()) {
                run.step();
                if (run.atEpochEnd()) {
                    epochs.add(run.score(test).accuracy());
                    if (run.epoch() == 5) {
                        audit(result.putObject("epoch5"), run);
                    }
                }
            }
            audit(result.putObject("end"), run);
            PrunedScores scores = new PrunedScores(run, test);
            ArrayNode fills = result.putArray("unmovedReplaced");
            for (double threshold : THRESHOLDS) {
                Map<String, Mask> masks = scores.select(
                        new Selection(Criterion.MOVEMENT, new Selection.AtMost(threshold), Selection.Scope.GLOBAL));
                fills.add(replaced(scores, masks).put("threshold", threshold));
            }
            Map<String, Mask> masks = scores.select(
                    new Selection(Criterion.MOVEMENT, new Selection.Sparsity(HEADLINE), Selection.Scope.GLOBAL));
            result.set("headline", replaced(scores, masks));
            Map<String, Mask> small = scores.select(
                    new Selection(Criterion.MAGNITUDE, new Selection.Sparsity(HEADLINE), Selection.Scope.GLOBAL));
            result.set("headlineMagnitude", replaced(scores, small));
        }
        return result;
    }

    private static ObjectNode replaced(PrunedScores scores, Map<String, Mask> masks) {
        long kept = masks.values().stream().mapToLong(Mask::kept).sum();
        long all = masks.values().stream().mapToLong(Mask::size).sum();
        return Results.JSON
                .createObjectNode()
                .put("sparsity", 1 - (double) kept / all)
                .put("zero", scores.accuracy(masks, Fill.ZERO))
                .put("init", scores.accuracy(masks, Fill.INIT));
    }

    private static void audit(ObjectNode target, TrainingRun run) throws IOException {
        List<ArrayTensor> tensors = DjlTensors.of(run.parameters());
        List<Threshold> thresholds = new ArrayList<>();
        for (double threshold : THRESHOLDS) {
            thresholds.add(new Threshold(threshold));
        }
        AuditReport report =
                new Auditor(new AuditOptions(thresholds, 1, false), 1).audit(tensors, Baseline.of(run.plan(), tensors));
        ArrayNode total = target.putArray("unmovedPercent");
        for (int k = 0; k < THRESHOLDS.length; k++) {
            total.add(100.0 * (report.elements() - report.movedAt(k)) / report.elements());
        }
        ObjectNode layers = target.putObject("layers");
        for (TensorAudit tensor : report.tensors()) {
            ArrayNode row = layers.putArray(tensor.name());
            for (long moved : tensor.movedAt()) {
                row.add(100.0 * (tensor.elements() - moved) / tensor.elements());
            }
        }
    }

    private static void table(Results results) throws IOException {
        for (String net : NETS) {
            for (Normalization normalization : List.of(Normalization.NONE, Normalization.MEANSTD)) {
                for (String optimizer : ORDER) {
                    List<JsonNode> runs = new ArrayList<>();
                    for (long seed : SEEDS) {
                        results.find(key(net, optimizer, normalization, seed)).ifPresent(runs::add);
                    }
                    if (!runs.isEmpty()) {
                        print(net, normalization, optimizer, runs);
                    }
                }
            }
        }
    }

    private static void print(String net, Normalization normalization, String optimizer, List<JsonNode> runs) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%n#### %s, %s, pixels %s: dense %s%n%n",
                net,
                optimizer,
                normalization.id(),
                Figure.of(Lab.values(runs, run -> run.get("accuracy").get(EPOCHS - 1)), "%.4f")));
        text.append("| threshold | unmoved, % of all |");
        List<String> layers = new ArrayList<>();
        runs.get(0).get("end").get("layers").fieldNames().forEachRemaining(name -> {
            if (name.endsWith("weight")) {
                layers.add(name);
            }
        });
        layers.forEach(layer -> text.append(' ').append(layer).append(" |"));
        text.append(" unmoved set to 0 | left at w0 |\n|---|---|")
                .append("---|".repeat(layers.size() + 2))
                .append('\n');
        for (int k = 0; k < THRESHOLDS.length; k++) {
            int at = k;
            text.append("| ").append(THRESHOLDS[k]).append(" | ");
            text.append(Figure.of(
                    Lab.values(runs, run -> run.get("end").get("unmovedPercent").get(at)), "%.1f"));
            for (String layer : layers) {
                text.append(" | ");
                text.append(Figure.of(
                        Lab.values(
                                runs,
                                run -> run.get("end").get("layers").get(layer).get(at)),
                        "%.1f"));
            }
            text.append(" | ");
            text.append(Figure.of(
                    Lab.values(runs, run -> run.get("unmovedReplaced").get(at).get("zero")), "%.4f"));
            text.append(" | ");
            text.append(Figure.of(
                    Lab.values(runs, run -> run.get("unmovedReplaced").get(at).get("init")), "%.4f"));
            text.append(" |\n");
        }
        for (String way : List.of("headline", "headlineMagnitude")) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n62.3 %% pruned by %s: zeros %s, w0 %s%n",
                    way.equals("headline") ? "movement" : "magnitude",
                    Figure.of(Lab.values(runs, run -> run.get(way).get("zero")), "%.4f"),
                    Figure.of(Lab.values(runs, run -> run.get(way).get("init")), "%.4f")));
        }
        Lab.print(text.toString());
    }
}
