package io.detinit.interop.prune;

import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskBits;
import java.io.IOException;
import java.util.Arrays;

/** Which weights of a tensor are kept, in the order in which the checkpoint keeps it. Safe for use by many threads, but {@link Ranged}. */
sealed interface KeepRule {

    /** Blocks that are marked begin at multiples of this. */
    int GRAIN = 1 << 10;

    /** {@return whether {@link #mark} needs the initial values} */
    boolean needsInit();

    /**
     * Marks a block of weights.
     *
     * @param from the first weight, a multiple of {@link #GRAIN}
     * @param count how many; a multiple of {@link #GRAIN} unless the tensor ends there
     * @param block their bits and, where they are needed, their initial values; receives the marks
     * @return how many are kept
     * @throws IOException if a rule that looks at weights cannot read them
     */
    int mark(long from, int count, PruneBlock block) throws IOException;

    /** {@return how many weights are kept of all; for a rule that looks at weights, once each of them was marked} */
    long kept();

    /** Marks up to 64 weights. */
    private static void spread(long bits, int[] keep, int from, int to) {
        if (bits == 0 || bits == -1) {
            Arrays.fill(keep, from, to, (int) bits);
        } else {
            for (int k = from; k < to; k++) {
                keep[k] = -(int) (bits >>> (k - from) & 1);
            }
        }
    }

    /** A mask that is worked out as it is read, by one thread; it counts what is kept, so each weight is marked once. */
    final class Ranged implements KeepRule {

        private final MaskBits mask;
        private long[] words = new long[0];
        private long kept;

        Ranged(MaskBits mask) {
            this.mask = mask;
        }

        @Override
        public boolean needsInit() {
            return false;
        }

        @Override
        public int mark(long from, int count, PruneBlock block) throws IOException {
            if (words.length == 0) {
                words = new long[block.size() / Long.SIZE];
            }
            int found = (int) mask.read(from, count, words);
            for (int at = 0; at < count; at += Long.SIZE) {
                spread(words[at / Long.SIZE], block.keep(), at, Math.min(count, at + Long.SIZE));
            }
            kept += found;
            return found;
        }

        @Override
        public long kept() {
            return kept;
        }
    }

    /** A mask in the order of the file. */
    record Stored(Mask mask) implements KeepRule {
        @Override
        public boolean needsInit() {
            return false;
        }

        @Override
        public int mark(long from, int count, PruneBlock block) {
            int kept = 0;
            for (int at = 0; at < count; at += Long.SIZE) {
                long bits = mask.bits(from + at);
                kept += Long.bitCount(bits);
                spread(bits, block.keep(), at, Math.min(count, at + Long.SIZE));
            }
            return kept;
        }

        @Override
        public long kept() {
            return mask.kept();
        }
    }

    /** A mask of shape [out, in], outputs first, of a file that keeps the matrix [in, out]. */
    record Turned(Mask mask) implements KeepRule {
        @Override
        public boolean needsInit() {
            return false;
        }

        @Override
        public int mark(long from, int count, PruneBlock block) {
            long outputs = mask.shape().dim(0);
            long end = from + count;
            int kept = 0;
            for (long input = from / outputs; input * outputs < end; input += Integer.SIZE) {
                int inputs = (int) Math.min(Integer.SIZE, (end - 1) / outputs + 1 - input);
                for (long output = 0; output < outputs; output += block.size()) {
                    int width = (int) Math.min(block.size(), outputs - output);
                    gather(output, width, input, block.spare());
                    for (int row = 0; row < inputs; row++) {
                        long at = (input + row) * outputs + output - from;
                        kept += spread(block, row, at, (int) Math.max(0, Math.min(width, count - at)));
                    }
                }
            }
            return kept;
        }

        /** The marks of 32 inputs of some outputs. */
        private void gather(long output, int width, long input, int[] bits) {
            long inputs = mask.shape().dim(1);
            for (int k = 0; k < width; k++) {
                bits[k] = (int) mask.bits((output + k) * inputs + input);
            }
        }

        private static int spread(PruneBlock block, int row, long at, int width) {
            int[] bits = block.spare();
            int[] keep = block.keep();
            int kept = 0;
            for (int k = (int) Math.max(0, -at); k < width; k++) {
                int mark = -(bits[k] >>> row & 1);
                keep[(int) at + k] = mark;
                kept -= mark;
            }
            return kept;
        }

        @Override
        public long kept() {
            return mask.kept();
        }
    }

    /** Keeps every float32 whose score lies above a limit, and counts them. */
    final class Above implements KeepRule {

        private static final int MAGNITUDE_BITS = 0x7FFFFFFF;

        private final boolean movement;
        private final int limit;
        private final int[] counts;

        /**
         * A rule.
         *
         * @param criterion movement or magnitude
         * @param limit >= 0, rounded to float32
         * @param elements how many weights the tensor has
         */
        Above(Criterion criterion, double limit, long elements) {
            this.movement = criterion == Criterion.MOVEMENT;
            this.limit = Float.floatToRawIntBits((float) limit) & MAGNITUDE_BITS;
            this.counts = new int[Math.toIntExact((elements + GRAIN - 1) / GRAIN)];
        }

        @Override
        public boolean needsInit() {
            return movement;
        }

        @Override
        public int mark(long from, int count, PruneBlock block) {
            int kept = 0;
            for (int at = 0; at < count; at += GRAIN) {
                int end = Math.min(count, at + GRAIN);
                int found = movement ? moved(block, at, end) : large(block, at, end);
                counts[(int) ((from + at) / GRAIN)] = found;
                kept += found;
            }
            return kept;
        }

        /** Magnitudes of floats compare as their bits do; a NaN lies above all. */
        private int large(PruneBlock block, int from, int to) {
            int[] bits = block.bits();
            int[] keep = block.keep();
            int kept = 0;
            for (int k = from; k < to; k++) {
                int mark = (limit - (bits[k] & MAGNITUDE_BITS)) >> 31;
                keep[k] = mark;
                kept -= mark;
            }
            return kept;
        }

        private int moved(PruneBlock block, int from, int to) {
            int[] bits = block.bits();
            float[] w0 = block.w0();
            int[] keep = block.keep();
            int kept = 0;
            for (int k = from; k < to; k++) {
                int delta = Float.floatToRawIntBits(Float.intBitsToFloat(bits[k]) - w0[k]);
                int mark = (limit - (delta & MAGNITUDE_BITS)) >> 31;
                keep[k] = mark;
                kept -= mark;
            }
            return kept;
        }

        @Override
        public long kept() {
            long kept = 0;
            for (int count : counts) {
                kept += count;
            }
            return kept;
        }
    }
}
