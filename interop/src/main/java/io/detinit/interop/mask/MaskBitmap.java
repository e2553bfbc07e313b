package io.detinit.interop.mask;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.roaringbitmap.BatchIterator;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.RoaringBitmap;

/**
 * The kept weights of one tensor in the portable 64-bit form of the RoaringBitmap format.
 *
 * @param parts one for each run of 2^32 weights in which any is kept
 */
record MaskBitmap(List<Part> parts) {

    private static final int SPLIT_BITS = 32;
    private static final int BATCH = 1 << 12;

    /** Weights that are packed at once: whole containers of the format. */
    private static final int PIECE = 1 << 20;

    /** The lower 32 bits of the weights that have the same upper ones. */
    record Part(int key, RoaringBitmap low) {}

    /** Receives bytes. */
    @FunctionalInterface
    interface Sink {
        void accept(ByteBuffer bytes) throws IOException;
    }

    static MaskBitmap of(Mask mask) {
        List<Part> parts = new ArrayList<>();
        for (long from = 0; from < mask.size(); from += 1L << SPLIT_BITS) {
            long end = Math.min(mask.size(), from + (1L << SPLIT_BITS));
            RoaringBitmap low = BitSetUtil.bitmapOf(mask.words(from, end));
            if (!low.isEmpty()) {
                low.runOptimize();
                parts.add(new Part((int) (from >>> SPLIT_BITS), low));
            }
        }
        return new MaskBitmap(List.copyOf(parts));
    }

    /** The same of a mask that is read from front to back; what is kept of it is in memory alone. */
    static MaskBitmap of(MaskBits mask, long size) throws IOException {
        List<Part> parts = new ArrayList<>();
        long[] words = new long[PIECE / Long.SIZE];
        for (long from = 0; from < size; from += 1L << SPLIT_BITS) {
            long end = Math.min(size, from + (1L << SPLIT_BITS));
            RoaringBitmap low = new RoaringBitmap();
            for (long at = from; at < end; at += PIECE) {
                int count = (int) Math.min(PIECE, end - at);
                Arrays.fill(words, 0);
                mask.read(at, count, words);
                RoaringBitmap piece = BitSetUtil.bitmapOf(words);
                piece.runOptimize();
                low.or(RoaringBitmap.addOffset(piece, at - from));
            }
            if (!low.isEmpty()) {
                parts.add(new Part((int) (from >>> SPLIT_BITS), low));
            }
        }
        return new MaskBitmap(List.copyOf(parts));
    }

    /** How many weights are kept. */
    long kept() {
        return parts.stream().mapToLong(part -> part.low().getLongCardinality()).sum();
    }

    /** How many bytes {@link #write} writes. */
    long bytes() {
        long bytes = 8;
        for (Part part : parts) {
            bytes += 4L + part.low().serializedSizeInBytes();
        }
        return bytes;
    }

    void write(Sink sink) throws IOException {
        sink.accept(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(parts.size())
                .flip());
        for (Part part : parts) {
            ByteBuffer bytes = ByteBuffer.allocate(4 + part.low().serializedSizeInBytes())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(part.key());
            part.low().serialize(bytes);
            sink.accept(bytes.flip());
        }
    }

    /**
     * Reads a tensor's mask.
     *
     * @param path the file, for messages
     * @param name the tensor, for messages
     * @param source its bytes and nothing else
     * @param shape the shape that the header says
     * @param kept how many weights the header says are kept
     * @throws MalformedFileException if the bytes are no such bitmap, or do not fit shape and count
     */
    static Mask read(Path path, String name, ByteSource source, TensorShape shape, long kept) throws IOException {
        String where = "tensor '" + name + "' at byte " + source.filePosition(0);
        Mask mask;
        try {
            mask = new Mask(shape);
        } catch (IllegalArgumentException e) {
            throw MalformedFileException.unsupported(path, where, "the shape " + shape, "2^37 weights are the most");
        }
        try (SourceStream in = new SourceStream(source)) {
            long found = fill(mask, in, path, where);
            if (in.position() != source.size() || found != kept) {
                throw MalformedFileException.of(
                        path,
                        where,
                        found + " kept weights in " + in.position() + " bytes",
                        kept + " in " + source.size());
            }
        } catch (java.io.EOFException e) {
            throw MalformedFileException.of(path, where, "a bitmap that is cut off", "all of it");
        }
        return mask;
    }

    private static long fill(Mask mask, SourceStream in, Path path, String where) throws IOException {
        DataInputStream data = new DataInputStream(in);
        long count = Long.reverseBytes(data.readLong());
        long most = (mask.size() + (1L << SPLIT_BITS) - 1) >>> SPLIT_BITS;
        if (count < 0 || count > most) {
            throw MalformedFileException.of(path, where, count + " parts", "at most " + most);
        }
        long previous = -1;
        long kept = 0;
        for (long part = 0; part < count; part++) {
            long key = Integer.toUnsignedLong(Integer.reverseBytes(data.readInt()));
            BatchIterator weights = bitmap(data, path, where).getBatchIterator();
            int[] batch = new int[BATCH];
            while (weights.hasNext()) {
                int size = weights.nextBatch(batch);
                for (int k = 0; k < size; k++) {
                    long element = key << SPLIT_BITS | Integer.toUnsignedLong(batch[k]);
                    if (element <= previous || element >= mask.size()) {
                        throw MalformedFileException.of(
                                path,
                                where,
                                "the kept weight " + element,
                                "one after " + previous + " and below " + mask.size());
                    }
                    mask.keep(element);
                    previous = element;
                }
                kept += size;
            }
        }
        return kept;
    }

    private static RoaringBitmap bitmap(DataInputStream data, Path path, String where) throws IOException {
        RoaringBitmap bitmap = new RoaringBitmap();
        try {
            bitmap.deserialize(data);
        } catch (RuntimeException e) { // whatever the library makes of bytes that are no bitmap
            throw MalformedFileException.of(path, where, "bytes that are no bitmap", "a portable RoaringBitmap");
        }
        return bitmap;
    }
}
