package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.DeltaBlock;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** One loop over a part of a block that stays in the first-level cache. */
abstract class DeltaPass {

    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, Pass.SHAPE);
    static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, Pass.SHAPE);

    /** The 32-bit lanes of a vector. */
    static final int LANES = INTS.length();

    /**
     * Runs the loop.
     *
     * @param block the elements and where the results go
     * @param start the first element, a multiple of 64
     * @param end the element behind the last, a multiple of 64
     * @return false where nothing was added since a delta is infinite or NaN
     */
    abstract boolean run(DeltaBlock block, int start, int end);

    /** The bits without the sign. */
    static IntVector magnitude(IntVector bits) {
        return bits.lanewise(VectorOperators.AND, DeltaBlock.MAGNITUDE);
    }

    /** 1 in lanes that are negative, else 0. */
    static IntVector sign(IntVector values) {
        return values.lanewise(VectorOperators.LSHR, 31);
    }
}
