package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.FillKernel;
import io.detinit.generator.internal.ScalarKernel;

/**
 * The kernel in the Vector API: passes over a block that stays in the first-level cache.
 *
 * <p>Where 64-bit lanes multiply slowly (without AVX-512), the hashes are computed one by one and only the arithmetic in
 * vectors.
 *
 * <p>C2 gives up on a compilation that holds too many vector operations and then boxes every vector, at twenty times the
 * cost. So the passes must never be inlined together: all are called from the one place in {@link #run}, which sees more
 * receiver types than C2 inlines.
 */
public final class VectorKernel implements FillKernel {

    /** Stds and bounds outside [2^-40, 2^40] go through the scalar kernel, so that nothing here under- or overflows. */
    private static final double SMALLEST = 0x1p-40;

    private static final double LARGEST = 0x1p40;

    /** Whether 64-bit lanes are multiplied in hardware: AVX-512 has it, and so has every shape of 512 bits. */
    private static final boolean HASH_IN_VECTORS = Pass.BITS >= 512;

    private static final Pass[] PASSES = {
        HASH_IN_VECTORS ? new IndexPasses.HashIndices() : new ScalarPasses.HashIndices(),
        HASH_IN_VECTORS ? new IndexPasses.Address() : new ScalarPasses.Address(),
        HASH_IN_VECTORS ? new WeightPasses.Uniforms() : new ScalarPasses.Uniforms(),
        new WeightPasses.Logarithms(),
        new WeightPasses.NormalWeights(),
        new WeightPasses.UniformWeights()
    };
    private static final int HASH_INDICES = 0;
    private static final int ADDRESS = 1;
    private static final int UNIFORMS = 2;
    private static final int LOGARITHMS = 3;
    private static final int NORMAL_WEIGHTS = 4;
    private static final int UNIFORM_WEIGHTS = 5;

    /** Made by {@link io.detinit.generator.internal.Kernels}, by name. */
    public VectorKernel() {}

    @Override
    public String description() {
        return "vector, " + Pass.BITS + " bits" + (HASH_IN_VECTORS ? "" : ", hashes in scalar code");
    }

    @Override
    public int vectorBits() {
        return Pass.BITS;
    }

    @Override
    public void hashIndices(long from, long[] hashed, int count) {
        run(HASH_INDICES, new Pass.Arguments(from, hashed, 0, hashed, 0, count));
    }

    @Override
    public void address(long prefix, long[] hashed, int from, long[] words, int at, int count) {
        run(ADDRESS, new Pass.Arguments(prefix, hashed, from, words, at, count));
    }

    @Override
    public void normal(Scratch scratch, int count, double std, float[] out, int at) {
        if (std < SMALLEST || std > LARGEST) {
            ScalarKernel.INSTANCE.normal(scratch, count, std, out, at);
            return;
        }
        Pass.Arguments arguments = new Pass.Arguments(scratch, std, out, at, count);
        run(UNIFORMS, arguments);
        run(LOGARITHMS, arguments);
        run(NORMAL_WEIGHTS, arguments);
    }

    @Override
    public void uniform(Scratch scratch, int count, double bound, float[] out, int at) {
        if (!HASH_IN_VECTORS || bound < SMALLEST || bound > LARGEST) {
            ScalarKernel.INSTANCE.uniform(scratch, count, bound, out, at);
            return;
        }
        run(UNIFORM_WEIGHTS, new Pass.Arguments(scratch, bound, out, at, count));
    }

    /** The one call site of all passes. */
    private static void run(int pass, Pass.Arguments arguments) {
        PASSES[pass].run(arguments);
    }
}
