package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.file.AtomicFile;
import io.detinit.training.lottery.LotteryConfig;
import io.detinit.training.lottery.LotteryData;
import io.detinit.training.lottery.RoundResult;
import io.detinit.training.lottery.RoundSummary;
import io.detinit.training.lottery.Spread;
import io.detinit.training.lottery.Variant;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a lottery found, as a table, a page, CSV and JSON. Accuracies are those on the test samples.
 *
 * @param config how it was looked for
 * @param data the samples
 * @param results of the trainings that are done
 */
record LotteryReports(LotteryConfig config, LotteryData data, List<RoundResult> results) {

    LotteryReports {
        results = List.copyOf(results);
    }

    List<RoundSummary> summaries() {
        return RoundSummary.of(results);
    }

    void write(Path folder) throws IOException {
        AtomicFile.write(folder.resolve("lottery.csv"), LotteryCsv.of(results).getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(folder.resolve("lottery.html"), LotteryHtml.of(this).getBytes(StandardCharsets.UTF_8));
    }

    void print(PrintWriter out) {
        out.println("Test accuracy at the early stop (lowest validation loss) and after the last step:");
        out.println();
        table().print(out);
        verdicts().forEach(out::println);
    }

    /** A line for each round and variant; where there are several replicates, the lowest and the highest stand behind the mean. */
    TextTable table() {
        boolean several = config.seeds().size() > 1;
        TextTable table = several
                ? new TextTable(
                        "network",
                        "round",
                        "kept",
                        "weights",
                        "at early stop",
                        "min..max",
                        "step",
                        "at end",
                        "min..max")
                : new TextTable("network", "round", "kept", "weights", "at early stop", "step", "at end");
        for (RoundSummary summary : summaries()) {
            List<Object> cells = new ArrayList<>(List.of(
                    summary.round() == 0 ? "dense" : summary.variant().id(),
                    summary.round(),
                    Text.format("%.2f %%", 100 * summary.density()),
                    Text.count(Math.round(summary.kept())),
                    Text.fraction(summary.earlyStopAccuracy().mean()),
                    Text.format("%,.0f", summary.earlyStopStep().mean()),
                    Text.fraction(summary.endAccuracy().mean())));
            if (several) {
                cells.add(5, range(summary.earlyStopAccuracy()));
                cells.add(range(summary.endAccuracy()));
            }
            table.row(cells.toArray());
        }
        return table;
    }

    private static String range(Spread spread) {
        return Text.format("%.4f..%.4f", spread.min(), spread.max());
    }

    /** How far each kind of network can be pruned, in a sentence. */
    List<String> verdicts() {
        List<RoundSummary> summaries = summaries();
        return summaries.stream()
                .filter(summary -> summary.round() > 0)
                .map(RoundSummary::variant)
                .distinct()
                .map(variant -> verdict(variant, RoundSummary.smallestMatching(summaries, variant)))
                .toList();
    }

    private static String verdict(Variant variant, Optional<RoundSummary> smallest) {
        return variant.id()
                + smallest.map(found -> Text.format(
                                ": at least as accurate as the dense network down to %.2f %% of the weights (round %d)",
                                100 * found.density(), found.round()))
                        .orElse(": never as accurate as the dense network");
    }

    ObjectNode json(Path output) {
        ObjectNode object = BaseCommand.JSON.createObjectNode();
        object.put("output", output.toString());
        object.put("model", config.training().model().text());
        object.put("data", data.source().get("name"));
        config.seeds().forEach(object.putArray("seeds")::add);
        object.put("criterion", config.criterion().id());
        object.put("scope", config.scope().id());
        object.put("fill", config.fill().id());
        object.put("rewind", config.rewind());
        ArrayNode rounds = object.putArray("rounds");
        List<RoundSummary> summaries = summaries();
        for (RoundSummary summary : summaries) {
            ObjectNode node = rounds.addObject();
            node.put("variant", summary.variant().id());
            node.put("round", summary.round());
            node.put("replicates", summary.replicates());
            node.put("kept", summary.kept());
            node.put("prunable", summary.prunable());
            node.put("density", summary.density());
            spread(node.putObject("earlyStopAccuracy"), summary.earlyStopAccuracy());
            spread(node.putObject("earlyStopStep"), summary.earlyStopStep());
            spread(node.putObject("endAccuracy"), summary.endAccuracy());
        }
        ObjectNode smallest = object.putObject("smallestMatching");
        summaries.stream().map(RoundSummary::variant).distinct().forEach(variant -> {
            Optional<RoundSummary> found = RoundSummary.smallestMatching(summaries, variant);
            if (found.isPresent()) {
                smallest.put(variant.id(), found.get().density());
            } else {
                smallest.putNull(variant.id());
            }
        });
        return object;
    }

    private static void spread(ObjectNode node, Spread spread) {
        node.put("mean", spread.mean());
        node.put("min", spread.min());
        node.put("max", spread.max());
    }
}
