package io.detinit.benchmarks.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.DeviceSamples;
import io.detinit.training.Samples;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import io.detinit.training.rule.MaskRule;
import io.detinit.training.rule.SleepRule;
import io.detinit.training.rule.StartingWeights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The article's headline made true: 62.3 % of the weights of 784-256-128-64-10 pruned with a test accuracy loss of at most 0.0004.
 * (a) zeros: trained {@value #EPOCHS} epochs, pruned, trained {@value #FINE_EPOCHS} more with the mask; compared with the dense net
 * after {@value #EPOCHS} epochs and after as many as both together. (b) w0: trained once with the proximal step; the weights that
 * did not move are the pruned ones, and there is no fine-tuning.
 *
 * <p>Arguments: the folder of MNIST, the folder of the results, and {@code table} or a part {@code K/N}.
 */
public final class Headline {

    private static final int EPOCHS = 30;
    private static final int FINE_EPOCHS = 10;
    private static final double SPARSITY = 0.623;
    private static final List<Long> SEEDS = List.of(42L, 43L, 44L);
    private static final double[] LAMBDAS = {1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4};
    private static final List<Criterion> CRITERIA = List.of(Criterion.MAGNITUDE, Criterion.MOVEMENT);

    private final DataSet data;
    private final Samples train;

    private Headline(DataSet data) {
        this.data = data;
        this.train = data.trainSamples(Normalization.NONE);
    }

    /**
     * Runs, or writes the table to standard output.
     *
     * @param args as above
     * @throws IOException if reading or writing fails
     */
    public static void main(String[] args) throws IOException {
        Lab lab = Lab.of(args);
        Results results = Results.in(args[1], "headline");
        if (lab.table()) {
            table(results);
            return;
        }
        Headline headline = new Headline(DataSpec.load("mnist:" + args[0]));
        int number = 0;
        for (long seed : SEEDS) {
            if (lab.mine(number++)) {
                results.require("masked-" + seed, () -> headline.masked(seed));
            }
            for (double lambda : LAMBDAS) {
                if (lab.mine(number++)) {
                    results.require("sleep-" + lambda + "-" + seed, () -> headline.asleep(seed, lambda));
                }
            }
        }
    }

    private static TrainConfig config(long seed, int epochs, double rate) {
        return TrainConfig.builder(ModelSpec.parse("mlp:784-256-128-64-10"), seed)
                .epochs(epochs)
                .optimizer(OptimizerConfig.of(OptimizerKind.SGD).withLearningRate(rate))
                .schedule(LearningRateSchedule.parse("cosine", 0))
                .device(DeviceChoice.CPU)
                .build();
    }

    /** The dense net, the pruned ones fine-tuned, and the dense one trained as much longer as they were. */
    private ObjectNode masked(long seed) throws IOException {
        ObjectNode result = Results.JSON.createObjectNode();
        Map<String, float[]> trained = new HashMap<>();
        Map<Criterion, Map<String, Mask>> masks = new HashMap<>();
        try (TrainingRun run = TrainingRun.begin(config(seed, EPOCHS, 0.1), train, List.of())) {
            DeviceSamples test = run.upload(data.testSamples(Normalization.NONE));
            while (!run.isDone()) {
                run.step();
            }
            result.put("dense", run.score(test).accuracy());
            PrunedScores scores = new PrunedScores(run, test);
            run.parameters().keySet().forEach(name -> trained.put(name, scores.trained(name)));
            for (Criterion criterion : CRITERIA) {
                Map<String, Mask> selected = scores.select(
                        new Selection(criterion, new Selection.Sparsity(SPARSITY), Selection.Scope.GLOBAL));
                masks.put(criterion, selected);
                result.put("oneShotZero-" + criterion.id(), scores.accuracy(selected, Fill.ZERO));
                result.put("oneShotInit-" + criterion.id(), scores.accuracy(selected, Fill.INIT));
            }
        }
        result.put("denseLonger", fineTuned(seed, trained, List.of()));
        for (Criterion criterion : CRITERIA) {
            StepHook mask = new MaskRule(masks.getOrDefault(criterion, Map.of()), Fill.ZERO);
            result.put("fineTuned-" + criterion.id(), fineTuned(seed, trained, List.of(mask)));
        }
        return result;
    }

    private double fineTuned(long seed, Map<String, float[]> trained, List<StepHook> rules) {
        List<StepHook> hooks = new ArrayList<>();
        hooks.add(new StartingWeights(trained));
        hooks.addAll(rules);
        try (TrainingRun run = TrainingRun.begin(config(seed, FINE_EPOCHS, 0.05), train, hooks)) {
            DeviceSamples test = run.upload(data.testSamples(Normalization.NONE));
            while (!run.isDone()) {
                run.step();
            }
            return run.score(test).accuracy();
        }
    }

    private ObjectNode asleep(long seed, double lambda) throws IOException {
        ObjectNode result = Results.JSON.createObjectNode();
        TrainConfig config = config(seed, EPOCHS, 0.1);
        try (TrainingRun run = TrainingRun.begin(config, train, List.of(new SleepRule(lambda)))) {
            DeviceSamples test = run.upload(data.testSamples(Normalization.NONE));
            ArrayNode accuracy = result.putArray("accuracy");
            while (!run.isDone()) {
                run.step();
                if (run.atEpochEnd()) {
                    accuracy.add(run.score(test).accuracy());
                }
            }
            PrunedScores scores = new PrunedScores(run, test);
            Map<String, Mask> unmoved =
                    scores.select(new Selection(Criterion.MOVEMENT, new Selection.AtMost(0), Selection.Scope.GLOBAL));
            put(result.putObject("unmoved"), scores, unmoved);
            Map<String, Mask> at = scores.select(
                    new Selection(Criterion.MOVEMENT, new Selection.Sparsity(SPARSITY), Selection.Scope.GLOBAL));
            put(result.putObject("headline"), scores, at);
        }
        return result;
    }

    private static void put(ObjectNode target, PrunedScores scores, Map<String, Mask> masks) {
        long kept = masks.values().stream().mapToLong(Mask::kept).sum();
        long all = masks.values().stream().mapToLong(Mask::size).sum();
        target.put("sparsity", 1 - (double) kept / all);
        target.put("init", scores.accuracy(masks, Fill.INIT));
        target.put("zero", scores.accuracy(masks, Fill.ZERO));
    }

    private static void table(Results results) throws IOException {
        List<JsonNode> runs = new ArrayList<>();
        for (long seed : SEEDS) {
            results.find("masked-" + seed).ifPresent(runs::add);
        }
        StringBuilder text = new StringBuilder("| net | test accuracy | loss against dense |\n|---|---|---|\n");
        List<Double> dense = Lab.values(runs, run -> run.get("dense"));
        runs.get(0).fieldNames().forEachRemaining(name -> {
            if (!name.equals("seconds")) {
                row(text, name, Lab.values(runs, run -> run.get(name)), dense);
            }
        });
        for (double lambda : LAMBDAS) {
            List<JsonNode> asleep = new ArrayList<>();
            for (long seed : SEEDS) {
                results.find("sleep-" + lambda + "-" + seed).ifPresent(asleep::add);
            }
            String share =
                    Figure.of(Lab.values(asleep, run -> run.get("unmoved").get("sparsity")), "%.4f");
            row(
                    text,
                    "sleep " + lambda + ", as trained; at w0 " + share,
                    Lab.values(asleep, run -> run.get("accuracy").get(EPOCHS - 1)),
                    dense);
            row(
                    text,
                    "sleep " + lambda + ", 62.3 % put back to w0",
                    Lab.values(asleep, run -> run.get("headline").get("init")),
                    dense);
        }
        Lab.print(text.toString());
    }

    private static void row(StringBuilder text, String name, List<Double> values, List<Double> dense) {
        text.append(String.format(
                Locale.ROOT,
                "| %s | %s | %.4f |%n",
                name,
                Figure.of(values, "%.4f"),
                Figure.mean(dense) - Figure.mean(values)));
    }
}
