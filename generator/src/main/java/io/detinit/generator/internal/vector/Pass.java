package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.FillKernel.Scratch;
import io.detinit.generator.internal.Kernels;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** One loop over a block. Computes whole vectors: the last one may reach beyond the count. */
abstract class Pass {

    /** The width of all vectors, in bits. */
    static final int BITS = Kernels.vectorBits(VectorShape.preferredShape().vectorBitSize());

    /** The shape of vectors of 64-bit lanes. */
    static final VectorShape SHAPE = VectorShape.forBitSize(BITS);

    static final VectorSpecies<Long> LONGS = VectorSpecies.of(long.class, SHAPE);

    /** The 64-bit lanes of a vector. */
    static final int LANES = LONGS.length();

    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final long MIX_1 = 0xBF58476D1CE4E5B9L;
    private static final long MIX_2 = 0x94D049BB133111EBL;

    /**
     * Runs the loop.
     *
     * @param arguments what each pass needs of them
     */
    abstract void run(Arguments arguments);

    /** H of each lane. */
    static LongVector hash(LongVector x) {
        LongVector a = x.add(GAMMA);
        LongVector b = a.lanewise(VectorOperators.XOR, a.lanewise(VectorOperators.LSHR, 30))
                .mul(MIX_1);
        LongVector c = b.lanewise(VectorOperators.XOR, b.lanewise(VectorOperators.LSHR, 27))
                .mul(MIX_2);
        return c.lanewise(VectorOperators.XOR, c.lanewise(VectorOperators.LSHR, 31));
    }

    /** What passes work on; each uses a part of it. */
    static final class Arguments {

        private static final long[] NO_LONGS = {};
        private static final double[] NO_DOUBLES = {};
        private static final float[] NO_FLOATS = {};

        /** First index or chain state of the passes over indices. */
        final long prefix;

        final long[] hashed;
        final int from;
        final long[] words;
        final double[] radius;
        final double[] angle;

        /** Std or bound. */
        final double scale;

        final float[] out;
        final int at;
        final int count;

        /** For the passes over indices. */
        Arguments(long prefix, long[] hashed, int from, long[] words, int at, int count) {
            this.prefix = prefix;
            this.hashed = hashed;
            this.from = from;
            this.words = words;
            this.radius = NO_DOUBLES;
            this.angle = NO_DOUBLES;
            this.scale = 0;
            this.out = NO_FLOATS;
            this.at = at;
            this.count = count;
        }

        /** For the passes over weights. */
        Arguments(Scratch scratch, double scale, float[] out, int at, int count) {
            this.prefix = 0;
            this.hashed = NO_LONGS;
            this.from = 0;
            this.words = scratch.words;
            this.radius = scratch.radius;
            this.angle = scratch.angle;
            this.scale = scale;
            this.out = out;
            this.at = at;
            this.count = count;
        }
    }
}
