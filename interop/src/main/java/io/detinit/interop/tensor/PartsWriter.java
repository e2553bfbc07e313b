package io.detinit.interop.tensor;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.parallel.Parallel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes a file of parts whose lengths are known before: bytes, ranges of other files, the elements of tensors. The parts are
 * read and written in pieces of 1 MiB by several threads at once, each piece at its place; the file is the same for any number
 * of threads. Each thread holds one piece, and nothing is mapped.
 *
 * <p>Not thread-safe; parts are added by one thread.
 */
public final class PartsWriter {

    /** Bytes of a piece; a multiple of every element size. */
    private static final int PIECE = 1 << 20;

    /** Below this many bytes threads cost more than they bring. */
    private static final long ALONE = 4L * PIECE;

    private final List<Part> parts = new ArrayList<>();
    private long length;

    /** No parts. */
    public PartsWriter() {}

    /** Fills a buffer from a position of the part on. */
    @FunctionalInterface
    private interface Content {
        void read(long position, ByteBuffer destination) throws IOException;
    }

    /** A part; {@code stream} is what writes one that no position can be read of, else empty. */
    private record Part(long at, long length, Content content, List<AtomicFile.Body> stream) {}

    private record Piece(Part part, long from) {}

    /**
     * Adds bytes.
     *
     * @param bytes not copied
     */
    public void bytes(byte[] bytes) {
        add(
                bytes.length,
                (position, destination) -> destination.put(bytes, (int) position, destination.remaining()),
                List.of());
    }

    /**
     * Adds a range of a source.
     *
     * @param source open until {@link #write} returns
     * @param from the first byte
     * @param to the end, exclusive
     */
    public void range(ByteSource source, long from, long to) {
        add(to - from, (position, destination) -> source.read(from + position, destination), List.of());
    }

    /**
     * Adds the elements of a tensor, row-major and little-endian.
     *
     * @param tensor readable until {@link #write} returns
     */
    public void elements(TensorView tensor) {
        add(tensor.info().bytes(), tensor::readBytes, List.of());
    }

    /**
     * Adds a part that only its own writer can make.
     *
     * @param bytes how many it writes
     * @param body writes them from the channel's position on, when everything before is written
     */
    public void stream(long bytes, AtomicFile.Body body) {
        add(bytes, (position, destination) -> {}, List.of(body));
    }

    private void add(long bytes, Content content, List<AtomicFile.Body> stream) {
        long end = Math.addExact(length, bytes);
        if (bytes > 0) {
            parts.add(new Part(length, bytes, content, stream));
        }
        length = end;
    }

    /** {@return how many bytes all parts have} */
    public long length() {
        return length;
    }

    /**
     * Writes all parts, from the channel's position on, which is behind them afterwards.
     *
     * @param channel open for writing
     * @throws IOException if reading or writing fails, or a part that writes itself has another length than it said
     */
    public void write(FileChannel channel) throws IOException {
        long start = channel.position();
        int first = 0;
        for (int number = 0; number <= parts.size(); number++) {
            boolean ends = number == parts.size();
            if (ends || !parts.get(number).stream().isEmpty()) {
                new Run(channel, start, parts.subList(first, number)).write();
                first = number + 1;
            }
            if (!ends) {
                writeStream(channel, start, parts.get(number));
            }
        }
        channel.position(start + length);
    }

    private static void writeStream(FileChannel channel, long start, Part part) throws IOException {
        for (AtomicFile.Body body : part.stream()) {
            long from = start + part.at();
            channel.position(from);
            body.write(channel);
            if (channel.position() != from + part.length()) {
                throw new IOException("a part of " + part.length() + " bytes got " + (channel.position() - from));
            }
        }
    }

    /** Parts between two that write themselves. */
    private static final class Run {

        private final FileChannel channel;
        private final long start;
        private final List<Part> parts;
        private int part;
        private long from;
        private boolean failed;

        Run(FileChannel channel, long start, List<Part> parts) {
            this.channel = channel;
            this.start = start;
            this.parts = parts;
        }

        void write() throws IOException {
            long bytes = parts.stream().mapToLong(Part::length).sum();
            int threads = bytes <= ALONE ? 1 : Runtime.getRuntime().availableProcessors();
            int size = (int) Math.min(PIECE, bytes);
            Parallel.run(
                    threads,
                    threads,
                    () -> ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN),
                    (buffer, number) -> {
                        work(buffer);
                        return number;
                    });
        }

        private void work(ByteBuffer buffer) throws IOException {
            boolean finished = false;
            try {
                for (Optional<Piece> next = take(); next.isPresent(); next = take()) {
                    write(next.get(), buffer);
                }
                finished = true;
            } finally {
                if (!finished) {
                    fail();
                }
            }
        }

        private void write(Piece piece, ByteBuffer buffer) throws IOException {
            Part of = piece.part();
            buffer.clear().limit((int) Math.min(PIECE, of.length() - piece.from()));
            of.content().read(piece.from(), buffer);
            buffer.flip();
            long at = start + of.at() + piece.from();
            while (buffer.hasRemaining()) {
                at += channel.write(buffer, at);
            }
        }

        /** The next piece; none at the end, or once a thread has failed. */
        private synchronized Optional<Piece> take() {
            if (failed || part == parts.size()) {
                return Optional.empty();
            }
            Piece piece = new Piece(parts.get(part), from);
            from += PIECE;
            if (from >= piece.part().length()) {
                part++;
                from = 0;
            }
            return Optional.of(piece);
        }

        private synchronized void fail() {
            failed = true;
        }
    }
}
