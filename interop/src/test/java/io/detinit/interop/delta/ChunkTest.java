package io.detinit.interop.delta;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChunkTest {

    private static byte[] bits(int count, double density, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[(count + 7) / 8];
        for (int k = 0; k < count; k++) {
            if (random.nextDouble() < density) {
                bytes[k / 8] |= (byte) (1 << k % 8);
            }
        }
        return bytes;
    }

    @Test
    void decodesWhatItEncodes() throws IOException {
        for (int count : new int[] {1, 7, 8, 9, 63, 64, 65, 1000, 70_001, Chunk.BITS}) {
            for (double density : new double[] {0, 0.001, 0.2, 0.5, 0.97, 1}) {
                byte[] bytes = bits(count, density, count);
                Chunk chunk = Chunk.encode(bytes, count, 0);
                assertArrayEquals(bytes, Chunk.decode(chunk.encoding(), chunk.payload(), count, "f", "w"));
                ChunkBits found = ChunkBits.of(bytes);
                int ones = 0;
                for (int k = 0; k < count; k++) {
                    if (k % 61 == 0) {
                        assertEquals(ones, found.onesBefore(k));
                    }
                    ones += bytes[k / 8] >> k % 8 & 1;
                }
                assertEquals(ones, found.onesBefore(count));
                assertEquals(ones, found.ones());
                assertTrue(chunk.payload().length <= bytes.length);
            }
        }
    }

    @Test
    void theShortestEncodingIsTaken() {
        assertEquals(Chunk.Encoding.ZEROS, Chunk.encode(bits(999, 0, 1), 999, 0).encoding());
        assertEquals(Chunk.Encoding.ONES, Chunk.encode(bits(999, 1, 1), 999, 0).encoding());
        assertEquals(
                Chunk.Encoding.RAW,
                Chunk.encode(bits(Chunk.BITS, 0.5, 1), Chunk.BITS, 0).encoding());
        Chunk sparse = Chunk.encode(bits(Chunk.BITS, 0.2, 1), Chunk.BITS, 0);
        assertEquals(Chunk.Encoding.DEFLATED, sparse.encoding());
        double entropy = -(0.2 * Math.log(0.2) + 0.8 * Math.log(0.8)) / Math.log(2);
        assertTrue(sparse.payload().length < 1.03 * entropy * Chunk.BYTES, sparse.payload().length + " bytes");
    }

    @Test
    void whatSavesLittleBesideTheValuesIsNotDeflated() throws IOException {
        byte[] bytes = bits(Chunk.BITS, 0.2, 1);
        long ones = ChunkBits.of(bytes).ones();
        assertEquals(
                Chunk.Encoding.DEFLATED,
                Chunk.encode(bytes, Chunk.BITS, 2 * ones).encoding());
        Chunk chunk = Chunk.encode(bytes, Chunk.BITS, 4 * ones);
        assertEquals(Chunk.Encoding.RAW, chunk.encoding());
        assertArrayEquals(bytes, Chunk.decode(chunk.encoding(), chunk.payload(), Chunk.BITS, "f", "w"));
    }

    @Test
    void payloadsOfAnotherLengthAreRefused() {
        byte[] bytes = bits(8000, 0.1, 2);
        Chunk chunk = Chunk.encode(bytes, 8000, 0);
        assertEquals(Chunk.Encoding.DEFLATED, chunk.encoding());
        for (int count : new int[] {7992, 8008, 7999}) {
            bytes[999] |= (byte) 0x80;
            Chunk odd = Chunk.encode(bytes, 8000, 0);
            assertThrows(
                    MalformedFileException.class, () -> Chunk.decode(odd.encoding(), odd.payload(), count, "f", "w"));
        }
        byte[] longer = java.util.Arrays.copyOf(chunk.payload(), chunk.payload().length + 1);
        byte[] shorter = java.util.Arrays.copyOf(chunk.payload(), chunk.payload().length - 1);
        for (byte[] payload : new byte[][] {longer, shorter}) {
            MalformedFileException e = assertThrows(
                    MalformedFileException.class, () -> Chunk.decode(Chunk.Encoding.DEFLATED, payload, 8000, "f", "w"));
            assertTrue(e.getMessage().startsWith("f: w: "), e.getMessage());
        }
    }
}
