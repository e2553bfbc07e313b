package io.detinit.interop.mask;

import java.io.Serializable;

/** Which weights of one parameter are pruned, said so that any part of it can be done alone. A few bytes; immutable. */
public sealed interface CutRule extends Serializable {

    /**
     * All are kept, or all are pruned.
     *
     * @param keeps whether they are kept
     */
    record Whole(boolean keeps) implements CutRule {}

    /**
     * What a limit prunes.
     *
     * @param limit the limit
     */
    record AtMost(double limit) implements CutRule {}

    /**
     * What lies below a cut of a ranking.
     *
     * @param key the rank key of the last weight to go
     * @param keptFrom of the weights with that very key, those from this place on are kept, row-major, outputs first
     */
    record Below(long key, long keptFrom) implements CutRule {

        /** All weights with the key of the cut are pruned. */
        static final long NO_TIE = Long.MAX_VALUE;
    }

    /**
     * N:M sparsity.
     *
     * @param pattern the pattern
     */
    record InGroups(Selection.Pattern pattern) implements CutRule {}
}
