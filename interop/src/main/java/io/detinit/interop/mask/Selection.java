package io.detinit.interop.mask;

import java.io.Serializable;
import java.util.Locale;

/**
 * Which weights to prune.
 *
 * @param criterion how weights are ranked
 * @param target how many, or below what
 * @param scope over what they are ranked; a {@link Pattern} ranks inside its groups whatever the scope
 * @param candidates which parameters are prunable at all
 * @param randomSeed the seed of the random criterion; others ignore it
 */
public record Selection(Criterion criterion, Target target, Scope scope, Candidates candidates, long randomSeed)
        implements Serializable {

    /**
     * Checks that the parts go together.
     *
     * @throws IllegalArgumentException if a threshold lies where the criterion has no scores, or a pattern is asked of vectors
     */
    public Selection {
        if (target instanceof Limit limit) {
            requireScores(criterion, limit.limit());
        }
        if (target instanceof Pattern && candidates.vectors()) {
            throw new IllegalArgumentException("a pattern groups the inputs of matrices: vectors have none");
        }
    }

    /**
     * A selection over the matrices whose names a filter takes.
     *
     * @param criterion how weights are ranked
     * @param target how many, or below what
     * @param scope over what they are ranked
     * @param filter which names are taken
     */
    public Selection(Criterion criterion, Target target, Scope scope, NameFilter filter) {
        this(criterion, target, scope, new Candidates(filter, false, false, false), 0);
    }

    /**
     * A selection over all matrices.
     *
     * @param criterion how weights are ranked
     * @param target how many, or below what
     * @param scope over what they are ranked
     */
    public Selection(Criterion criterion, Target target, Scope scope) {
        this(criterion, target, scope, Candidates.MATRICES, 0);
    }

    private static void requireScores(Criterion criterion, double limit) {
        if (limit < 0 && !criterion.canBeNegative()) {
            throw new IllegalArgumentException(
                    "threshold " + limit + ": scores of " + criterion.id() + " are never below 0");
        }
        if (limit > 0 && !criterion.canBePositive()) {
            throw new IllegalArgumentException("threshold " + limit + ": scores of " + criterion.id()
                    + " are never above 0; -T prunes what is of size T or larger");
        }
    }

    /** Over what weights are ranked. */
    public enum Scope {
        /** All prunable weights together. */
        GLOBAL,
        /** Each tensor by itself. */
        LAYER;

        /** {@return the name on the command line} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * Reads a name.
         *
         * @param name as {@link #id} writes it
         * @return the scope
         * @throws IllegalArgumentException if it is unknown; the message lists the known ones
         */
        public static Scope parse(String name) {
            for (Scope scope : values()) {
                if (scope.id().equals(name)) {
                    return scope;
                }
            }
            throw new IllegalArgumentException("unknown scope '" + name + "'; known: global, layer");
        }
    }

    /** How much is pruned. */
    public sealed interface Target extends Serializable {}

    /**
     * A fraction of the prunable weights: exactly round(sparsity * prunable) are pruned, ties broken by address (tensor in file
     * order, then row-major; the earlier one goes first).
     *
     * @param sparsity pruned / prunable, in [0, 1]
     */
    public record Sparsity(double sparsity) implements Target {
        /**
         * Checks the fraction.
         *
         * @throws IllegalArgumentException if it lies outside [0, 1]
         */
        public Sparsity {
            if (!(sparsity >= 0 && sparsity <= 1)) {
                throw new IllegalArgumentException(
                        "sparsity " + sparsity + " must be a fraction in [0, 1] (0.69, not 69)");
            }
        }
    }

    /** Everything whose score is at most a limit, compared in float32 (in double for F64). A NaN is above any limit. */
    public sealed interface Limit extends Target {
        /** {@return the limit} */
        double limit();
    }

    /**
     * A limit of sizes, which are never negative: with the movement criterion exactly the unmoved weights of an audit; with the
     * random one each weight with that probability.
     *
     * @param limit >= 0
     */
    public record AtMost(double limit) implements Limit {
        /**
         * Checks the limit.
         *
         * @throws IllegalArgumentException if it is negative, NaN or infinite
         */
        public AtMost {
            if (!(limit >= 0) || Double.isInfinite(limit)) {
                throw new IllegalArgumentException("threshold " + limit + " must be >= 0 and finite");
            }
        }
    }

    /**
     * A limit of scores that can be negative: with magnitude_increase and -0.1, weights that shrank by 0.1 or more; with
     * small_final and -0.1, weights of size 0.1 or larger.
     *
     * @param limit any finite number
     */
    public record ScoreAtMost(double limit) implements Limit {
        /**
         * Checks the limit.
         *
         * @throws IllegalArgumentException if it is NaN or infinite
         */
        public ScoreAtMost {
            if (!Double.isFinite(limit)) {
                throw new IllegalArgumentException("threshold " + limit + " must be finite");
            }
        }
    }

    /**
     * N:M sparsity: of every {@code group} weights that follow one another along the inputs, the {@code kept} with the highest
     * scores are kept; of equal ones the later. Inputs are axis 1 of the logical shape, outputs first: for a convolution
     * [out, in, height, width] a group is input channels of one output channel at one place of the kernel. Groups start at input
     * 0; where the inputs are not a multiple of the group's size the last, shorter group keeps at most {@code kept}.
     *
     * @param kept N, in [1, group)
     * @param group M, in [2, {@value #MAX_GROUP}]
     */
    public record Pattern(int kept, int group) implements Target {

        /** The largest group. */
        public static final int MAX_GROUP = 256;

        /**
         * Checks the sizes.
         *
         * @throws IllegalArgumentException if they are not 1 <= kept < group <= {@value #MAX_GROUP}
         */
        public Pattern {
            if (kept < 1 || kept >= group || group > MAX_GROUP) {
                throw new IllegalArgumentException("pattern " + kept + ":" + group + " must be N:M with 1 <= N < M <= "
                        + MAX_GROUP + ", such as 2:4");
            }
        }

        /**
         * Reads a pattern.
         *
         * @param text such as {@code 2:4}
         * @return the pattern
         * @throws IllegalArgumentException if it is none
         */
        public static Pattern parse(String text) {
            String[] parts = text.split(":", -1);
            try {
                if (parts.length == 2) {
                    return new Pattern(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw new IllegalArgumentException("pattern '" + text + "' must be N:M, such as 2:4");
        }

        /** {@return such as {@code 2:4}} */
        public String id() {
            return kept + ":" + group;
        }
    }
}
