package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.budget.SearchPoint;
import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.budget.SparsitySearch;
import io.detinit.interop.prune.PruneJson;
import io.detinit.interop.prune.PruneReport;
import java.io.PrintWriter;

/** What a pruning came to, as JSON and for people. */
final class PruneTexts {

    private PruneTexts() {}

    /** The sparsity, tensors, sizes and scores. */
    static void put(ObjectNode object, PruneOutcome outcome) {
        PruneReport report = outcome.report();
        PruneJson.put(object, report.tensors());
        outcome.sparseInitializers().ifPresent(count -> object.put("sparseInitializers", count));
        report.regenerated().ifPresent(regenerated -> RegenerateTexts.put(object, regenerated));
        PruneJson.putBytes(object, outcome.bytesBefore(), outcome.bytesAfter());
        if (outcome.before() != null && outcome.after() != null) {
            object.putObject("accuracy")
                    .put("before", outcome.before().accuracy())
                    .put("after", outcome.after().accuracy());
        } else {
            PruneJson.putNoAccuracy(object);
        }
        if (!outcome.scoredWith().isEmpty()) {
            object.put("scoredWith", outcome.scoredWith());
        }
        outcome.search().ifPresent(search -> {
            put(object, search);
            object.put("confirmed", confirmed(search, outcome));
        });
    }

    /** How a sparsity was searched for. */
    static void put(ObjectNode object, SearchResult search) {
        object.put("maxDrop", search.maxDrop());
        ObjectNode validation = object.putObject("validation").put("before", search.before());
        search.found()
                .ifPresentOrElse(
                        found -> validation.put("after", found.point().accuracy()), () -> validation.putNull("after"));
        ArrayNode searched = object.putArray("searched");
        for (SearchPoint point : search.searched()) {
            searched.addObject()
                    .put("sparsity", point.sparsity())
                    .put("accuracy", point.accuracy())
                    .put("within", point.within());
        }
    }

    private static boolean confirmed(SearchResult search, PruneOutcome outcome) {
        return outcome.before() != null
                && outcome.after() != null
                && new SparsitySearch(search.maxDrop())
                        .allows(outcome.before().accuracy(), outcome.after().accuracy());
    }

    static void print(PrintWriter out, PruneOutcome outcome, String storage) {
        outcome.search().ifPresent(search -> {
            print(out, search);
            out.println();
        });
        PruneReport report = outcome.report();
        TextTable table = new TextTable("tensor", "elements", "kept", "sparsity");
        for (PruneReport.PrunedEntry tensor : report.tensors()) {
            table.row(
                    tensor.name(),
                    Text.count(tensor.elements()),
                    Text.count(tensor.kept()),
                    Text.fraction(1 - (double) tensor.kept() / Math.max(1, tensor.elements())));
        }
        table.row(
                "all prunable",
                Text.count(report.prunable()),
                Text.count(report.kept()),
                Text.fraction(report.sparsity()));
        table.print(out);
        out.println();
        report.regenerated().ifPresent(regenerated -> RegenerateTexts.print(out, regenerated));
        String sparse = outcome.sparseInitializers().isPresent()
                ? ", " + outcome.sparseInitializers().getAsInt() + " sparse initializers"
                : "";
        out.println("bytes " + Text.count(outcome.bytesBefore()) + " -> " + Text.count(outcome.bytesAfter()) + " ("
                + storage + sparse + ")");
        printScores(out, outcome);
    }

    private static void printScores(PrintWriter out, PruneOutcome outcome) {
        if (outcome.before() == null || outcome.after() == null) {
            return;
        }
        outcome.search()
                .flatMap(SearchResult::found)
                .ifPresent(found -> out.println("validation accuracy "
                        + Text.fraction(found.point().accuracy() + found.point().loss()) + " -> "
                        + Text.fraction(found.point().accuracy())
                        + " (training may have seen these images: only the difference counts)"));
        out.println("test accuracy " + Text.fraction(outcome.before().accuracy()) + " -> "
                + Text.fraction(outcome.after().accuracy()));
        outcome.search()
                .ifPresent(search -> out.println("--max-drop " + search.maxDrop() + ": "
                        + (confirmed(search, outcome)
                                ? "confirmed, the test part lost "
                                : "not confirmed, the test part lost more: ")
                        + Text.fraction(outcome.testLoss())));
    }

    /** The sparsities that were tried. */
    static void print(PrintWriter out, SearchResult search) {
        TextTable table = new TextTable("sparsity tried", "validation accuracy", "loss", "within");
        table.row("dense", Text.fraction(search.before()), "", "");
        for (SearchPoint point : search.searched()) {
            table.row(
                    Text.fraction(point.sparsity()),
                    Text.fraction(point.accuracy()),
                    Text.fraction(point.loss()),
                    point.within() ? "yes" : "no");
        }
        table.print(out);
    }
}
