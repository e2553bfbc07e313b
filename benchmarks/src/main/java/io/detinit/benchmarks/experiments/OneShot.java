package io.detinit.benchmarks.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.training.DeviceSamples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One-shot pruning without data and without retraining: every criterion with every fill at several sparsities, over three seeds.
 *
 * <p>Arguments: the setup ({@code lenet-300-100} or {@code lenet5}), the data set as {@code --data} takes it, the folder of the results,
 * and {@code table} or a part {@code K/N}.
 */
public final class OneShot {

    static final List<Long> SEEDS = List.of(42L, 43L, 44L);
    private static final double[] SPARSITIES = {0.5, 0.7, 0.8, 0.9, 0.95};

    private OneShot() {}

    /**
     * Runs, or writes the table to standard output.
     *
     * @param args as above
     * @throws IOException if reading or writing fails
     */
    public static void main(String[] args) throws IOException {
        Lab lab = Lab.of(Arrays.copyOfRange(args, 1, args.length));
        Setup setup = Setup.of(args[0]);
        Results results = Results.in(args[2], "one-shot-" + setup.name());
        if (lab.table()) {
            table(results, setup);
            return;
        }
        DataSet data = DataSpec.load(args[1]);
        int number = 0;
        for (long seed : SEEDS) {
            if (lab.mine(number++)) {
                results.require("seed-" + seed, () -> run(setup, data, seed));
            }
        }
    }

    private static ObjectNode run(Setup setup, DataSet data, long seed) throws IOException {
        ObjectNode result = Results.JSON.createObjectNode();
        TrainConfig config = setup.config(seed);
        try (TrainingRun run = TrainingRun.begin(config, data.trainSamples(Normalization.NONE), List.of())) {
            DeviceSamples test = run.upload(data.testSamples(Normalization.NONE));
            ArrayNode epochs = result.putArray("accuracy");
            while (!run.isDone()) {
                run.step();
                if (run.atEpochEnd()) {
                    epochs.add(run.score(test).accuracy());
                }
            }
            PrunedScores scores = new PrunedScores(run, test);
            for (Criterion criterion : Criterion.values()) {
                ObjectNode of = result.putObject(criterion.id());
                for (double sparsity : SPARSITIES) {
                    Map<String, Mask> masks = scores.select(
                            new Selection(criterion, new Selection.Sparsity(sparsity), Selection.Scope.GLOBAL));
                    for (Fill fill : Fill.values()) {
                        of.withArray(fill.id()).add(scores.accuracy(masks, fill));
                    }
                }
            }
        }
        return result;
    }

    private static void table(Results results, Setup setup) throws IOException {
        List<JsonNode> runs = new ArrayList<>();
        for (long seed : SEEDS) {
            results.find("seed-" + seed).ifPresent(runs::add);
        }
        StringBuilder text = new StringBuilder("dense: ");
        text.append(Figure.of(Lab.values(runs, run -> run.get("accuracy").get(setup.epochs() - 1)), "%.4f"));
        text.append("\n\n| criterion | fill |");
        for (double sparsity : SPARSITIES) {
            text.append(String.format(Locale.ROOT, " %.0f %% |", 100 * sparsity));
        }
        text.append("\n|---|---|").append("---|".repeat(SPARSITIES.length)).append('\n');
        for (Criterion criterion : Criterion.values()) {
            for (Fill fill : Fill.values()) {
                text.append("| ")
                        .append(criterion.id())
                        .append(" | ")
                        .append(fill.id())
                        .append(" |");
                for (int k = 0; k < SPARSITIES.length; k++) {
                    int at = k;
                    text.append(' ');
                    text.append(Figure.of(
                            Lab.values(
                                    runs,
                                    run -> run.get(criterion.id())
                                            .get(fill.id())
                                            .get(at)),
                            "%.4f"));
                    text.append(" |");
                }
                text.append('\n');
            }
        }
        Lab.print(text.toString());
    }
}
