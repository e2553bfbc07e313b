package io.detinit.interop.budget;

import io.detinit.interop.budget.SearchResult.Found;
import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Searches for the largest sparsity whose loss of accuracy stays within a budget, by bisection.
 *
 * <p>Tried are the sparsities k / steps, where steps is the resolution or, if there are fewer, the number of prunable weights (then
 * k is the number of pruned weights). First all weights are pruned; if that is too much, the interval between a sparsity within
 * the budget (at first 0, which loses nothing) and one beyond it is halved until it is one step wide. So at most 1 + log2(steps)
 * models, rounded up, are scored beside the dense one: 13 at the resolution of {@value #RESOLUTION}.
 *
 * <p>Accuracy does not fall strictly with sparsity. What bisection finds is exact in this sense: the sparsity that is reported was
 * scored and is within the budget, and the next one, a step above, was scored and is not. Where the curve crosses the budget more than
 * once, a larger sparsity may be within it too; {@link SearchResult#searched} says which were tried.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class SparsitySearch {

    /** The usual resolution: steps of 1 / 4096 = 0.024 %. */
    public static final int RESOLUTION = 1 << 12;

    /** Accuracies are whole numbers of samples; a difference this small comes from their division. */
    private static final double ROUNDING = 1e-9;

    private final double maxDrop;
    private final int resolution;

    /**
     * Makes a search of the usual resolution.
     *
     * @param maxDrop the largest loss of accuracy allowed, a fraction in [0, 1]
     * @throws IllegalArgumentException if it lies outside
     */
    public SparsitySearch(double maxDrop) {
        this(maxDrop, RESOLUTION);
    }

    /**
     * Makes a search.
     *
     * @param maxDrop the largest loss of accuracy allowed, a fraction in [0, 1]
     * @param resolution the most steps into which [0, 1] is divided, >= 1
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public SparsitySearch(double maxDrop, int resolution) {
        if (!(maxDrop >= 0 && maxDrop <= 1)) {
            throw new IllegalArgumentException(
                    "max-drop " + maxDrop + " must be a fraction in [0, 1] (0.001 is 0.1 percentage points)");
        }
        if (resolution < 1) {
            throw new IllegalArgumentException("resolution " + resolution + " must be at least 1");
        }
        this.maxDrop = maxDrop;
        this.resolution = resolution;
    }

    /**
     * Searches.
     *
     * @param source selects the masks of a sparsity
     * @param accuracy scores a pruned model; the same masks must give the same accuracy
     * @param progress receives each sparsity as it was tried
     * @return what was found
     * @throws IOException if selecting or scoring fails
     */
    public SearchResult search(MaskSource source, MaskMeasure accuracy, Consumer<SearchPoint> progress)
            throws IOException {
        double before = accuracy.of(Map.of());
        List<SearchPoint> searched = new ArrayList<>();
        Optional<Found> best = Optional.empty();
        Map<String, Mask> masks = source.at(1);
        long steps = Math.min(resolution, elements(masks));
        long within = 0;
        long beyond = steps + 1;
        long step = steps;
        while (true) {
            SearchPoint point = point((double) step / steps, masks, before, accuracy.of(masks));
            searched.add(point);
            progress.accept(point);
            if (point.within()) {
                within = step;
                best = Optional.of(new Found(point, masks));
            } else {
                beyond = step;
            }
            if (beyond - within <= 1) {
                return new SearchResult(
                        maxDrop, before, best.filter(found -> found.point().sparsity() > 0), searched);
            }
            step = within + (beyond - within) / 2;
            masks = source.at((double) step / steps);
        }
    }

    private SearchPoint point(double requested, Map<String, Mask> masks, double before, double accuracy) {
        long elements = elements(masks);
        long kept = masks.values().stream().mapToLong(Mask::kept).sum();
        double loss = before - accuracy;
        return new SearchPoint(
                requested, (double) (elements - kept) / elements, accuracy, loss, loss <= maxDrop + ROUNDING);
    }

    private static long elements(Map<String, Mask> masks) {
        long elements = masks.values().stream().mapToLong(Mask::size).sum();
        if (elements == 0) {
            throw new IllegalArgumentException("nothing to prune: the selection has no weights");
        }
        return elements;
    }

    /**
     * Whether a loss of accuracy on other samples is within the same budget.
     *
     * @param before the accuracy of the dense model
     * @param after that of the pruned one
     * @return whether the loss is at most the budget
     */
    public boolean allows(double before, double after) {
        return before - after <= maxDrop + ROUNDING;
    }
}
