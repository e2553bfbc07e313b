package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.DeltaBlock;
import io.detinit.generator.internal.DeltaLoop;
import io.detinit.generator.internal.ScalarDeltaLoop;

/**
 * The comparison in the Vector API: passes over parts of a block that stay in the first-level cache. Like those of
 * {@link VectorKernel}, the passes must not be inlined together and share one call site.
 *
 * <p>A part with an infinite or NaN delta goes through the scalar loop, and so does what is left after whole words of 64
 * elements.
 */
public final class VectorDeltaLoop implements DeltaLoop {

    /** Elements of a part: both arrays fill a third of a first-level cache of 48 KiB. */
    private static final int PART = DeltaBlock.MOST_LOADED;

    private static final int WORD = 64;

    /** The one that looks for deltas that are not finite comes first, the one for bits that not everybody wants last. */
    private static final DeltaPass[] PASSES = {
        new DeltaPasses.Counts(),
        new DeltaPasses.Signs(),
        new DeltaPasses.Sums(),
        new DeltaPasses.Moved(),
        new DeltaPasses.MovedBits()
    };

    /** Made by {@link io.detinit.generator.internal.DeltaLoops}, by name. */
    public VectorDeltaLoop() {}

    @Override
    public String description() {
        return "vector, " + Pass.BITS + " bits";
    }

    @Override
    public void compare(DeltaBlock block) {
        int whole = block.count() / WORD * WORD;
        for (int k = 0; k < whole; k += PART) {
            part(block, k, Math.min(whole, k + PART));
        }
        if (whole < block.count()) {
            ScalarDeltaLoop.INSTANCE.compare(block, whole, block.count());
        }
    }

    private static void part(DeltaBlock block, int start, int end) {
        block.load(start, end);
        int passes = block.wantsBits() ? PASSES.length : PASSES.length - 1;
        for (int p = 0; p < passes; p++) {
            if (!PASSES[p].run(block, start, end)) { // the one call site of all passes
                ScalarDeltaLoop.INSTANCE.compare(block, start, end);
                return;
            }
        }
        block.into().count += end - start;
    }

    @Override
    public int histogram(float[] weights, int from, float[] initial, int initialFrom, int count, long[] bins) {
        int whole = count / WORD * WORD;
        int lowest = DeltaBins.count(weights, from, initial, initialFrom, whole, new int[PART], bins);
        int rest = ScalarDeltaLoop.INSTANCE.histogram(
                weights, from + whole, initial, initialFrom + whole, count - whole, bins);
        return Math.min(lowest, rest);
    }
}
