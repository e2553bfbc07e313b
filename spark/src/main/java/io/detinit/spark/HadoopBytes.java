package io.detinit.spark;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An open file on any Hadoop file system, read by position. Safe for use by many threads, as Hadoop's positioned reads are.
 */
final class HadoopBytes implements ByteSource, Closeable {

    private final Path path;
    private final ByteSource bytes;
    private final Closeable file;

    private HadoopBytes(Path path, ByteSource bytes, Closeable file) {
        this.path = path;
        this.bytes = bytes;
        this.file = file;
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @param conf the settings of its file system
     * @throws NoSuchFileException if there is none
     * @throws IOException if it cannot be opened
     */
    static HadoopBytes open(Path path, Configuration conf) throws IOException {
        FileSystem system = path.getFileSystem(conf);
        try {
            FileStatus status = system.getFileStatus(path);
            if (status.isDirectory()) {
                throw new IOException(name(path) + ": is a folder, a file was expected");
            }
            if (system instanceof LocalFileSystem local && !system.exists(local.getChecksumFile(path))) {
                // there is nothing that Hadoop would check, and its streams copy every byte twice
                FileBytes bytes = FileBytes.open(local.pathToFile(path).toPath());
                return new HadoopBytes(path, bytes, bytes);
            }
            FSDataInputStream in = system.open(path);
            return new HadoopBytes(path, new Stream(name(path), status.getLen(), in), in);
        } catch (FileNotFoundException e) {
            throw missing(path, "no such file or folder", e);
        }
    }

    static NoSuchFileException missing(Path path, String reason, Throwable cause) {
        NoSuchFileException missing = new NoSuchFileException(name(path), null, reason);
        missing.initCause(cause);
        return missing;
    }

    /** What messages call a file: a local one by its path alone. */
    static String name(Path path) {
        return "file".equals(path.toUri().getScheme()) ? path.toUri().getPath() : path.toString();
    }

    /** The path that messages call so. */
    static Path path(String name) {
        return name.startsWith("/") ? new Path("file", null, name) : new Path(name);
    }

    Path path() {
        return path;
    }

    @Override
    public String name() {
        return name(path);
    }

    @Override
    public long size() {
        return bytes.size();
    }

    @Override
    public boolean isNear() throws IOException {
        return bytes.isNear();
    }

    @Override
    public void read(long position, ByteBuffer destination) throws IOException {
        bytes.read(position, destination);
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        return bytes.view(position, length);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Positioned reads of one of Hadoop's streams. */
    private record Stream(String name, long size, FSDataInputStream in) implements ByteSource {

        @Override
        public void read(long position, ByteBuffer destination) throws IOException {
            Objects.checkFromIndexSize(position, destination.remaining(), size);
            int length = destination.remaining();
            byte[] bytes = destination.hasArray() ? destination.array() : new byte[length];
            int offset = destination.hasArray() ? destination.arrayOffset() + destination.position() : 0;
            readFully(position, bytes, offset, length);
            if (destination.hasArray()) {
                destination.position(destination.limit());
            } else {
                destination.put(bytes);
            }
        }

        private void readFully(long position, byte[] bytes, int offset, int length) throws IOException {
            try {
                in.readFully(position, bytes, offset, length);
            } catch (EOFException e) {
                throw new IOException(
                        name + ": the file became shorter while it was read; bytes " + position + " to "
                                + (position + length) + " are not all there",
                        e);
            }
        }

        @Override
        public ByteBuffer view(long position, int length) throws IOException {
            Objects.checkFromIndexSize(position, length, size);
            byte[] bytes = new byte[length];
            readFully(position, bytes, 0, length);
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
