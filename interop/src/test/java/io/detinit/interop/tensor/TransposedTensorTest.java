package io.detinit.interop.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TransposedTensorTest {

    @Test
    void everyRangeOfEveryElementSize() throws IOException {
        for (DType dtype : new DType[] {DType.U8, DType.F16, DType.F32, DType.F64, DType.C128}) {
            byte[] stored = new byte[5 * 3 * dtype.bytes()];
            new Random(dtype.bits()).nextBytes(stored);
            TensorView tensor = new TransposedTensor(matrix(dtype, 5, 3, stored));
            byte[] expected = transposed(stored, 5, 3, dtype.bytes());

            assertEquals(TensorShape.of(3, 5), tensor.info().shape());
            for (int from = 0; from <= expected.length; from++) {
                for (int to = from; to <= expected.length; to++) {
                    ByteBuffer bytes = ByteBuffer.allocate(to - from);
                    tensor.readBytes(from, bytes);
                    assertArrayEquals(Arrays.copyOfRange(expected, from, to), bytes.array());
                    assertFalse(bytes.hasRemaining());
                }
            }
        }
    }

    @Test
    void twiceIsTheSame() throws IOException {
        byte[] stored = new byte[7 * 4 * 4];
        new Random(1).nextBytes(stored);
        TensorView tensor = new TransposedTensor(new TransposedTensor(matrix(DType.F32, 7, 4, stored)));
        ByteBuffer bytes = ByteBuffer.allocate(stored.length);
        tensor.readBytes(0, bytes);
        assertArrayEquals(stored, bytes.array());
    }

    @Test
    void anEmptyMatrix() throws IOException {
        TensorView tensor = new TransposedTensor(matrix(DType.F32, 0, 4, new byte[0]));
        tensor.readBytes(0, ByteBuffer.allocate(0));
        assertEquals(TensorShape.of(4, 0), tensor.info().shape());
    }

    @Test
    void onlyMatrices() {
        TensorView vector = ArrayTensor.of("v", TensorShape.of(3), new float[3]);
        var e = assertThrows(IllegalArgumentException.class, () -> new TransposedTensor(vector));
        assertTrue(e.getMessage().contains("'v'") && e.getMessage().contains("[3]"), e.getMessage());
    }

    private static TensorView matrix(DType dtype, long rows, long cols, byte[] bytes) {
        TensorInfo info = new TensorInfo("m", dtype, TensorShape.of(rows, cols), TensorInfo.Kind.PARAMETER);
        return ArrayTensor.of(info, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    private static byte[] transposed(byte[] stored, int rows, int cols, int size) {
        byte[] out = new byte[stored.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                System.arraycopy(stored, (i * cols + j) * size, out, (j * rows + i) * size, size);
            }
        }
        return out;
    }
}
