package io.detinit.generator.internal;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.FillKernel.Scratch;
import io.detinit.generator.internal.vector.FusedNormal;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.SplittableRandom;

/**
 * Writes weights of both kernels to standard output, for {@code src/test/python/accuracy.py} to check against MPFR. A tool, not a
 * test: {@code AccuracyRecords BLOCKS [SEED]}; a block is 512 weights of one kind of point and one std.
 *
 * <p>A record is big-endian: the two raw words (int64), std (float64), the weight as float64, as float32 by the scalar kernel, as
 * float32 by the vector kernel (by the scalar one again where the JVM has no vectors).
 */
public final class AccuracyRecords {

    private static final long TOP = (1L << 53) - 1;
    private static final double[] STDS = {1, Math.sqrt(2.0 / 784), Math.sqrt(2.0 / 1000), 0.0442, 0x1p-40, 0x1p40};

    /** Results that are subnormal in float32, underflow or overflow. */
    private static final double[] EXTREME_STDS = {1e-38, 1e-44, 1e-46, 3e37, 1e39};

    private final SplittableRandom random;
    private final FillKernel vector;

    private AccuracyRecords(long seed) {
        random = new SplittableRandom(seed);
        boolean module = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        vector = Kernels.choose(module ? "vector" : "scalar").kernel();
    }

    /** How a block's points are chosen. */
    private enum Kind {
        RANDOM,
        FIRST_NEXT_TO_ZERO,
        FIRST_NEXT_TO_ONE,
        FIRST_NEXT_TO_AN_EXPONENT_STEP,
        FIRST_OF_ANY_MAGNITUDE,
        SECOND_NEXT_TO_A_ZERO_OF_COS,
        SECOND_NEXT_TO_A_PEAK_OF_COS,
        NEXT_TO_A_ROUNDING_BOUNDARY
    }

    /** A distance of any magnitude below 2^52. */
    private long distance() {
        return random.nextLong() >>> (12 + random.nextInt(52));
    }

    private long first(Kind kind) {
        return switch (kind) {
            case FIRST_NEXT_TO_ZERO -> random.nextLong(1 << 12);
            case FIRST_NEXT_TO_ONE -> TOP - distance();
            case FIRST_NEXT_TO_AN_EXPONENT_STEP -> {
                long step = (long) (Math.sqrt(0.5) * (1L << (20 + random.nextInt(34))));
                yield Math.min(TOP, Math.max(0, step + random.nextInt(-2000, 2000)));
            }
            default -> random.nextLong() >>> (11 + random.nextInt(53));
        };
    }

    private long second(Kind kind) {
        long quarter = kind == Kind.SECOND_NEXT_TO_A_ZERO_OF_COS ? 1 + 2 * random.nextInt(2) : 2 * random.nextInt(3);
        long offset = random.nextBoolean() ? distance() : -distance();
        return Math.min(TOP, Math.max(0, (quarter << 51) + offset));
    }

    /** A state of the chain whose first or second word begins with the 53 bits given. */
    private long state(long bits53, long lastIndex) {
        return KernelTest.unhash(bits53 << 11 | random.nextInt(1 << 11)) ^ lastIndex;
    }

    private long state(Kind kind, double std) {
        return switch (kind) {
            case RANDOM -> random.nextLong();
            case FIRST_NEXT_TO_ZERO, FIRST_NEXT_TO_ONE, FIRST_NEXT_TO_AN_EXPONENT_STEP, FIRST_OF_ANY_MAGNITUDE ->
                state(first(kind), ScalarKernel.HASH_0);
            case SECOND_NEXT_TO_A_ZERO_OF_COS, SECOND_NEXT_TO_A_PEAK_OF_COS -> state(second(kind), ScalarKernel.HASH_1);
            case NEXT_TO_A_ROUNDING_BOUNDARY -> uncertain(std);
        };
    }

    /** A state whose weight the vector formula leaves to the scalar one: one in about 10^5. */
    private long uncertain(double std) {
        while (true) {
            long word = random.nextLong();
            long bits0 = SplitMix64.hash(word ^ ScalarKernel.HASH_0);
            long bits1 = SplitMix64.hash(word ^ ScalarKernel.HASH_1);
            if (FusedNormal.isUncertain(bits0, bits1, std)) {
                return word;
            }
        }
    }

    private Kind kind(int block) {
        Kind[] kinds = Kind.values();
        // Two blocks of three are random ones; finding the last kind costs a thousand times what the others do
        if (block % 3 != 0) {
            return Kind.RANDOM;
        }
        return block % 999 == 0 ? Kind.NEXT_TO_A_ROUNDING_BOUNDARY : kinds[1 + block / 3 % (kinds.length - 2)];
    }

    private void write(int blocks, DataOutputStream out) throws IOException {
        Scratch scratch = new Scratch(FillKernel.BLOCK);
        long[] words = new long[FillKernel.BLOCK];
        float[] plain = new float[FillKernel.BLOCK + FillKernel.PADDING];
        float[] lanes = new float[FillKernel.BLOCK + FillKernel.PADDING];
        for (int block = 0; block < blocks; block++) {
            Kind kind = kind(block);
            double std = block % 7 == 0 && kind != Kind.NEXT_TO_A_ROUNDING_BOUNDARY
                    ? EXTREME_STDS[random.nextInt(EXTREME_STDS.length)]
                    : block % 2 == 0 ? STDS[random.nextInt(STDS.length)] : Math.pow(2, random.nextDouble(-12, 2));
            for (int k = 0; k < words.length; k++) {
                words[k] = state(kind, std);
            }
            System.arraycopy(words, 0, scratch.words, 0, words.length);
            ScalarKernel.INSTANCE.normal(scratch, words.length, std, plain, 0);
            System.arraycopy(words, 0, scratch.words, 0, words.length);
            vector.normal(scratch, words.length, std, lanes, 0);
            for (int k = 0; k < words.length; k++) {
                long bits0 = SplitMix64.hash(words[k] ^ ScalarKernel.HASH_0);
                long bits1 = SplitMix64.hash(words[k] ^ ScalarKernel.HASH_1);
                out.writeLong(bits0);
                out.writeLong(bits1);
                out.writeDouble(std);
                out.writeDouble(ExactNormal.toDouble(bits0, bits1, std));
                out.writeFloat(plain[k]);
                out.writeFloat(lanes[k]);
            }
        }
    }

    /**
     * Writes the records.
     *
     * @param args the number of blocks, and a seed (default 1)
     * @throws IOException if nobody reads them
     */
    public static void main(String[] args) throws IOException {
        long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 20));
        new AccuracyRecords(seed).write(Integer.parseInt(args[0]), out);
        out.flush();
    }
}
