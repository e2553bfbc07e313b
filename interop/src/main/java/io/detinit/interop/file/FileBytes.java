package io.detinit.interop.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * An open file. {@link #read} copies by positioned reads; {@link #view} maps the file in pieces when they are first asked for,
 * so opening costs the same for every size.
 *
 * <p>A mapping lives until the garbage collector finds it unused, which may be after {@link #close}. Safe for use by many
 * threads.
 */
public final class FileBytes implements ByteSource, Closeable {

    /** Pieces begin at multiples of this and reach {@link ByteSource#MAX_VIEW} further, so that any view lies in one. */
    private static final long PIECE = 1L << 30;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final AtomicReferenceArray<MappedByteBuffer> pieces;

    private FileBytes(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
        this.pieces = new AtomicReferenceArray<>(Math.toIntExact(size / PIECE + 1));
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws IOException if it cannot be opened
     */
    public static FileBytes open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new FileBytes(path, channel, channel.size());
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** {@return the file} */
    public Path path() {
        return path;
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isNear() {
        return true;
    }

    @Override
    public void read(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), size);
        PositionedRead.fully(channel, path, position, destination);
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, size);
        Objects.checkIndex(length, MAX_VIEW + 1);
        if (length == 0) {
            return ByteBuffer.allocate(0);
        }
        int number = (int) (position / PIECE);
        MappedByteBuffer piece = pieces.get(number);
        if (piece == null) {
            long from = number * PIECE;
            long there = channel.size();
            if (there < size) { // touching a page that is gone would end the process
                throw new IOException(path + ": the file became shorter while it was read; " + there + " bytes of "
                        + size + " are left");
            }
            piece = channel.map(FileChannel.MapMode.READ_ONLY, from, Math.min(PIECE + MAX_VIEW, size - from));
            pieces.set(number, piece);
        }
        return piece.slice((int) (position - number * PIECE), length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
        for (int number = 0; number < pieces.length(); number++) {
            pieces.set(number, null);
        }
        channel.close();
    }
}
