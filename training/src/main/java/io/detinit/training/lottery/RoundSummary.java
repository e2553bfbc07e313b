package io.detinit.training.lottery;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a round brought over all replicates. Accuracies are those on the test samples.
 *
 * @param variant the ticket or a control
 * @param round 0 for the dense network
 * @param replicates how many
 * @param kept weights kept, the mean
 * @param prunable weights of the prunable matrices
 * @param earlyStopAccuracy at the evaluation with the lowest validation loss
 * @param earlyStopStep the step of that evaluation
 * @param endAccuracy after the last step
 */
public record RoundSummary(
        Variant variant,
        int round,
        int replicates,
        double kept,
        long prunable,
        Spread earlyStopAccuracy,
        Spread earlyStopStep,
        Spread endAccuracy) {

    /** {@return kept / prunable, in [0, 1]} */
    public double density() {
        return kept / prunable;
    }

    /**
     * Summaries of results.
     *
     * @param results of one configuration
     * @return by variant, then by round
     */
    public static List<RoundSummary> of(List<RoundResult> results) {
        List<RoundSummary> summaries = new ArrayList<>();
        for (Variant variant : Variant.values()) {
            results.stream()
                    .filter(result -> result.variant() == variant)
                    .map(RoundResult::round)
                    .distinct()
                    .sorted()
                    .forEach(round -> summaries.add(of(variant, round, results)));
        }
        return summaries;
    }

    private static RoundSummary of(Variant variant, int round, List<RoundResult> all) {
        List<RoundResult> results = all.stream()
                .filter(result -> result.variant() == variant && result.round() == round)
                .toList();
        return new RoundSummary(
                variant,
                round,
                results.size(),
                Spread.of(results, RoundResult::kept).mean(),
                results.get(0).prunable(),
                Spread.of(results, result -> result.earlyStop().test().accuracy()),
                Spread.of(results, result -> result.earlyStop().step()),
                Spread.of(results, result -> result.end().test().accuracy()));
    }

    /**
     * The smallest network that does not fall behind the dense one: of those whose mean accuracy at the early stop is at least that of round
     * 0, the one with the fewest weights. A single lucky round counts.
     *
     * @param summaries of one lottery
     * @param variant of which networks
     * @return the round, empty where none reaches the dense accuracy, or round 0 is not there
     */
    public static Optional<RoundSummary> smallestMatching(List<RoundSummary> summaries, Variant variant) {
        Optional<RoundSummary> dense =
                summaries.stream().filter(summary -> summary.round() == 0).findFirst();
        return summaries.stream()
                .filter(summary -> summary.variant() == variant && summary.round() > 0)
                .filter(summary -> dense.isPresent()
                        && summary.earlyStopAccuracy().mean()
                                >= dense.get().earlyStopAccuracy().mean())
                .min(Comparator.comparingDouble(RoundSummary::kept));
    }
}
