package io.detinit.interop.safetensors;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.PositionedRead;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An open safetensors file: {@code u64le N}, N bytes of JSON, data. Tensors come in header order and are read when asked for.
 *
 * <p>All rules of the format (safetensors README and {@code tensor.rs}) are enforced when opening. Reading is safe for use by
 * many threads.
 */
public final class SafetensorsFile implements Checkpoint {

    private final Path path;
    private final FileChannel channel;
    private final SafetensorsHeader header;
    private final List<TensorView> tensors;

    private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header, long dataStart) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        List<TensorView> views = new ArrayList<>();
        for (SafetensorsHeader.Entry entry : header.entries()) {
            TensorInfo info = new TensorInfo(
                    entry.name(), entry.dtype(), entry.shape(), TensorKinds.of(entry.name(), entry.dtype()));
            views.add(new View(info, dataStart + entry.begin()));
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
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            long size = channel.size();
            if (size < 8) {
                throw MalformedFileException.of(path, "byte 0", size + " bytes", "a header length of 8 bytes");
            }
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            PositionedRead.fully(channel, path, 0, length);
            long headerBytes = length.flip().order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (headerBytes < 0 || headerBytes > SafetensorsHeader.MAX_BYTES) {
                throw MalformedFileException.of(
                        path,
                        "header length at byte 0",
                        Long.toUnsignedString(headerBytes),
                        "at most " + SafetensorsHeader.MAX_BYTES);
            }
            if (headerBytes > size - 8) {
                throw MalformedFileException.of(
                        path,
                        "header length at byte 0",
                        headerBytes + " bytes",
                        "at most the " + (size - 8) + " there are");
            }
            ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
            PositionedRead.fully(channel, path, 8, json);
            SafetensorsHeader header = SafetensorsHeader.parse(json.flip(), size - 8 - headerBytes, path);
            return new SafetensorsFile(path, channel, header, 8 + headerBytes);
        } catch (IOException | RuntimeException e) {
            channel.close();
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
        channel.close();
    }

    private final class View implements TensorView {

        private final TensorInfo info;
        private final long start;

        View(TensorInfo info, long start) {
            this.info = info;
            this.start = start;
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) throws IOException {
            Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
            PositionedRead.fully(channel, path, start + position, destination);
        }
    }
}
