package io.detinit.generator.internal.vector;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.ExactUniform;
import io.detinit.generator.internal.FastNormal;
import io.detinit.generator.internal.ScalarKernel;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes from the chain's states to weights.
 *
 * <p>Every lane computes the same operations whatever the width, and a weight is taken from here only where the whole error
 * interval of {@link #RELATIVE_ERROR} rounds to one float32; {@code docs/generator.md} derives the bound. All other weights,
 * about one in 10^5, are computed again by {@link FastNormal}.
 */
final class WeightPasses {

    /** The relative error bound of the passes to normal weights, with the margin that the rounding test needs. */
    static final double RELATIVE_ERROR = 0x1p-42;

    private static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, Pass.SHAPE);
    private static final VectorSpecies<Float> FLOATS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Pass.BITS / 2));

    private static final long HASH_0 = ScalarKernel.HASH_0;
    private static final long HASH_1 = ScalarKernel.HASH_1;

    private WeightPasses() {}

    /** 2^53 u1, in [1, 2^53], becomes the radius; 2^53 times u2 or u2 - 1, whichever is in [-1/2, 1/2), the angle. */
    static final class Uniforms extends Pass {
        @Override
        void run(Arguments arguments) {
            long[] words = arguments.words;
            double[] radius = arguments.radius;
            double[] angle = arguments.angle;
            for (int k = 0; k < arguments.count; k += LANES) {
                LongVector word = LongVector.fromArray(LONGS, words, k);
                LongVector bits0 = hash(word.lanewise(VectorOperators.XOR, HASH_0));
                LongVector bits1 = hash(word.lanewise(VectorOperators.XOR, HASH_1));
                toDoubles(bits0.lanewise(VectorOperators.LSHR, 11).add(1)).intoArray(radius, k);
                toDoubles(bits1.lanewise(VectorOperators.ASHR, 11)).intoArray(angle, k);
            }
        }
    }

    /** 2^53 u1 becomes -2 ln u1. */
    static final class Logarithms extends Pass {

        // -2 ln((1+s)/(1-s)) = s (L0 + t (L1 + ... + t L5)), t = s^2 in [0, 0.02944]; relative error below 2^-43.1
        private static final double L0 = -4;
        private static final double L1 = -4 * 0x1.5555555564eb7p-2;
        private static final double L2 = -4 * 0x1.999998cae671fp-3;
        private static final double L3 = -4 * 0x1.249323f5fe0a4p-3;
        private static final double L4 = -4 * 0x1.c67ad18010d25p-4;
        private static final double L5 = -4 * 0x1.8c8cb725e2db5p-4;
        private static final double MINUS_TWO_LN2 = -0x1.62e42fefa39efp+0;

        /** The bits of sqrt(1/2) with a cleared low half: where an exponent step is taken. */
        private static final long SQRT_HALF_BITS = 0x3FE6A09E00000000L;

        private static final long ONE_BITS = 0x3FF0000000000000L;
        private static final long FRACTION = 0x000FFFFFFFFFFFFFL;

        /** 2^52 as bits: with a biased exponent in its low bits it is a double, 2^52 + the exponent + 1023. */
        private static final long TWO_52_BITS = 0x4330000000000000L;

        /** Takes the 2^52, the exponent's bias and the 53 of 2^53 u1 off again. */
        private static final double EXPONENT_BIAS = 0x1p52 + 1023 + 53;

        @Override
        void run(Arguments arguments) {
            double[] values = arguments.radius;
            for (int k = 0; k < arguments.count; k += LANES) {
                LongVector bits = DoubleVector.fromArray(DOUBLES, values, k)
                        .reinterpretAsLongs()
                        .add(ONE_BITS - SQRT_HALF_BITS);
                DoubleVector exponent = bits.lanewise(VectorOperators.LSHR, 52)
                        .lanewise(VectorOperators.OR, TWO_52_BITS)
                        .reinterpretAsDoubles()
                        .sub(EXPONENT_BIAS);
                DoubleVector m = bits.lanewise(VectorOperators.AND, FRACTION)
                        .add(SQRT_HALF_BITS)
                        .reinterpretAsDoubles()
                        .sub(1);
                DoubleVector s = m.div(m.add(2));
                DoubleVector t = s.mul(s);
                DoubleVector p = constant(L5)
                        .fma(t, constant(L4))
                        .fma(t, constant(L3))
                        .fma(t, constant(L2))
                        .fma(t, constant(L1))
                        .fma(t, constant(L0));
                exponent.fma(constant(MINUS_TWO_LN2), p.mul(s)).intoArray(values, k);
            }
        }
    }

    /** The root of the radius times the cosine of the angle, rounded where the rounding is certain. */
    static final class NormalWeights extends Pass {

        // sin(2 pi x / 2^53) = x Q(x^2), |x| <= 2^51; relative error below 2^-43.5
        private static final double Q0 = 0x1.921fb54442bb4p+2 * 0x1p-53;
        private static final double Q1 = -0x1.4abbce624ad99p+5 * 0x1p-159;
        private static final double Q2 = 0x1.466bc66ed3d1cp+6 * 0x1p-265;
        private static final double Q3 = -0x1.32d2c9b2d1df5p+6 * 0x1p-371;
        private static final double Q4 = 0x1.50770f6a5a66bp+5 * 0x1p-477;
        private static final double Q5 = -0x1.e29b82ab98ea9p+3 * 0x1p-583;
        private static final double Q6 = 0x1.d53abdeb199c1p+1 * 0x1p-689;

        @Override
        void run(Arguments arguments) {
            double[] radius = arguments.radius;
            double[] angle = arguments.angle;
            float[] out = arguments.out;
            int at = arguments.at;
            double lower = arguments.scale * (1 - RELATIVE_ERROR);
            double upper = arguments.scale * (1 + RELATIVE_ERROR);
            for (int k = 0; k < arguments.count; k += LANES) {
                DoubleVector x = constant(0x1p51) // cos(2 pi u2) = sin(2 pi x)
                        .sub(DoubleVector.fromArray(DOUBLES, angle, k).abs());
                DoubleVector y = x.mul(x);
                DoubleVector q = constant(Q6)
                        .fma(y, constant(Q5))
                        .fma(y, constant(Q4))
                        .fma(y, constant(Q3))
                        .fma(y, constant(Q2))
                        .fma(y, constant(Q1))
                        .fma(y, constant(Q0));
                DoubleVector r = DoubleVector.fromArray(DOUBLES, radius, k).lanewise(VectorOperators.SQRT);
                DoubleVector z = q.mul(x).mul(r);
                // Adding +0 turns -0 into the +0 that z = 0 stands for
                FloatVector low = toFloats(z.fma(constant(lower), constant(0)));
                FloatVector high = toFloats(z.mul(upper));
                low.intoArray(out, at + k);
                if (low.compare(VectorOperators.NE, high).anyTrue()) {
                    again(arguments, k);
                }
            }
        }

        /** Computes one vector's weights anew, with the smaller error bound. */
        private static void again(Arguments arguments, int from) {
            for (int k = from; k < from + LANES; k++) {
                long word = arguments.words[k];
                arguments.out[arguments.at + k] = FastNormal.weight(
                        SplitMix64.hash(word ^ HASH_0), SplitMix64.hash(word ^ HASH_1), arguments.scale);
            }
        }
    }

    /** The chain's states become uniform weights, rounded where the rounding is certain. */
    static final class UniformWeights extends Pass {
        @Override
        void run(Arguments arguments) {
            long[] words = arguments.words;
            float[] out = arguments.out;
            int at = arguments.at;
            double scaled = arguments.scale * 0x1p-52;
            for (int k = 0; k < arguments.count; k += LANES) {
                LongVector bits0 = hash(LongVector.fromArray(LONGS, words, k).lanewise(VectorOperators.XOR, HASH_0));
                DoubleVector p = toDoubles(
                                bits0.lanewise(VectorOperators.LSHR, 11).add(1 - (1L << 52)))
                        .mul(scaled);
                FloatVector low = toFloats(p.mul(1 - 0x1p-52));
                FloatVector high = toFloats(p.mul(1 + 0x1p-52));
                low.intoArray(out, at + k);
                if (low.compare(VectorOperators.NE, high).anyTrue()) {
                    again(arguments, k);
                }
            }
        }

        private static void again(Arguments arguments, int from) {
            for (int k = from; k < from + LANES; k++) {
                arguments.out[arguments.at + k] =
                        ExactUniform.toFloat(SplitMix64.hash(arguments.words[k] ^ HASH_0), arguments.scale);
            }
        }
    }

    private static DoubleVector constant(double value) {
        return DoubleVector.broadcast(DOUBLES, value);
    }

    private static DoubleVector toDoubles(LongVector values) {
        return (DoubleVector) values.convertShape(VectorOperators.L2D, DOUBLES, 0);
    }

    private static FloatVector toFloats(DoubleVector values) {
        return (FloatVector) values.convertShape(VectorOperators.D2F, FLOATS, 0);
    }
}
