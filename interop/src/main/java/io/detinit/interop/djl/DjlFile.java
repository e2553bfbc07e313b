package io.detinit.interop.djl;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An open DJL {@code .params} file, as {@code ai.djl.Model.save} writes it, read without DJL and without the block it belongs to.
 *
 * <p>The file is a header and what the block tree writes: for each block a version and metadata, then its parameters, then its
 * children. How blocks nest is not in the file, and the metadata does not say where it ends; known are the layouts of all blocks of
 * DJL 0.36 and of those that keep its defaults, and everything else is refused. A file that ends exactly between two parameters or
 * blocks cannot be told from a smaller model. Parameters come in the order of the file and are named by the kind of their block, its
 * number among that kind and their name in it: {@code fc1.weight}.
 *
 * <p>Metadata is the model's properties. Reading is safe for use by many threads.
 */
public final class DjlFile implements Checkpoint {

    private static final int MAX_PARAMETERS = 1_000_000;
    private static final int CHUNK = 1 << 20;

    private final Path path;
    private final ByteSource file;
    private final Closeable resource;
    private final DjlHeader header;
    private final List<TensorView> tensors;
    private final List<Long> begins;
    private final List<String> warnings;

    private DjlFile(
            Path path,
            ByteSource file,
            Closeable resource,
            DjlHeader header,
            List<TensorView> tensors,
            List<Long> begins,
            List<String> warnings) {
        this.path = path;
        this.file = file;
        this.resource = resource;
        this.header = header;
        this.tensors = List.copyOf(tensors);
        this.begins = List.copyOf(begins);
        this.warnings = warnings;
    }

    /**
     * Whether a file begins as this format does.
     *
     * @param head its first bytes
     * @return whether they are {@code 'DJL@'}
     */
    public static boolean looksLikeDjl(byte[] head) {
        return head.length >= 4 && head[0] == 'D' && head[1] == 'J' && head[2] == 'L' && head[3] == '@';
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedFileException if it breaks the rules of the format, or has blocks, data types or a byte order that are not
     *     supported
     * @throws IOException if the file cannot be read
     */
    public static DjlFile open(Path path) throws IOException {
        FileBytes file = FileBytes.open(path);
        try {
            return read(path, file, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Reads from bytes that are open; closing the result closes the resource. */
    static DjlFile read(Path path, ByteSource file, Closeable resource) throws IOException {
        DjlCursor cursor = new DjlCursor(file);
        DjlHeader header = DjlHeader.read(cursor);
        List<DjlParameter> parameters = new ArrayList<>();
        DjlNames names = new DjlNames();
        int uninitialised = 0;
        while (true) {
            BlockGap gap = BlockGap.read(cursor);
            uninitialised += gap.uninitialised();
            if (cursor.remaining() == 0) {
                if (parameters.isEmpty() && gap.records().isEmpty()) {
                    throw cursor.malformed(header.end(), "the end of the file", "a block");
                }
                break;
            }
            if (parameters.size() == MAX_PARAMETERS) {
                throw cursor.malformed(cursor.position(), "another parameter", "at most " + MAX_PARAMETERS);
            }
            DjlParameter parameter = DjlParameter.read(cursor, file.name());
            parameters.add(parameter);
            names.add(gap, parameter);
        }
        List<TensorView> tensors = new ArrayList<>();
        List<Long> begins = new ArrayList<>();
        List<String> all = names.names();
        for (int k = 0; k < all.size(); k++) {
            DjlParameter parameter = parameters.get(k);
            TensorInfo info = new TensorInfo(
                    all.get(k), parameter.dtype(), parameter.shape(), kind(parameter.name(), parameter.dtype()));
            tensors.add(FileTensor.in(info, file, parameter.from()));
            begins.add(parameter.from());
        }
        List<String> warnings = uninitialised == 0
                ? List.of()
                : List.of(uninitialised + " parameter(s) were saved before they were initialised and have no elements");
        return new DjlFile(path, file, resource, header, tensors, begins, warnings);
    }

    private static TensorInfo.Kind kind(String name, DType dtype) {
        boolean statistics = name.equals("runningMean") || name.equals("runningVar");
        return statistics ? TensorInfo.Kind.BUFFER : TensorKinds.of(name, dtype);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return "djl";
    }

    @Override
    public List<TensorView> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        return header.properties();
    }

    @Override
    public List<String> warnings() {
        return warnings;
    }

    /**
     * Writes a copy in which only the replaced elements and the properties differ; DJL loads it into the same block.
     *
     * @param metadata becomes properties of the model; a value of more than 65,535 bytes is cut into several, {@code key#1} and so on,
     *     which {@link #metadata} shows as one
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(tensors, replacements);
        byte[] properties = header.properties(metadata);
        AtomicFile.write(target, channel -> {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            copy(0, header.propertiesFrom(), channel, chunk);
            writeFully(channel, ByteBuffer.wrap(properties));
            long at = header.end();
            for (int k = 0; k < tensors.size(); k++) {
                TensorInfo info = tensors.get(k).info();
                TensorView replacement = replacements.get(info.name());
                if (replacement != null) {
                    copy(at, begins.get(k), channel, chunk);
                    for (long done = 0; done < info.bytes(); done += chunk.limit()) {
                        replacement.readBytes(done, chunk.clear().limit((int) Math.min(CHUNK, info.bytes() - done)));
                        writeFully(channel, chunk.flip());
                    }
                    at = begins.get(k) + info.bytes();
                }
            }
            copy(at, file.size(), channel, chunk);
        });
    }

    private void copy(long from, long to, FileChannel channel, ByteBuffer chunk) throws IOException {
        for (long at = from; at < to; at += chunk.limit()) {
            file.read(at, chunk.clear().limit((int) Math.min(CHUNK, to - at)));
            writeFully(channel, chunk.flip());
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    @Override
    public void close() throws IOException {
        resource.close();
    }
}
