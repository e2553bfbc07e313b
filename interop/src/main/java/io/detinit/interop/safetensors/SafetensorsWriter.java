package io.detinit.interop.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.tensor.PartsWriter;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes safetensors files.
 *
 * <p>The header lists the tensors in the order given (the state-dict order, which layer ids follow); the data is laid out by
 * descending element size, so every tensor is aligned to its dtype; the header is padded with spaces to a multiple of 8.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class SafetensorsWriter {

    /** Bytes written at once; a multiple of every element size. */
    private static final int PIECE = 1 << 20;

    private SafetensorsWriter() {}

    /**
     * Writes a file, whole or not at all.
     *
     * @param target the file to appear; an existing one is replaced
     * @param tensors in state-dict order
     * @param metadata the {@code __metadata__} strings
     * @throws IOException if reading a tensor or writing fails
     * @throws IllegalArgumentException if a name is given twice or is {@code __metadata__}, the format has no such dtype, or the
     *     header exceeds 100 MB
     */
    public static void write(Path target, List<? extends TensorView> tensors, Map<String, String> metadata)
            throws IOException {
        Layout layout = Layout.of(tensors, metadata);
        PartsWriter parts = new PartsWriter();
        parts.bytes(layout.start());
        layout.tensors().forEach(parts::elements);
        AtomicFile.write(target, parts::write);
    }

    /**
     * Writes the same bytes from front to back, to where there are no files to be written at any place.
     *
     * @param out receives the bytes; not closed
     * @param tensors in state-dict order
     * @param metadata the {@code __metadata__} strings
     * @throws IOException if reading a tensor or writing fails
     * @throws IllegalArgumentException as above
     */
    public static void write(OutputStream out, List<? extends TensorView> tensors, Map<String, String> metadata)
            throws IOException {
        Layout layout = Layout.of(tensors, metadata);
        out.write(layout.start());
        byte[] piece = new byte[PIECE];
        for (TensorView tensor : layout.tensors()) {
            long bytes = tensor.info().bytes();
            for (long at = 0; at < bytes; at += PIECE) {
                int count = (int) Math.min(PIECE, bytes - at);
                tensor.readBytes(at, ByteBuffer.wrap(piece, 0, count).order(ByteOrder.LITTLE_ENDIAN));
                out.write(piece, 0, count);
            }
        }
    }

    /**
     * What lies where.
     *
     * @param start the header and its length
     * @param tensors in the order of their data
     */
    @SuppressWarnings("ArrayRecordComponent")
    private record Layout(byte[] start, List<TensorView> tensors) {

        static Layout of(List<? extends TensorView> tensors, Map<String, String> metadata) throws IOException {
            List<TensorView> layout = new ArrayList<>(tensors);
            Map<String, Long> begins = SafetensorsWriter.begins(layout);
            byte[] header = header(tensors, metadata, begins);
            ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(header.length).put(header);
            return new Layout(start.array(), layout);
        }
    }

    /** Sorts tensors by the place of their data, and says where each begins. */
    private static Map<String, Long> begins(List<TensorView> layout) {
        layout.sort(Comparator.comparingInt(tensor -> -tensor.info().dtype().bits()));
        Map<String, Long> begins = new HashMap<>();
        long at = 0;
        for (TensorView tensor : layout) {
            if (SafetensorsHeader.NOT_IN_THE_FORMAT.contains(tensor.info().dtype())) {
                throw new IllegalArgumentException("tensor '" + tensor.info().name() + "' is "
                        + tensor.info().dtype() + "; safetensors has no such dtype");
            }
            begins.put(tensor.info().name(), at);
            at = Math.addExact(at, tensor.info().bytes());
        }
        return begins;
    }

    private static byte[] header(
            List<? extends TensorView> tensors, Map<String, String> metadata, Map<String, Long> begins)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Set<String> names = new HashSet<>();
        names.add("__metadata__");
        try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart("__metadata__");
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            for (TensorView tensor : tensors) {
                TensorInfo info = tensor.info();
                if (!names.add(info.name())) {
                    throw new IllegalArgumentException("the tensor name '" + info.name() + "' is taken");
                }
                json.writeObjectFieldStart(info.name());
                json.writeStringField("dtype", info.dtype().name());
                json.writeFieldName("shape");
                long[] dims = info.shape().dims();
                json.writeArray(dims, 0, dims.length);
                json.writeFieldName("data_offsets");
                Long begin = begins.get(info.name());
                long start = begin == null ? 0 : begin;
                json.writeArray(new long[] {start, start + info.bytes()}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        while (bytes.size() % 8 != 0) {
            bytes.write(' ');
        }
        if (bytes.size() > SafetensorsHeader.MAX_BYTES) {
            throw new IllegalArgumentException(
                    "the header has " + bytes.size() + " bytes; the format allows " + SafetensorsHeader.MAX_BYTES);
        }
        return bytes.toByteArray();
    }
}
