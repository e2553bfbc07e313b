package io.detinit.generator.internal.vector;

import io.detinit.generator.internal.DeltaBlock;
import io.detinit.generator.internal.DeltaState;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes of the comparison. Conditions are the signs of integer differences, which need no masks: magnitudes of float32
 * are ordered as their bits are.
 */
final class DeltaPasses {

    private DeltaPasses() {}

    /**
     * Everything but further limits, bits and sums. Adds nothing where a delta is not finite.
     *
     * <p>What grew or shrank in magnitude has other bits, and what has the other sign has flipped, except for zeros and for elements
     * that changed their sign alone. Where a part has one of them, {@link Signs} counts.
     */
    static final class Counts extends DeltaPass {

        /** Of a change of the magnitude, 1 or -1: 1 in the lower half for either, 1 in the upper half for what shrank. */
        private static final int EITHER_AND_SHRUNK = 0x1_0001;

        private static final int HALF = 16;
        private static final int LOWER = 0xFFFF;

        @Override
        boolean run(DeltaBlock block, int start, int end) {
            float[] weights = block.weights();
            float[] initial = block.initial();
            int from = block.from();
            int initialFrom = block.initialFrom();
            IntVector limit = IntVector.broadcast(INTS, block.limit(0));
            IntVector max = IntVector.zero(INTS);
            IntVector moved = IntVector.zero(INTS);
            IntVector least = IntVector.zero(INTS);
            IntVector smallest = IntVector.broadcast(INTS, Integer.MAX_VALUE);
            IntVector flips = IntVector.zero(INTS);
            IntVector changes = IntVector.zero(INTS);
            for (int k = start; k < end; k += LANES) {
                FloatVector w = FloatVector.fromArray(FLOATS, weights, from + k);
                FloatVector w0 = FloatVector.fromArray(FLOATS, initial, initialFrom + k);
                IntVector bits = w.reinterpretAsInts();
                IntVector bits0 = w0.reinterpretAsInts();
                IntVector different = bits.lanewise(VectorOperators.XOR, bits0);
                IntVector m = magnitude(bits);
                IntVector m0 = magnitude(bits0);
                IntVector delta = magnitude(w.sub(w0).reinterpretAsInts());
                max = max.max(delta);
                moved = moved.add(sign(limit.sub(delta)));
                least = least.min(different);
                smallest = smallest.min(m.min(m0));
                flips = flips.add(sign(different));
                IntVector change = m.sub(m0).min(1).max(-1);
                changes = changes.add(change.lanewise(VectorOperators.AND, EITHER_AND_SHRUNK));
            }
            int largest = max.reduceLanes(VectorOperators.MAX);
            if (largest >= DeltaBlock.INFINITE) {
                return false;
            }
            DeltaState into = block.into();
            into.maxBits = Math.max(into.maxBits, largest);
            block.addMoved(0, moved.reduceLanes(VectorOperators.ADD));
            int counted = changes.reduceLanes(VectorOperators.ADD); // of at most 2^16 - 1 elements
            int shrunk = counted >>> HALF;
            into.towardsZero += shrunk;
            into.awayFromZero += (counted & LOWER) - shrunk;
            into.bitIdentical += end - start - (counted & LOWER);
            boolean exceptions = smallest.reduceLanes(VectorOperators.MIN) == 0
                    || least.reduceLanes(VectorOperators.MIN) == DeltaBlock.SIGN;
            block.countSigns(exceptions);
            if (!exceptions) {
                into.signFlips += flips.reduceLanes(VectorOperators.ADD);
            }
            return true;
        }
    }

    /** The sign flips of a part with zeros or mirrored elements; those differ in the sign and in nothing else. */
    static final class Signs extends DeltaPass {
        @Override
        boolean run(DeltaBlock block, int start, int end) {
            if (!block.countsSigns()) {
                return true;
            }
            float[] weights = block.weights();
            float[] initial = block.initial();
            int from = block.from();
            int initialFrom = block.initialFrom();
            IntVector flips = IntVector.zero(INTS);
            IntVector others = IntVector.zero(INTS);
            for (int k = start; k < end; k += LANES) {
                IntVector bits =
                        FloatVector.fromArray(FLOATS, weights, from + k).reinterpretAsInts();
                IntVector bits0 =
                        FloatVector.fromArray(FLOATS, initial, initialFrom + k).reinterpretAsInts();
                IntVector different = bits.lanewise(VectorOperators.XOR, bits0);
                IntVector nearer = magnitude(bits).min(magnitude(bits0));
                flips = flips.add(sign(different.lanewise(VectorOperators.AND, nearer.neg())));
                IntVector mirror = different.lanewise(VectorOperators.XOR, DeltaBlock.SIGN);
                others = others.add(sign(mirror.lanewise(VectorOperators.OR, mirror.neg())));
            }
            int mirrored = end - start - others.reduceLanes(VectorOperators.ADD);
            block.into().bitIdentical -= mirrored;
            block.into().signFlips += flips.reduceLanes(VectorOperators.ADD);
            return true;
        }
    }

    /** The elements beyond the first limit, one bit each. */
    static final class MovedBits extends DeltaPass {

        private static final int HALF = 32;
        private static final long LOW = 0xFFFF_FFFFL;

        /** The bit of each element of half a word. */
        private static final int[] BITS = bits();

        private static int[] bits() {
            int[] bits = new int[HALF];
            for (int k = 0; k < HALF; k++) {
                bits[k] = 1 << k;
            }
            return bits;
        }

        @Override
        boolean run(DeltaBlock block, int start, int end) {
            float[] weights = block.weights();
            float[] initial = block.initial();
            int from = block.from();
            int initialFrom = block.initialFrom();
            IntVector limit = IntVector.broadcast(INTS, block.limit(0));
            for (int k = start; k < end; k += 2 * HALF) {
                LongVector low = half(weights, from + k, initial, initialFrom + k, limit);
                LongVector high = half(weights, from + k + HALF, initial, initialFrom + k + HALF, limit);
                LongVector folded = low.lanewise(VectorOperators.OR, low.lanewise(VectorOperators.LSHR, HALF))
                        .lanewise(VectorOperators.AND, LOW);
                LongVector foldedHigh = high.lanewise(VectorOperators.OR, high.lanewise(VectorOperators.LSHL, HALF))
                        .lanewise(VectorOperators.AND, ~LOW);
                long bits = folded.lanewise(VectorOperators.OR, foldedHigh).reduceLanes(VectorOperators.OR);
                block.setMovedBits(k, bits);
            }
            return true;
        }

        /** Half a word, its bits spread over the 32-bit lanes. */
        private static LongVector half(float[] weights, int from, float[] initial, int initialFrom, IntVector limit) {
            IntVector half = IntVector.zero(INTS);
            for (int k = 0; k < HALF; k += LANES) {
                FloatVector d = FloatVector.fromArray(FLOATS, weights, from + k)
                        .sub(FloatVector.fromArray(FLOATS, initial, initialFrom + k));
                IntVector beyond = limit.sub(magnitude(d.reinterpretAsInts())).lanewise(VectorOperators.ASHR, 31);
                IntVector bits = IntVector.fromArray(INTS, BITS, k);
                half = half.lanewise(VectorOperators.OR, beyond.lanewise(VectorOperators.AND, bits));
            }
            return half.reinterpretAsLongs();
        }
    }

    /** How many elements are beyond each further limit. */
    static final class Moved extends DeltaPass {
        @Override
        boolean run(DeltaBlock block, int start, int end) {
            for (int t = 1; t < block.limits(); t++) {
                block.addMoved(t, moved(block, block.limit(t), start, end));
            }
            return true;
        }

        private static int moved(DeltaBlock block, int limit, int start, int end) {
            float[] weights = block.weights();
            float[] initial = block.initial();
            int from = block.from();
            int initialFrom = block.initialFrom();
            IntVector bound = IntVector.broadcast(INTS, limit);
            IntVector moved = IntVector.zero(INTS);
            for (int k = start; k < end; k += LANES) {
                FloatVector d = FloatVector.fromArray(FLOATS, weights, from + k)
                        .sub(FloatVector.fromArray(FLOATS, initial, initialFrom + k));
                moved = moved.add(sign(bound.sub(magnitude(d.reinterpretAsInts()))));
            }
            return moved.reduceLanes(VectorOperators.ADD);
        }
    }

    /**
     * The sums; every delta is finite. Products of two float32 are exact in double, so a fused multiply-add of them is add and multiply;
     * of the square of a delta, which need not be exact, it is what {@link io.detinit.generator.DeltaSums} says.
     *
     * <p>Conversions and additions keep the same units of a CPU busy and multiplications others: so a delta is not a conversion of a
     * float32 one, and one sum, of w0, is a fused multiply-add with 1.
     */
    static final class Sums extends DeltaPass {

        private static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, Pass.SHAPE);
        private static final VectorSpecies<Float> NARROW =
                VectorSpecies.of(float.class, VectorShape.forBitSize(Pass.BITS / 2));

        @Override
        boolean run(DeltaBlock block, int start, int end) {
            for (int lane = 0; lane < DeltaState.LANES; lane += Pass.LANES) {
                add(block, start + lane, end, lane);
            }
            return true;
        }

        private static void add(DeltaBlock block, int start, int end, int lane) {
            float[] weights = block.weights();
            float[] initial = block.initial();
            int from = block.from();
            int initialFrom = block.initialFrom();
            double[] lanes = block.into().lanes;
            DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
            DoubleVector absolute = load(lanes, DeltaState.ABSOLUTE + lane);
            DoubleVector squared = load(lanes, DeltaState.SQUARED + lane);
            DoubleVector sum = load(lanes, DeltaState.WEIGHTS + lane);
            DoubleVector sum0 = load(lanes, DeltaState.INITIAL + lane);
            DoubleVector squares = load(lanes, DeltaState.SQUARED_WEIGHTS + lane);
            DoubleVector squares0 = load(lanes, DeltaState.SQUARED_INITIAL + lane);
            DoubleVector products = load(lanes, DeltaState.PRODUCTS + lane);
            for (int k = start; k < end; k += DeltaState.LANES) {
                DoubleVector w = toDoubles(FloatVector.fromArray(NARROW, weights, from + k));
                DoubleVector w0 = toDoubles(FloatVector.fromArray(NARROW, initial, initialFrom + k));
                DoubleVector d = w.sub(w0);
                absolute = absolute.add(d.abs());
                squared = d.fma(d, squared);
                sum = sum.add(w);
                sum0 = w0.fma(one, sum0);
                squares = w.fma(w, squares);
                squares0 = w0.fma(w0, squares0);
                products = w.fma(w0, products);
            }
            absolute.intoArray(lanes, DeltaState.ABSOLUTE + lane);
            squared.intoArray(lanes, DeltaState.SQUARED + lane);
            sum.intoArray(lanes, DeltaState.WEIGHTS + lane);
            sum0.intoArray(lanes, DeltaState.INITIAL + lane);
            squares.intoArray(lanes, DeltaState.SQUARED_WEIGHTS + lane);
            squares0.intoArray(lanes, DeltaState.SQUARED_INITIAL + lane);
            products.intoArray(lanes, DeltaState.PRODUCTS + lane);
        }

        private static DoubleVector load(double[] lanes, int at) {
            return DoubleVector.fromArray(DOUBLES, lanes, at);
        }

        private static DoubleVector toDoubles(FloatVector values) {
            return (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 0);
        }
    }
}
