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
 * interval of {@link FusedFormula#RELATIVE_ERROR} rounds to one float32; {@code docs/generator.md} derives the bound. All other weights,
 * about one in 10^5, are computed again by {@link FastNormal}.
 */
final class WeightPasses {

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

        @Override
        void run(Arguments arguments) {
            double[] values = arguments.radius;
            for (int k = 0; k < arguments.count; k += LANES) {
                LongVector bits = DoubleVector.fromArray(DOUBLES, values, k)
                        .reinterpretAsLongs()
                        .add(FusedFormula.ONE_BITS - FusedFormula.SQRT_HALF_BITS);
                DoubleVector exponent = bits.lanewise(VectorOperators.LSHR, 52)
                        .lanewise(VectorOperators.OR, FusedFormula.TWO_52_BITS)
                        .reinterpretAsDoubles()
                        .sub(FusedFormula.EXPONENT_BIAS);
                DoubleVector m = bits.lanewise(VectorOperators.AND, FusedFormula.FRACTION)
                        .add(FusedFormula.SQRT_HALF_BITS)
                        .reinterpretAsDoubles()
                        .sub(1);
                DoubleVector s = m.div(m.add(2));
                DoubleVector t = s.mul(s);
                DoubleVector p = constant(FusedFormula.L5)
                        .fma(t, constant(FusedFormula.L4))
                        .fma(t, constant(FusedFormula.L3))
                        .fma(t, constant(FusedFormula.L2))
                        .fma(t, constant(FusedFormula.L1))
                        .fma(t, constant(FusedFormula.L0));
                exponent.fma(constant(FusedFormula.MINUS_TWO_LN2), p.mul(s)).intoArray(values, k);
            }
        }
    }

    /** The root of the radius times the cosine of the angle, rounded where the rounding is certain. */
    static final class NormalWeights extends Pass {

        @Override
        void run(Arguments arguments) {
            double[] radius = arguments.radius;
            double[] angle = arguments.angle;
            float[] out = arguments.out;
            int at = arguments.at;
            double lower = arguments.scale * (1 - FusedFormula.RELATIVE_ERROR);
            double upper = arguments.scale * (1 + FusedFormula.RELATIVE_ERROR);
            for (int k = 0; k < arguments.count; k += LANES) {
                DoubleVector x = constant(0x1p51) // cos(2 pi u2) = sin(2 pi x)
                        .sub(DoubleVector.fromArray(DOUBLES, angle, k).abs());
                DoubleVector y = x.mul(x);
                DoubleVector q = constant(FusedFormula.Q6)
                        .fma(y, constant(FusedFormula.Q5))
                        .fma(y, constant(FusedFormula.Q4))
                        .fma(y, constant(FusedFormula.Q3))
                        .fma(y, constant(FusedFormula.Q2))
                        .fma(y, constant(FusedFormula.Q1))
                        .fma(y, constant(FusedFormula.Q0));
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
