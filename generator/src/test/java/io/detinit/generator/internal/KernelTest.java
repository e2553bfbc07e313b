package io.detinit.generator.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.FillKernel.Scratch;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The kernel in use against single weights, on states of the chain that are made up: random ones, and those whose u1 or u2
 * is a worst case. Runs once for every kernel and vector width.
 */
@Tag("kernel")
class KernelTest {

    private static final long SEED = Long.getLong("detinit.test.seed", 20_261_123);
    private static final double[] SCALES = {
        1,
        0.0442,
        0x1p-40,
        Math.nextDown(0x1p-40),
        0x1p40,
        Math.nextUp(0x1p40),
        1e-30,
        1e-46,
        3e37,
        1e300,
        Double.MIN_VALUE
    };

    /** The inverse of H: the state whose hash is given. */
    static long unhash(long x) {
        x = (x ^ (x >>> 31) ^ (x >>> 62)) * inverse(0x94D049BB133111EBL);
        x = (x ^ (x >>> 27) ^ (x >>> 54)) * inverse(0xBF58476D1CE4E5B9L);
        return (x ^ (x >>> 30) ^ (x >>> 60)) - 0x9E3779B97F4A7C15L;
    }

    private static long inverse(long odd) {
        long inverse = odd;
        for (int k = 0; k < 6; k++) {
            inverse *= 2 - odd * inverse; // Newton's iteration modulo 2^64
        }
        return inverse;
    }

    private static void check(long[] words) {
        FillKernel kernel = Kernels.active().kernel();
        Scratch scratch = new Scratch(words.length);
        float[] out = new float[words.length + FillKernel.PADDING];
        for (double scale : SCALES) {
            System.arraycopy(words, 0, scratch.words, 0, words.length);
            kernel.normal(scratch, words.length, scale, out, 0);
            for (int k = 0; k < words.length; k++) {
                long bits0 = SplitMix64.hash(words[k] ^ ScalarKernel.HASH_0);
                long bits1 = SplitMix64.hash(words[k] ^ ScalarKernel.HASH_1);
                int at = k;
                assertEquals(
                        Float.floatToRawIntBits(ExactNormal.toFloat(bits0, bits1, scale)),
                        Float.floatToRawIntBits(out[k]),
                        () -> "state " + Long.toHexString(words[at]) + ", std " + scale);
            }
            kernel.uniform(scratch, words.length, scale, out, 0);
            for (int k = 0; k < words.length; k++) {
                long bits0 = SplitMix64.hash(words[k] ^ ScalarKernel.HASH_0);
                assertEquals(
                        Float.floatToRawIntBits(ExactUniform.toFloat(bits0, scale)), Float.floatToRawIntBits(out[k]));
            }
        }
    }

    @Test
    void theInverseIsOne() {
        for (long x : new long[] {0, 1, -1, 42, Long.MIN_VALUE}) {
            assertEquals(x, SplitMix64.hash(unhash(x)));
        }
    }

    @Test
    void randomStates() {
        Random random = new Random(SEED);
        for (int block = 0; block < 12; block++) {
            check(random.longs(FillKernel.BLOCK).toArray());
        }
    }

    @Test
    void firstUniformsNextToZeroOneAndTheStepsOfTheExponent() {
        long top = (1L << 53) - 1;
        long rootHalf = (long) (Math.sqrt(0.5) * 0x1p53);
        long[] words = new long[4 * 64];
        for (int k = 0; k < 64; k++) {
            words[4 * k] = unhash((long) k << 11) ^ ScalarKernel.HASH_0;
            words[4 * k + 1] = unhash((top - k) << 11) ^ ScalarKernel.HASH_0;
            words[4 * k + 2] = unhash((rootHalf - 32 + k) << 11) ^ ScalarKernel.HASH_0;
            words[4 * k + 3] = unhash(((1L << (k % 53)) - (k % 2)) << 11) ^ ScalarKernel.HASH_0;
        }
        assertEquals(top, SplitMix64.hash(words[1] ^ ScalarKernel.HASH_0) >>> 11); // u1 = 1, z = +0
        check(words);
    }

    @Test
    void secondUniformsNextToTheZerosAndThePeaksOfTheCosine() {
        long[] centres = {0, 1L << 51, 1L << 52, 3L << 51, (1L << 53) - 1};
        long[] words = new long[5 * 80];
        for (int c = 0; c < 5; c++) {
            for (int k = 0; k < 80; k++) {
                long step = k < 60 ? k - 30 : 1L << ((k - 60) * 2);
                long second = Math.max(0, Math.min((1L << 53) - 1, centres[c] + step));
                words[80 * c + k] = unhash(second << 11) ^ ScalarKernel.HASH_1;
            }
        }
        check(words);
    }

    @Test
    void theChoiceIsExplained() {
        Kernels.Choice scalar = Kernels.choose("scalar");
        assertEquals("scalar", scalar.kernel().description());
        assertEquals(0, scalar.kernel().vectorBits());
        Kernels.Choice automatic = Kernels.choose("auto");
        assertTrue(automatic.reason().length() > 10, automatic.reason());
        IllegalArgumentException unknown = assertThrows(IllegalArgumentException.class, () -> Kernels.choose("gpu"));
        assertEquals("-Ddetinit.kernel=gpu is unknown; it is auto, scalar or vector", unknown.getMessage());
    }

    @Test
    void aForcedVectorKernelRunsOrFailsLoudly() {
        boolean module = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        if (module) {
            Kernels.Choice choice = Kernels.choose("vector");
            assertTrue(choice.kernel().description().startsWith("vector, "), choice.kernel()::description);
            assertTrue(choice.kernel().vectorBits() >= 128);
        } else {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Kernels.choose("vector"));
            assertEquals(
                    "-Ddetinit.kernel=vector, but the JVM runs without the module jdk.incubator.vector; start it with"
                            + " --add-modules jdk.incubator.vector",
                    e.getMessage());
            assertEquals("scalar", Kernels.choose("auto").kernel().description());
        }
        if ("vector".equals(System.getProperty(Kernels.KERNEL_PROPERTY))) {
            assertTrue(module);
            assertTrue(Kernels.active().kernel().vectorBits() > 0);
        }
    }

    @Test
    void widthsThatTheCpuLacksAreRefused() {
        String before = System.getProperty(Kernels.BITS_PROPERTY);
        try {
            System.clearProperty(Kernels.BITS_PROPERTY);
            assertEquals(256, Kernels.vectorBits(256));
            assertEquals(512, Kernels.vectorBits(2048));
            System.setProperty(Kernels.BITS_PROPERTY, "128");
            assertEquals(128, Kernels.vectorBits(512));
            System.setProperty(Kernels.BITS_PROPERTY, "512");
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Kernels.vectorBits(256));
            assertEquals("-Ddetinit.kernel.bits=512, but the widest vectors here have 256 bits", e.getMessage());
            System.setProperty(Kernels.BITS_PROPERTY, "300");
            assertThrows(IllegalArgumentException.class, () -> Kernels.vectorBits(512));
        } finally {
            if (before == null) {
                System.clearProperty(Kernels.BITS_PROPERTY);
            } else {
                System.setProperty(Kernels.BITS_PROPERTY, before);
            }
        }
    }
}
