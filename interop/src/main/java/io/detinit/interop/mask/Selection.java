package io.detinit.interop.mask;

/**
 * Which weights to prune.
 *
 * @param criterion how weights are ranked
 * @param target how many, or below what
 * @param scope over what they are ranked
 */
public record Selection(Criterion criterion, Target target, Scope scope) {

    /** Over what weights are ranked. */
    public enum Scope {
        /** All prunable weights together. */
        GLOBAL,
        /** Each tensor by itself. */
        LAYER
    }

    /** How much is pruned. */
    public sealed interface Target {}

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

    /**
     * Everything whose score is at most a limit: with the movement criterion exactly the unmoved weights of an audit.
     *
     * @param limit >= 0, compared in float32
     */
    public record AtMost(double limit) implements Target {
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
}
