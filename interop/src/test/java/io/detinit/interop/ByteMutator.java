package io.detinit.interop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Feeds a reader damaged bytes, in memory. A case is made from the seed and its number alone; {@code -Ddetinit.fuzz.count=N} and
 * {@code -Ddetinit.test.seed=S} set how many and which.
 */
public final class ByteMutator {

    private static final int DEFAULT_COUNT = 5000;
    private static final long[] EXTREMES = {
        0, 1, -1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 32, Long.MAX_VALUE
    };

    private ByteMutator() {}

    /** Reads a damaged file; may throw IOException only. */
    @FunctionalInterface
    public interface Reader {
        void read(byte[] bytes) throws IOException;
    }

    /** Runs all cases; returns how many of them were refused. */
    public static int run(List<byte[]> originals, Reader reader) {
        int count = Integer.getInteger("detinit.fuzz.count", DEFAULT_COUNT);
        long seed = Long.getLong("detinit.test.seed", 20261124L);
        int refused = 0;
        for (int number = 0; number < count; number++) {
            Random random = new Random(seed * 0x9E3779B97F4A7C15L + number);
            byte[] bytes = originals.get(random.nextInt(originals.size()));
            for (int edits = 1 + random.nextInt(4); edits > 0; edits--) {
                bytes = edit(bytes, originals, random);
            }
            try {
                reader.read(bytes);
            } catch (IOException e) {
                refused++;
                assertFalse(String.valueOf(e.getMessage()).contains("\n"), "one line: " + e.getMessage());
            } catch (RuntimeException | Error e) {
                fail("case " + number + " of -Ddetinit.test.seed=" + seed + ": " + e, e);
            }
        }
        return refused;
    }

    private static byte[] edit(byte[] bytes, List<byte[]> originals, Random random) {
        if (bytes.length < 9) {
            return originals.get(0);
        }
        byte[] copy = bytes.clone();
        int at = random.nextInt(bytes.length - 8);
        int length = 1 + random.nextInt(Math.min(32, bytes.length - at - 1));
        switch (random.nextInt(8)) {
            case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> copy[at] = (byte) random.nextInt(256);
            case 2 -> copy[at] = (byte) "'\"(){}[],:0129-<>|/.\\ ".charAt(random.nextInt(22));
            case 3 -> number(copy, at, random);
            case 4 -> copy = Arrays.copyOf(bytes, at);
            case 5 -> { // a piece is lost
                copy = Arrays.copyOf(bytes, bytes.length - length);
                System.arraycopy(bytes, at + length, copy, at, bytes.length - at - length);
            }
            case 6 -> { // a piece twice
                copy = Arrays.copyOf(bytes, bytes.length + length);
                System.arraycopy(bytes, at, copy, at + length, bytes.length - at);
            }
            default -> { // a piece from elsewhere
                byte[] other = originals.get(random.nextInt(originals.size()));
                int count = Math.min(length, other.length);
                System.arraycopy(other, random.nextInt(other.length - count + 1), copy, at, count);
            }
        }
        return copy;
    }

    /** A number of 1, 2, 4 or 8 bytes becomes an extreme one, in either byte order. */
    private static void number(byte[] bytes, int at, Random random) {
        long value = EXTREMES[random.nextInt(EXTREMES.length)];
        int size = 1 << random.nextInt(4);
        boolean little = random.nextBoolean();
        for (int k = 0; k < size; k++) {
            bytes[at + k] = (byte) (value >>> (8 * (little ? k : size - 1 - k)));
        }
    }
}
