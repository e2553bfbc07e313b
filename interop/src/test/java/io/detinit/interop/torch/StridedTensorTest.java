package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.ElementForm;
import io.detinit.interop.tensor.StoredPiece;
import io.detinit.interop.tensor.StridedBox;
import io.detinit.interop.tensor.StridedTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors read by their pieces against the same views read element by element. */
class StridedTensorTest {

    /** Memory that counts what is read of it. */
    private static final class Counted implements ByteSource {
        private final MemoryBytes bytes;
        private long read;
        private int requests;

        Counted(byte[] bytes) {
            this.bytes = new MemoryBytes("memory", bytes);
        }

        @Override
        public String name() {
            return bytes.name();
        }

        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public void read(long position, ByteBuffer destination) {
            read += destination.remaining();
            requests++;
            bytes.read(position, destination);
        }

        @Override
        public ByteBuffer view(long position, int length) {
            return bytes.view(position, length);
        }
    }

    private static byte[] bytes(SplittableRandom random, long count) {
        byte[] bytes = new byte[(int) count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] all(TensorView tensor) throws IOException {
        byte[] bytes = new byte[(int) tensor.info().bytes()];
        tensor.readBytes(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    /** A view with its axes in any order, gaps between them, and perhaps one that repeats. */
    private static StorageTensor view(SplittableRandom random, int rank) {
        DType dtype = List.of(DType.F16, DType.F32, DType.F64, DType.U8, DType.C64, DType.C128)
                .get(random.nextInt(6));
        long[] sizes = new long[rank];
        long[] strides = new long[rank];
        int[] order = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            int other = random.nextInt(axis + 1);
            order[axis] = order[other];
            order[other] = axis;
        }
        long reach = 1L + random.nextInt(2);
        for (int axis : order) {
            sizes[axis] = 1L + random.nextInt(5);
            strides[axis] = random.nextInt(8) == 0 ? 0 : reach + random.nextInt(2);
            reach = Math.max(reach, strides[axis] * sizes[axis]);
        }
        long offset = random.nextInt(3);
        byte[] content = bytes(random, (offset + reach + 1) * dtype.bytes());
        Storage storage = new Storage("0", new MemoryBytes("memory", content), random.nextInt(4) == 0);
        boolean conjugate = dtype.name().startsWith("C") && random.nextBoolean();
        boolean negative = dtype != DType.U8 && random.nextInt(4) == 0;
        StorageView view = new StorageView(storage, dtype, offset, sizes, strides, conjugate, negative);
        return new StorageTensor(new TensorInfo("w", dtype, TensorShape.of(sizes), TensorInfo.Kind.PARAMETER), view);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void anyViewAnyRange(int rank) throws IOException {
        SplittableRandom random = new SplittableRandom(rank);
        for (int k = 0; k < 200; k++) {
            StorageTensor view = view(random, rank);
            byte[] expected = all(view);
            long end = random.nextLong(view.info().shape().elements() + 2);
            StridedTensor read = new StridedTensor(view.info(), view.pieces(), end);
            for (int n = 0; n < 10; n++) {
                int from = random.nextInt(expected.length);
                int to = from + random.nextInt(expected.length - from + 1);
                ByteBuffer part = ByteBuffer.allocate(to - from);
                read.readBytes(from, part);
                assertArrayEquals(Arrays.copyOfRange(expected, from, to), part.array());
            }
            if (rank == 2) {
                TensorView turned = TransposedTensor.of(view);
                assertArrayEquals(all(turned), all(new StridedTensor(turned.info(), turned.pieces(), end)));
            }
        }
    }

    private static StridedTensor tensor(ByteSource file, long[] shape, long end, StridedBox... boxes) {
        TensorInfo info = new TensorInfo("w", DType.F32, TensorShape.of(shape), TensorInfo.Kind.PARAMETER);
        return new StridedTensor(
                info,
                Arrays.stream(boxes).map(box -> new StoredPiece(file, box)).toList(),
                end);
    }

    private static void readRange(TensorView tensor, long from, long end) throws IOException {
        for (long at = from; at < end; at += 1 << 16) {
            tensor.readBytes(4 * at, ByteBuffer.allocate((int) (4 * Math.min(1 << 16, end - at))));
        }
    }

    /** Of what lies together exactly the range is read, in few requests. */
    @Test
    void onlyTheRangeIsRead() throws IOException {
        Counted file = new Counted(new byte[4 * 4096 * 4096 + 12]);
        long[] shape = {4096, 4096};
        StridedTensor whole = tensor(file, shape, 9_000_000, StridedBox.contiguous(12, TensorShape.of(shape)));
        readRange(whole, 1_000_000, 9_000_000);
        assertEquals(32_000_000, file.read);
        assertEquals(4, file.requests);
    }

    /** Of chunks cut by columns the rows of the range, each chunk in stretches. */
    @Test
    void rowsOfChunks() throws IOException {
        Counted file = new Counted(new byte[4 * 4096 * 4096]);
        StridedBox left =
                new StridedBox(0, ElementForm.PLAIN, new long[] {0, 0}, new long[] {4096, 1024}, new long[] {1024, 1});
        StridedBox right = new StridedBox(
                4L * 4096 * 1024, ElementForm.PLAIN, new long[] {0, 1024}, new long[] {4096, 3072}, new long[] {3072, 1
                });
        readRange(tensor(file, new long[] {4096, 4096}, 512 * 4096, left, right), 256 * 4096, 512 * 4096);
        assertEquals(4 * 256 * 4096, file.read);
        assertEquals(2, file.requests);
        StridedTensor hole = tensor(file, new long[] {4096, 4096}, 512 * 4096, left);
        assertThrows(IllegalStateException.class, () -> readRange(hole, 0, 4096));
    }

    /** A matrix that lies turned: long runs of a block's rows; gaps between them are skipped where that pays. */
    @Test
    void rowsOfATurnedMatrix() throws IOException {
        Counted file = new Counted(new byte[4 * 65536 * 256]);
        long[] shape = {65536, 256};
        StridedBox box = new StridedBox(0, ElementForm.PLAIN, new long[] {0, 0}, shape, new long[] {1, 65536});
        readRange(tensor(file, shape, 2048 * 256, box), 0, 2048 * 256);
        assertEquals(4 * 2048 * 256, file.read);
        assertEquals(256, file.requests);
        assertTrue(file.read < file.size() / 16);
    }
}
