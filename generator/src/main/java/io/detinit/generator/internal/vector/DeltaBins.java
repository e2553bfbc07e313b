package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.DeltaBlock;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The histogram of |d|: bins are found in vectors and counted one by one.
 *
 * <p>Weights that never moved are many, and adding to one bin again and again waits for itself each time. So each lane of a
 * vector has a bin of its own for them, among those between infinity and NaN, which no |d| has.
 */
final class DeltaBins {

    private static final int UNUSED = (DeltaBlock.INFINITE >>> 16) + 1;

    private DeltaBins() {}

    /**
     * Counts whole vectors of elements, at most as many as the scratch array holds at a time.
     *
     * @return a bin: none below it has been added to, except for bin 0
     */
    static int count(
            float[] weights, int from, float[] initial, int initialFrom, int count, int[] scratch, long[] bins) {
        long[] kept = Arrays.copyOfRange(bins, UNUSED, UNUSED + DeltaPass.LANES);
        Arrays.fill(bins, UNUSED, UNUSED + DeltaPass.LANES, 0);
        int lowest = DeltaBlock.NOT_A_NUMBER >>> 16;
        for (int k = 0; k < count; k += scratch.length) {
            int elements = Math.min(count - k, scratch.length);
            int here = find(weights, from + k, initial, initialFrom + k, elements, scratch);
            add(scratch, elements, bins);
            lowest = Math.min(lowest, here);
        }
        for (int lane = 0; lane < DeltaPass.LANES; lane++) {
            bins[0] += bins[UNUSED + lane];
        }
        System.arraycopy(kept, 0, bins, UNUSED, kept.length);
        return lowest;
    }

    /** Says the lowest bin; the lanes' own bins lie above all others but that of NaN. */
    private static int find(float[] weights, int from, float[] initial, int initialFrom, int count, int[] binOf) {
        IntVector lanes = IntVector.zero(DeltaPass.INTS).addIndex(1).add(UNUSED);
        IntVector lowest = IntVector.broadcast(DeltaPass.INTS, DeltaBlock.NOT_A_NUMBER >>> 16);
        for (int k = 0; k < count; k += DeltaPass.LANES) {
            FloatVector d = FloatVector.fromArray(DeltaPass.FLOATS, weights, from + k)
                    .sub(FloatVector.fromArray(DeltaPass.FLOATS, initial, initialFrom + k));
            IntVector bin = DeltaPass.magnitude(d.reinterpretAsInts())
                    .min(DeltaBlock.NOT_A_NUMBER)
                    .lanewise(VectorOperators.LSHR, 16);
            IntVector zero = bin.sub(1).lanewise(VectorOperators.ASHR, 31);
            IntVector own = bin.add(zero.lanewise(VectorOperators.AND, lanes));
            lowest = lowest.min(own);
            own.intoArray(binOf, k);
        }
        return lowest.reduceLanes(VectorOperators.MIN);
    }

    private static void add(int[] binOf, int count, long[] bins) {
        for (int k = 0; k < count; k++) {
            bins[binOf[k]]++;
        }
    }
}
