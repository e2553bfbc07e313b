package io.detinit.interop.delta;

import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of which a delta file holds a mask and the kept values; the rest are initial values, computed when they are asked for.
 * Large ranges are restored on all cores, block by block; memory is a chunk of the mask and what the caller gives.
 *
 * <p>Safe for use by many threads.
 */
final class RestoredTensor implements TensorView {

    private final TensorInfo info;
    private final StoredInitial initial;
    private final ChunkTable mask;
    private final TensorView values;

    /** The chunk that was asked for last: neighbouring reads need it again. */
    private final AtomicReference<@Nullable Decoded> last = new AtomicReference<>();

    private record Decoded(int number, ChunkBits bits) {}

    /**
     * A tensor.
     *
     * @param info the tensor as the model's file has it
     * @param initial its initial values, of the same shape and dtype
     * @param mask the mask's chunks
     * @param values the kept values, as many as the mask has ones
     */
    RestoredTensor(TensorInfo info, StoredInitial initial, ChunkTable mask, TensorView values) {
        this.info = info;
        this.initial = initial;
        this.mask = mask;
        this.values = values;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    int chunks() {
        return mask.chunks();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = info.dtype().bytes();
        int length = destination.remaining();
        if (position % size == 0 && length % size == 0) {
            read(position / size, length / size, destination);
            destination.position(destination.limit());
            return;
        }
        long first = position / size;
        int count = Math.toIntExact((position + length + size - 1) / size - first);
        ByteBuffer elements = ByteBuffer.allocate(Math.multiplyExact(count, size));
        read(first, count, elements);
        destination.put(elements.slice((int) (position - first * size), length));
    }

    private void read(long from, int count, ByteBuffer destination) throws IOException {
        ByteBuffer out = destination.slice().order(ByteOrder.LITTLE_ENDIAN);
        int size = info.dtype().bytes();
        for (int done = 0; done < count; ) {
            long at = from + done;
            int number = (int) (at / Chunk.BITS);
            int first = (int) (at % Chunk.BITS);
            int length = Math.min(count - done, mask.bits(number) - first);
            restore(number, first, length, out.slice(done * size, length * size));
            done += length;
        }
    }

    /** A part of a chunk, on all cores where it is more than a block. */
    private void restore(int number, int first, int length, ByteBuffer out) throws IOException {
        ChunkBits bits = bits(number);
        int size = info.dtype().bytes();
        int firstBlock = first / ChunkBits.BLOCK;
        int endBlock = (first + length + ChunkBits.BLOCK - 1) / ChunkBits.BLOCK;
        IntStream blocks = IntStream.range(firstBlock, endBlock);
        try {
            (endBlock - firstBlock > 1 ? blocks.parallel() : blocks).forEach(block -> {
                int from = Math.max(first, block * ChunkBits.BLOCK);
                int end = Math.min(first + length, (block + 1) * ChunkBits.BLOCK);
                try {
                    block(number, bits, from, end, out.slice((from - first) * size, (end - from) * size));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private ChunkBits bits(int number) throws IOException {
        @Nullable Decoded known = last.get();
        if (known != null && known.number() == number) {
            return known.bits();
        }
        ChunkBits bits = mask.bits(mask.decode(number), number);
        last.set(new Decoded(number, bits));
        return bits;
    }

    /**
     * Restores a whole chunk on the calling thread, block by block.
     *
     * @param number which chunk
     * @param buffer holds a block; little-endian
     * @param sink receives each block
     */
    void chunk(int number, ByteBuffer buffer, DeltaFile.BlockSink sink) throws IOException {
        ChunkBits bits = mask.bits(mask.decode(number), number);
        int size = info.dtype().bytes();
        int length = mask.bits(number);
        for (int from = 0; from < length; from += ChunkBits.BLOCK) {
            int end = Math.min(length, from + ChunkBits.BLOCK);
            ByteBuffer out = buffer.slice(0, (end - from) * size).order(ByteOrder.LITTLE_ENDIAN);
            block(number, bits, from, end, out);
            sink.accept(this, ((long) number * Chunk.BITS + from) * size, out);
        }
    }

    /** The elements of a chunk in [from, end), which lie in one block. */
    private void block(int number, ChunkBits bits, int from, int end, ByteBuffer target) throws IOException {
        ByteBuffer out = target.order(ByteOrder.LITTLE_ENDIAN);
        int before = bits.onesBefore(from);
        int kept = bits.onesBefore(end) - before;
        int valueSize = values.info().dtype().bytes();
        ByteBuffer own = values.view((mask.onesBefore(number) + before) * valueSize, kept * valueSize)
                .order(ByteOrder.LITTLE_ENDIAN);
        if (kept < end - from) {
            initial.fill((long) number * Chunk.BITS + from, end - from, out);
        }
        if (values.info().dtype() != info.dtype()) {
            widen(bits, from, end, own, out);
        } else if (kept == end - from) {
            out.put(0, own, 0, kept * valueSize);
        } else if (kept > 0) {
            scatter(bits, from, end, own, out);
        }
    }

    /** Puts the kept values where the mask is 1. */
    private void scatter(ChunkBits bits, int from, int end, ByteBuffer own, ByteBuffer out) {
        int at = 0;
        int size = info.dtype().bytes();
        for (int number = from >>> 6; number << 6 < end; number++) {
            long word = bits.word(number, from, end);
            int base = (number << 6) - from;
            if (word == -1L) {
                out.put(base * size, own, at * size, Long.SIZE * size);
                at += Long.SIZE;
            } else if (size == 4) {
                for (; word != 0; word &= word - 1) {
                    out.putInt((base + Long.numberOfTrailingZeros(word)) << 2, own.getInt(at++ << 2));
                }
            } else if (size == 2) {
                for (; word != 0; word &= word - 1) {
                    out.putShort((base + Long.numberOfTrailingZeros(word)) << 1, own.getShort(at++ << 1));
                }
            } else {
                for (; word != 0; word &= word - 1) {
                    out.putLong((base + Long.numberOfTrailingZeros(word)) << 3, own.getLong(at++ << 3));
                }
            }
        }
    }

    private void widen(ChunkBits bits, int from, int end, ByteBuffer own, ByteBuffer out) {
        DType narrow = values.info().dtype();
        int at = 0;
        for (int number = from >>> 6; number << 6 < end; number++) {
            int base = (number << 6) - from;
            for (long word = bits.word(number, from, end); word != 0; word &= word - 1) {
                Values.copy(own, at++, narrow, out, base + Long.numberOfTrailingZeros(word), info.dtype());
            }
        }
    }
}
