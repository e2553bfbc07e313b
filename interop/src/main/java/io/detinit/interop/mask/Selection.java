package io.detinit.interop.mask;

import java.util.Locale;

/**
 * Which weights to prune.
 *
 * @param criterion how weights are ranked
 * @param target how many, or below what
 * @param scope over what they are ranked
 * @param filter which parameters are prunable at all
 */
public record Selection(Criterion criterion, Target target, Scope scope, NameFilter filter) {

    /**
     * A selection over all prunable parameters.
     *
     * @param criterion how weights are ranked
     * @param target how many, or below what
     * @param scope over what they are ranked
     */
    public Selection(Criterion criterion, Target target, Scope scope) {
        this(criterion, target, scope, NameFilter.ALL);
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
     * @param limit >= 0, compared in float32 (in double for F64)
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
