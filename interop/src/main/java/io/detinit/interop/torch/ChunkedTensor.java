package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.StoredPiece;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A tensor put together from chunks that cover it. A read goes chunk by chunk in runs as long as the chunks allow: whole rows
 * where they are cut along the first axis alone.
 *
 * <p>Safe for use by many threads while the chunks are.
 */
final class ChunkedTensor implements TensorView {

    private static final int MAX_RUN = 1 << 24;

    private final TensorInfo info;
    private final TreeMap<Long, Part> parts;
    private final long[] dims;

    /** A chunk, which is opened when it is first read. */
    static final class Part {
        private final Box box;
        private final ByteSource file;
        private final SavedPiece layout;
        private final DistributedMetadata.Place place;
        private final Opener opener;
        private @Nullable StorageTensor tensor;

        /** Opens a chunk. */
        @FunctionalInterface
        interface Opener {
            StorageTensor open() throws IOException;
        }

        /**
         * A chunk.
         *
         * @param box where it lies in the tensor
         * @param file the file that it lies in
         * @param layout where it lies there
         * @param place the same as the metadata has it
         * @param opener opens it
         */
        Part(Box box, ByteSource file, SavedPiece layout, DistributedMetadata.Place place, Opener opener) {
            this.box = box;
            this.file = file;
            this.layout = layout;
            this.place = place;
            this.opener = opener;
        }

        Box box() {
            return box;
        }

        DistributedMetadata.Place place() {
            return place;
        }

        /** Its elements, opened anew unless the tensor is read, too. */
        synchronized StorageTensor open() throws IOException {
            return tensor == null ? opener.open() : tensor;
        }

        /** Its elements, which stay open. */
        synchronized StorageTensor tensor() throws IOException {
            StorageTensor opened = open();
            tensor = opened;
            return opened;
        }

        private StoredPiece piece() {
            return new StoredPiece(file.origin(), layout);
        }
    }

    /**
     * A tensor of chunks.
     *
     * @param info what it is
     * @param parts its chunks, which cover it exactly
     */
    ChunkedTensor(TensorInfo info, Iterable<Part> parts) {
        this.info = info;
        this.dims = info.shape().dims();
        this.parts = new TreeMap<>();
        for (Part part : parts) {
            this.parts.put(part.box().first(dims), part);
        }
    }

    Iterable<Part> parts() {
        return parts.values();
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public String location() {
        return parts.isEmpty()
                ? ""
                : parts.size()
                        + (parts.size() == 1 ? " chunk, " : " chunks, the first in ")
                        + place(parts.firstEntry().getValue());
    }

    private static String place(Part part) {
        try {
            return part.tensor().location();
        } catch (IOException e) {
            return part.file.name();
        }
    }

    @Override
    public List<StoredPiece> pieces() {
        return info.dtype().isWholeBytes()
                ? parts.values().stream().map(Part::piece).toList()
                : List.of();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = info.dtype().bytes();
        long at = position;
        while (destination.hasRemaining()) {
            long element = at / size;
            long[] index = Box.index(element, dims);
            Part part = find(element, index);
            long from = part.box().local(index) * size + at % size;
            long run = part.box().run(index, dims) * size - at % size;
            int count = (int) Math.min(Math.min(run, MAX_RUN), destination.remaining());
            int limit = destination.limit();
            destination.limit(destination.position() + count);
            part.tensor().readBytes(from, destination); // maps nothing, so that a pass leaves no pages in the process
            destination.limit(limit);
            at += count;
        }
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        if (parts.size() == 1) { // covers all of it
            return parts.firstEntry().getValue().tensor().view(position, length);
        }
        return TensorView.super.view(position, length);
    }

    /** Of the chunks that begin at or before an element, one contains it; as a rule the nearest. */
    private Part find(long element, long[] index) {
        for (Map.Entry<Long, Part> entry = parts.floorEntry(element);
                entry != null;
                entry = parts.lowerEntry(entry.getKey())) {
            if (entry.getValue().box().contains(index)) {
                return entry.getValue();
            }
        }
        throw new IllegalStateException("chunks that do not cover element " + element + " of " + info.name());
    }
}
