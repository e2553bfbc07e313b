package io.detinit.interop.numpy;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An open {@code .npy} file: one array, which is called {@code tensor} since the file has no name for it.
 *
 * <p>Read: format versions 1.0 to 3.0; booleans, integers, floats of 2, 4 and 8 bytes, complex numbers of 8 and 16, in either byte
 * order; row-major or with the first axis fastest ({@code fortran_order}), always presented row-major and little-endian. Refused:
 * structured types, strings, dates, Python objects (nothing is unpickled), bytes after the array.
 *
 * <p>Reading is safe for use by many threads.
 */
public final class NpyFile implements Checkpoint {

    /** What the array is called. */
    public static final String NAME = "tensor";

    private final Path path;
    private final Closeable resource;
    private final NpyArray array;
    private final TensorView tensor;

    private NpyFile(Path path, Closeable resource, NpyArray array) {
        this.path = path;
        this.resource = resource;
        this.array = array;
        this.tensor = array.tensor(NAME);
    }

    /**
     * Whether a file begins as this format does.
     *
     * @param head its first bytes
     * @return whether they are {@code 93 'NUMPY'}
     */
    public static boolean looksLikeNpy(byte[] head) {
        return head.length >= 6
                && (head[0] & 0xFF) == 0x93
                && head[1] == 'N'
                && head[2] == 'U'
                && head[3] == 'M'
                && head[4] == 'P'
                && head[5] == 'Y';
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedFileException if a rule of the format is broken or the type is not supported
     * @throws IOException if the file cannot be read
     */
    public static NpyFile open(Path path) throws IOException {
        FileBytes file = FileBytes.open(path);
        try {
            return read(path, file, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Reads from bytes that are open; closing the result closes the resource. */
    static NpyFile read(Path path, ByteSource source, Closeable resource) throws IOException {
        return new NpyFile(path, resource, NpyArray.read(source));
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return "npy";
    }

    @Override
    public List<TensorView> tensors() {
        return List.of(tensor);
    }

    /** {@return nothing: the format has no place for text; a plan lies beside the file, in {@code <file>.plan.json}} */
    @Override
    public Map<String, String> metadata() {
        return Map.of();
    }

    /** {@return false: the plan lies beside the file} */
    @Override
    public boolean keepsMetadata() {
        return false;
    }

    /**
     * Writes a copy, perhaps with other elements. The type, its byte order and the header stay; only an array stored with its first
     * axis fastest is written row-major when it is replaced, which NumPy reads as the same array.
     *
     * @param metadata not written, the format has no place for it
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(tensors(), replacements);
        TensorView replacement = replacements.get(NAME);
        ByteSource file = array.source();
        AtomicFile.write(target, channel -> {
            NpyContent.Sink sink = bytes -> {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            };
            if (replacement != null) {
                array.with(replacement).write(sink);
                return;
            }
            ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(1 << 20, file.size()));
            for (long at = 0; at < file.size(); at += chunk.limit()) {
                file.read(at, chunk.clear().limit((int) Math.min(chunk.capacity(), file.size() - at)));
                sink.write(chunk.flip());
            }
        });
    }

    @Override
    public void close() throws IOException {
        resource.close();
    }
}
