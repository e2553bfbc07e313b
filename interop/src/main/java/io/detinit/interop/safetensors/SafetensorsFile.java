package io.detinit.interop.safetensors;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open safetensors file: {@code u64le N}, N bytes of JSON, data. Tensors come in header order and are read when asked for.
 *
 * <p>All rules of the format (safetensors README and {@code tensor.rs}) are enforced when opening. Reading is safe for use by
 * many threads.
 */
public final class SafetensorsFile implements Checkpoint {

    private final Path path;
    private final Closeable resource;
    private final SafetensorsHeader header;
    private final List<TensorView> tensors;

    private SafetensorsFile(ByteSource file, Path path, Closeable resource, SafetensorsHeader header, long dataStart) {
        this.path = path;
        this.resource = resource;
        this.header = header;
        List<TensorView> views = new ArrayList<>();
        for (SafetensorsHeader.Entry entry : header.entries()) {
            TensorInfo info = new TensorInfo(
                    entry.name(), entry.dtype(), entry.shape(), TensorKinds.of(entry.name(), entry.dtype()));
            views.add(FileTensor.in(info, file, dataStart + entry.begin()));
        }
        this.tensors = List.copyOf(views);
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedFileException if a rule of the format is broken
     * @throws IOException if the file cannot be read
     */
    public static SafetensorsFile open(Path path) throws IOException {
        FileBytes file = FileBytes.open(path);
        return open(file, path, file);
    }

    /**
     * Opens bytes from anywhere, such as a store of objects.
     *
     * @param file the bytes; its name is what messages call the file
     * @param path what {@link #path} gives
     * @param resource closed with the file, also when opening fails
     * @return the open file; close it
     * @throws MalformedFileException if a rule of the format is broken
     * @throws IOException if the bytes cannot be read
     */
    public static SafetensorsFile open(ByteSource file, Path path, Closeable resource) throws IOException {
        String name = file.name();
        try {
            long size = file.size();
            if (size < 8) {
                throw MalformedFileException.of(name, "byte 0", size + " bytes", "a header length of 8 bytes");
            }
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            file.read(0, length);
            long headerBytes = length.flip().order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (headerBytes < 0 || headerBytes > SafetensorsHeader.MAX_BYTES) {
                throw MalformedFileException.of(
                        name,
                        "header length at byte 0",
                        Long.toUnsignedString(headerBytes),
                        "at most " + SafetensorsHeader.MAX_BYTES);
            }
            if (headerBytes > size - 8) {
                throw MalformedFileException.of(
                        name,
                        "header length at byte 0",
                        headerBytes + " bytes",
                        "at most the " + (size - 8) + " there are");
            }
            ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
            file.read(8, json);
            SafetensorsHeader header = SafetensorsHeader.parse(json.flip(), size - 8 - headerBytes, name);
            return new SafetensorsFile(file, path, resource, header, 8 + headerBytes);
        } catch (IOException | RuntimeException e) {
            resource.close();
            throw e;
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return "safetensors";
    }

    @Override
    public List<TensorView> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(tensors, replacements);
        Map<String, String> merged = new LinkedHashMap<>(header.metadata());
        merged.putAll(metadata);
        List<TensorView> out = new ArrayList<>();
        for (TensorView tensor : tensors) {
            out.add(replacements.getOrDefault(tensor.info().name(), tensor));
        }
        SafetensorsWriter.write(target, out, merged);
    }

    @Override
    public void close() throws IOException {
        resource.close();
    }
}
