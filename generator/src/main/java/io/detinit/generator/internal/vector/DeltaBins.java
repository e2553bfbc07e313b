package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.DeltaBlock;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The histogram of |d|: bins are found in vectors and counted one by one. */
final class DeltaBins {

    private DeltaBins() {}

    /** Finds the bins of whole vectors. */
    static void find(float[] weights, int from, float[] initial, int initialFrom, int count, int[] binOf) {
        for (int k = 0; k < count; k += DeltaPass.LANES) {
            FloatVector d = FloatVector.fromArray(DeltaPass.FLOATS, weights, from + k)
                    .sub(FloatVector.fromArray(DeltaPass.FLOATS, initial, initialFrom + k));
            DeltaPass.magnitude(d.reinterpretAsInts())
                    .min(DeltaBlock.NOT_A_NUMBER)
                    .lanewise(VectorOperators.LSHR, 16)
                    .intoArray(binOf, k);
        }
    }

    /** Counts a multiple of four elements; four that never moved are added at once, not one after the other. */
    static void add(int[] binOf, int count, long[] bins) {
        for (int k = 0; k < count; k += 4) {
            int b0 = binOf[k];
            int b1 = binOf[k + 1];
            int b2 = binOf[k + 2];
            int b3 = binOf[k + 3];
            if (b0 == b1 && b0 == b2 && b0 == b3) {
                bins[b0] += 4;
            } else {
                bins[b0]++;
                bins[b1]++;
                bins[b2]++;
                bins[b3]++;
            }
        }
    }
}
