package io.detinit.interop.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ElementReaderTest {

    private static final int ELEMENTS = 400_000;

    /** A tensor in memory that counts how often it is read. */
    private static final class Counted implements TensorView {
        private final TensorView tensor;
        private int reads;

        Counted(String name, float first) {
            float[] values = new float[ELEMENTS];
            for (int k = 0; k < ELEMENTS; k++) {
                values[k] = first + k;
            }
            tensor = ArrayTensor.of(name, TensorShape.of(ELEMENTS), values);
        }

        @Override
        public TensorInfo info() {
            return tensor.info();
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) throws IOException {
            reads++;
            tensor.readBytes(position, destination);
        }
    }

    private static void check(ElementReader reader, Counted tensor, float first, int from, int count)
            throws IOException {
        float[] expected = new float[count + 2];
        for (int k = 0; k < count; k++) {
            expected[k + 1] = first + from + k;
        }
        float[] values = new float[count + 2];
        reader.floats(tensor, from, values, 1, count);
        assertArrayEquals(expected, values);
    }

    @Test
    void whatWasReadAheadComesFromMemory() throws IOException {
        Counted tensor = new Counted("w", 0);
        Counted other = new Counted("v", -7);
        ElementReader reader = new ElementReader();
        reader.ahead(tensor, 100_000, 262_144);
        check(reader, tensor, 0, 100_000, 65_536);
        check(reader, tensor, 0, 200_001, 65_536);
        check(reader, tensor, 0, 362_143, 1);
        reader.ahead(tensor, 150_000, 10); // is there already
        check(reader, tensor, 0, 150_003, 5);
        check(reader, tensor, 0, 100_000, 5);
        assertEquals(1, tensor.reads);

        check(reader, tensor, 0, 362_143, 2); // the second lies outside
        check(reader, tensor, 0, 99_999, 1);
        check(reader, other, -7, 100_000, 10);
        assertEquals(3, tensor.reads);
        assertEquals(1, other.reads);
        check(reader, tensor, 0, 100_000, 10); // the buffer holds something else now
        assertEquals(4, tensor.reads);
    }

    @Test
    void moreThanTheBufferTakesIsReadInPieces() throws IOException {
        Counted tensor = new Counted("w", 0);
        ElementReader reader = new ElementReader();
        reader.ahead(tensor, 0, ELEMENTS);
        assertEquals(0, tensor.reads);
        check(reader, tensor, 0, 0, ELEMENTS);
        assertEquals(2, tensor.reads);
    }

    @Test
    void outsideTheTensor() throws IOException {
        Counted tensor = new Counted("w", 0);
        ElementReader reader = new ElementReader();
        reader.ahead(tensor, 0, 10);
        float[] values = new float[100];
        assertThrows(IndexOutOfBoundsException.class, () -> reader.ahead(tensor, ELEMENTS - 5, 10));
        assertThrows(IndexOutOfBoundsException.class, () -> reader.floats(tensor, ELEMENTS - 5, values, 0, 10));
        assertThrows(IndexOutOfBoundsException.class, () -> reader.floats(tensor, 0, values, 95, 10));
        assertArrayEquals(new float[100], values);
        check(reader, tensor, 0, 0, 10);
    }
}
