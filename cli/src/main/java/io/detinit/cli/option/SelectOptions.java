package io.detinit.cli.option;

import io.detinit.interop.mask.Candidates;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.NameFilter;
import io.detinit.interop.mask.Selection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which weights to prune. */
public final class SelectOptions {

    @Option(
            names = "--sparsity",
            paramLabel = "P",
            description = "Prune exactly round(P * prunable) weights; a fraction in [0, 1].")
    @Nullable
    public Double sparsity;

    @Option(
            names = "--threshold",
            paramLabel = "T",
            description =
                    "Prune every weight whose score is at most T; below 0 where scores are, such as --threshold=-0.1 "
                            + "with small_final: what is of size 0.1 or larger.")
    @Nullable
    public Double threshold;

    @Option(
            names = "--pattern",
            paramLabel = "N:M",
            description =
                    "Of every M weights that follow one another along the inputs (channels of a convolution) keep the N with "
                            + "the highest score, such as 2:4.")
    @Nullable
    public String pattern;

    @Option(
            names = "--criterion",
            paramLabel = "NAME",
            description =
                    "The score; the lowest go first. movement (|w - w0|, default), magnitude or large_final (|w|), "
                            + "large_init (|w0|), large_init_large_final (min(|w|, |w0|)), small_init (-|w0|), small_final (-|w|), "
                            + "small_init_small_final (-max(|w|, |w0|)), magnitude_increase (|w| - |w0|), random; each with _same_sign: "
                            + "weights that changed sign go first.")
    @Nullable
    public String criterion;

    @Option(
            names = "--random-seed",
            paramLabel = "R",
            description = "The seed of the criterion random (default 0); the same weights for any number of threads.")
    @Nullable
    public Seed randomSeed;

    @Option(
            names = "--scope",
            paramLabel = "NAME",
            description = "global (all weights ranked together, default) or layer.")
    @Nullable
    public String scope;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            description =
                    "Prune only parameters whose name fits (* any characters, ? one). May be given several times.")
    public List<String> include = new ArrayList<>();

    @Option(
            names = "--exclude",
            paramLabel = "GLOB",
            description = "Leave parameters alone whose name fits. May be given several times.")
    public List<String> exclude = new ArrayList<>();

    @Option(
            names = "--prune-vectors",
            description = "Prune biases, norm scales and other vectors as well; running statistics never.")
    public boolean vectors;

    @Option(
            names = "--protect-first",
            description =
                    "Keep the first matrix whole, in file order (ONNX: order of first use), of those that would be "
                            + "pruned; a sparsity is then of the rest.")
    public boolean protectFirst;

    @Option(names = "--protect-last", description = "Keep the last matrix whole.")
    public boolean protectLast;

    /** {@return whether any of these options was given} */
    public boolean given() {
        boolean ranking = criterion != null || randomSeed != null || scope != null;
        boolean candidates = vectors || protectFirst || protectLast || !include.isEmpty() || !exclude.isEmpty();
        return amounts() > 0 || ranking || candidates;
    }

    /**
     * The selection.
     *
     * @throws UsageException if there is no amount or there are two, or options do not go together
     */
    public Selection parse() {
        Criterion by = criterion == null ? Criterion.MOVEMENT : Criterion.parse(criterion);
        if (randomSeed != null && !by.isRandom()) {
            throw new UsageException("--random-seed goes with --criterion random; " + by.id() + " draws nothing");
        }
        if (pattern != null && scope != null) {
            throw new UsageException("--pattern ranks weights inside its groups: leave --scope away");
        }
        if (pattern != null && vectors) {
            throw new UsageException("--pattern groups the inputs of matrices: leave --prune-vectors away");
        }
        return new Selection(
                by,
                target(by),
                scope == null ? Selection.Scope.GLOBAL : Selection.Scope.parse(scope),
                new Candidates(new NameFilter(include, exclude), vectors, protectFirst, protectLast),
                randomSeed == null ? 0 : randomSeed.value());
    }

    /**
     * What a delta prunes; without an amount, what has not moved at all.
     *
     * @return the selection; empty where every weight is kept whose bits differ from its initial value
     * @throws UsageException as {@link #parse}
     */
    public Optional<Selection> forDelta() {
        if (!given()) {
            return Optional.empty();
        }
        if (amounts() == 0) {
            threshold = 0.0;
        }
        Selection selection = parse();
        boolean exact = selection.target() instanceof Selection.AtMost atMost && atMost.limit() == 0;
        return exact ? Optional.empty() : Optional.of(selection);
    }

    private int amounts() {
        return (sparsity != null ? 1 : 0) + (threshold != null ? 1 : 0) + (pattern != null ? 1 : 0);
    }

    private Selection.Target target(Criterion by) {
        if (amounts() != 1) {
            throw new UsageException("give one of --sparsity P, --threshold T and --pattern N:M");
        }
        if (sparsity != null) {
            return new Selection.Sparsity(sparsity);
        }
        if (pattern != null) {
            return Selection.Pattern.parse(pattern);
        }
        double limit = threshold == null ? 0 : threshold;
        return by.canBeNegative() ? new Selection.ScoreAtMost(limit) : new Selection.AtMost(limit);
    }
}
