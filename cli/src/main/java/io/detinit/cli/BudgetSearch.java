package io.detinit.cli;

import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.report.Text;
import io.detinit.interop.budget.CandidateModel;
import io.detinit.interop.budget.MaskSource;
import io.detinit.interop.budget.SearchPoint;
import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.budget.SparsitySearch;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.training.Samples;
import java.io.IOException;
import java.util.Objects;

/** The search for the largest sparsity within a budget, with what it says on the terminal. */
final class BudgetSearch {

    private BudgetSearch() {}

    /**
     * Searches on the validation part.
     *
     * @param command the command, for messages and threads
     * @param checkpoint the trained model
     * @param resolved its initial values
     * @param select the options of a selection without an amount; afterwards they say what was found, where it was
     * @param fill what stands where a weight was pruned
     * @param scoring how candidates are scored
     * @param search the budget
     */
    static SearchResult run(
            BaseCommand command,
            Checkpoint checkpoint,
            ResolvedBaseline resolved,
            SelectOptions select,
            Fill fill,
            Scoring scoring,
            SparsitySearch search)
            throws IOException {
        Terminal terminal = command.terminal();
        Samples samples = scoring.validation();
        terminal.line("searching on the last " + Text.count(samples.count()) + " of "
                + Text.count(scoring.images().trainCount()) + " training images, which training may have seen");
        MaskSource source =
                sparsity -> MaskCommand.select(command, resolved, checkpoint, BudgetOptions.at(select, sparsity));
        try (CandidateModel candidates = scoring.candidates(resolved.baseline())) {
            SearchResult result = search.search(
                    source,
                    Scoring.scorer(candidates, fill, samples)::accuracy,
                    point -> terminal.progress(describe(point)));
            result.found()
                    .ifPresent(found -> BudgetOptions.at(select, found.point().requested()));
            return result;
        }
    }

    /**
     * Finds the sparsity that a budget allows and sets it in the options of the selection.
     *
     * @param command shows progress and says what was found
     * @param checkpoint the trained model
     * @param resolved its initial values
     * @param select what the user says beside the budget
     * @param fill what stands where a weight was pruned
     * @param budget the budget; given
     * @param options on what candidates are scored
     * @return false where no sparsity above 0 is within the budget
     */
    static boolean meets(
            BaseCommand command,
            Checkpoint checkpoint,
            ResolvedBaseline resolved,
            SelectOptions select,
            Fill fill,
            BudgetOptions budget,
            ScoringOptions options)
            throws IOException {
        try (Scoring scoring = Scoring.open(checkpoint, options, command)) {
            SparsitySearch search = new SparsitySearch(Objects.requireNonNull(budget.maxDrop));
            SearchResult result = run(command, checkpoint, resolved, select, fill, scoring, search);
            if (result.found().isEmpty()) {
                command.terminal().line(unmet(result));
                return false;
            }
            command.terminal().line(describe(result.found().get().point()) + " on the validation part");
            return true;
        }
    }

    /** What to say where nothing is within the budget. */
    static String unmet(SearchResult search) {
        SearchPoint last = search.searched().get(search.searched().size() - 1);
        return Text.format(
                "detinit: no sparsity above 0 keeps the loss of validation accuracy within %s; the smallest tried,"
                        + " %.6f, loses %.4f; nothing was written",
                search.maxDrop(), last.sparsity(), last.loss());
    }

    private static String describe(SearchPoint point) {
        return Text.format("sparsity %.4f loses %.4f", point.sparsity(), point.loss());
    }
}
