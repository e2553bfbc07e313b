package io.detinit.interop.delta;

import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.parallel.InOrder;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A tensor being packed: its mask, encoded, with at most an eighth of a byte a weight in memory. The values are gathered when they
 * are written.
 */
final class MaskedTensor {

    private final TensorView tensor;
    private final List<Chunk> chunks = new ArrayList<>();
    private final List<Integer> ones = new ArrayList<>();
    private boolean overflows;

    private MaskedTensor(TensorView tensor) {
        this.tensor = tensor;
    }

    /** One chunk as a worker leaves it. */
    private record Part(Chunk chunk, int ones, boolean overflows) {}

    /** What a worker reads into. */
    private static final class Scratch {
        final ByteBuffer elements;
        final ByteBuffer initial;

        Scratch(int size) {
            elements = ByteBuffer.allocateDirect(Chunk.BITS * size).order(ByteOrder.LITTLE_ENDIAN);
            initial = ByteBuffer.allocateDirect(ChunkBits.BLOCK * size).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /**
     * Reads a tensor once and encodes its mask.
     *
     * @param tensor the trained tensor as the file has it
     * @param initial its initial values
     * @param mask what to keep, in the file's order; null keeps every weight whose bits differ from the initial value
     * @param values the dtype that the kept values shall have
     * @param threads how many threads
     * @param progress receives the elements of each chunk that is done
     */
    static MaskedTensor of(
            TensorView tensor,
            StoredInitial initial,
            @Nullable Mask mask,
            DType values,
            int threads,
            LongConsumer progress)
            throws IOException {
        MaskedTensor masked = new MaskedTensor(tensor);
        TensorInfo info = tensor.info();
        long elements = info.shape().elements();
        InOrder.run(
                threads,
                ChunkTable.chunks(elements),
                () -> new Scratch(info.dtype().bytes()),
                (scratch, number) -> {
                    long from = number * Chunk.BITS;
                    int count = (int) Math.min(Chunk.BITS, elements - from);
                    ByteBuffer own = read(tensor, from, count, scratch.elements);
                    byte[] bits = mask == null
                            ? differing(own, initial, from, count, scratch.initial)
                            : selected(mask, from, count);
                    ChunkBits found = ChunkBits.of(bits);
                    boolean over = values != info.dtype() && overflows(found, own, info.dtype(), values, count);
                    long beside = (long) found.ones() * values.bytes();
                    return new Part(Chunk.encode(bits, count, beside), found.ones(), over);
                },
                part -> {
                    masked.chunks.add(part.chunk());
                    masked.ones.add(part.ones());
                    masked.overflows |= part.overflows();
                    progress.accept(Math.min(Chunk.BITS, elements));
                });
        return masked;
    }

    private static ByteBuffer read(TensorView tensor, long from, int count, ByteBuffer buffer) throws IOException {
        int size = tensor.info().dtype().bytes();
        tensor.readBytes(from * size, buffer.clear().limit(count * size));
        return buffer.flip();
    }

    private static byte[] selected(Mask mask, long from, int count) {
        byte[] bits = new byte[(count + 7) / 8];
        for (int k = 0; k < count; k++) {
            if (mask.keeps(from + k)) {
                bits[k >>> 3] |= (byte) (1 << (k & 7));
            }
        }
        return bits;
    }

    private static byte[] differing(ByteBuffer own, StoredInitial initial, long from, int count, ByteBuffer scratch)
            throws IOException {
        byte[] bits = new byte[(count + 7) / 8];
        int size = initial.dtype().bytes();
        for (int start = 0; start < count; start += ChunkBits.BLOCK) {
            int length = Math.min(ChunkBits.BLOCK, count - start);
            initial.fill(from + start, length, scratch.clear().limit(length * size));
            for (int k = 0; k < length; k++) {
                if (Values.bits(own, start + k, size) != Values.bits(scratch, k, size)) {
                    int at = start + k;
                    bits[at >>> 3] |= (byte) (1 << (at & 7));
                }
            }
        }
        return bits;
    }

    private static boolean overflows(ChunkBits bits, ByteBuffer own, DType dtype, DType values, int count) {
        for (int number = 0; number << 6 < count; number++) {
            for (long word = bits.word(number, 0, count); word != 0; word &= word - 1) {
                int element = (number << 6) + Long.numberOfTrailingZeros(word);
                if (Values.overflows(Values.get(own, element, dtype), values)) {
                    return true;
                }
            }
        }
        return false;
    }

    long kept() {
        return ones.stream().mapToLong(Integer::longValue).sum();
    }

    /** Whether a finite value that is kept would become infinite. */
    boolean overflows() {
        return overflows;
    }

    /** The bytes of the mask with its table. */
    long maskBytes() {
        return chunks.stream()
                .mapToLong(chunk -> ChunkTable.ENTRY + chunk.payload().length)
                .sum();
    }

    /** The mask as a tensor of the delta file. */
    TensorView mask(String name) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(maskBytes())).order(ByteOrder.LITTLE_ENDIAN);
        for (int number = 0; number < chunks.size(); number++) {
            bytes.putLong(ChunkTable.entry(ones.get(number), chunks.get(number)));
        }
        chunks.forEach(chunk -> bytes.put(chunk.payload()));
        TensorInfo info = new TensorInfo(name, DType.U8, TensorShape.of(bytes.capacity()), TensorInfo.Kind.OTHER);
        return ArrayTensor.of(info, bytes.flip());
    }

    /** The kept values as a tensor of the delta file. */
    TensorView values(String name, DType dtype) {
        TensorInfo info = new TensorInfo(name, dtype, TensorShape.of(kept()), TensorInfo.Kind.OTHER);
        return new Kept(info);
    }

    /** The kept values, gathered chunk by chunk. Made to be read in order, by one thread at a time. */
    private final class Kept implements TensorView {

        private final TensorInfo info;
        private final long[] begins = new long[chunks.size() + 1];
        private ByteBuffer gathered = ByteBuffer.allocate(0);
        private int number = -1;

        Kept(TensorInfo info) {
            this.info = info;
            for (int k = 0; k < chunks.size(); k++) {
                begins[k + 1] = begins[k] + (long) ones.get(k) * info.dtype().bytes();
            }
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public synchronized void readBytes(long position, ByteBuffer destination) throws IOException {
            long at = position;
            while (destination.hasRemaining()) {
                int found = java.util.Arrays.binarySearch(begins, at);
                int chunk = found >= 0 ? found : -found - 2;
                while (begins[chunk + 1] == begins[chunk]) {
                    chunk++; // chunks that keep nothing begin where the next one does
                }
                gather(chunk);
                int offset = (int) (at - begins[chunk]);
                int length = Math.min(destination.remaining(), gathered.limit() - offset);
                destination.put(gathered.slice(offset, length));
                at += length;
            }
        }

        private void gather(int chunk) throws IOException {
            if (chunk == number) {
                return;
            }
            TensorInfo own = tensor.info();
            long from = (long) chunk * Chunk.BITS;
            int count = (int) Math.min(Chunk.BITS, own.shape().elements() - from);
            int size = own.dtype().bytes();
            ByteBuffer elements =
                    read(tensor, from, count, ByteBuffer.allocate(count * size).order(ByteOrder.LITTLE_ENDIAN));
            Chunk encoded = chunks.get(chunk);
            ChunkBits bits =
                    ChunkBits.of(Chunk.decode(encoded.encoding(), encoded.payload(), count, info.name(), "mask"));
            gathered = ByteBuffer.allocate(bits.ones() * info.dtype().bytes()).order(ByteOrder.LITTLE_ENDIAN);
            int at = 0;
            for (int word = 0; word << 6 < count; word++) {
                for (long rest = bits.word(word, 0, count); rest != 0; rest &= rest - 1) {
                    int element = (word << 6) + Long.numberOfTrailingZeros(rest);
                    Values.copy(elements, element, own.dtype(), gathered, at++, info.dtype());
                }
            }
            number = chunk;
        }
    }
}
