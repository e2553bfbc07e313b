package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A new model file as a list of pieces: ranges of the old file, a few new bytes between them, the elements of the
 * replacements. Only the fields that change are encoded anew.
 */
final class OnnxRewriter {

    private static final int CHUNK = 1 << 16;

    /** A part of the new file. */
    private sealed interface Piece {
        long length();
    }

    private record Range(long from, long to) implements Piece {
        @Override
        public long length() {
            return to - from;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // private, never compared
    private record Bytes(byte[] bytes) implements Piece {
        @Override
        public long length() {
            return bytes.length;
        }
    }

    private record Elements(TensorView tensor) implements Piece {
        @Override
        public long length() {
            return tensor.info().bytes();
        }
    }

    private final FileWindow file;
    private final FileChannel source;
    private final List<Piece> pieces = new ArrayList<>();

    private OnnxRewriter(FileWindow file, FileChannel source) {
        this.file = file;
        this.source = source;
    }

    static OnnxRewriter plan(
            FileWindow file,
            FileChannel source,
            ModelLayout layout,
            Map<String, TensorView> replacements,
            Map<String, String> metadata)
            throws IOException {
        OnnxRewriter rewriter = new OnnxRewriter(file, source);
        rewriter.plan(layout, replacements, metadata);
        return rewriter;
    }

    private void plan(ModelLayout layout, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Map<String, String> changed = new LinkedHashMap<>(metadata);
        changed.entrySet()
                .removeIf(entry -> entry.getValue().equals(layout.metadata().get(entry.getKey())));
        copyTopLevel(0, layout.graphFieldStart(), changed);
        long graphEnd = layout.graphTo();
        if (replacements.isEmpty()) {
            copy(pieces, layout.graphFieldStart(), graphEnd);
        } else {
            List<Piece> graph = graph(layout, replacements);
            pieces.add(header(ModelField.GRAPH, length(graph)));
            pieces.addAll(graph);
        }
        copyTopLevel(graphEnd, file.size(), changed);
        changed.forEach((key, value) -> pieces.add(metadataEntry(key, value)));
        long total = length(pieces);
        if (total > Integer.MAX_VALUE) {
            throw new IOException(file.path() + ": the new model would have " + total
                    + " bytes; an ONNX file has at most 2147483647");
        }
    }

    /** Copies whole top-level fields but the metadata entries that are to be set. */
    private void copyTopLevel(long from, long to, Map<String, String> changed) throws IOException {
        long start = from;
        if (!changed.isEmpty()) {
            WireCursor model = new WireCursor(file, "model", from, to);
            while (model.next()) {
                if (model.field() == ModelField.METADATA_PROPS
                        && changed.containsKey(ModelLayout.entry(model.nested("metadata_props"))
                                .getKey())) {
                    copy(pieces, start, model.fieldStart());
                    start = model.fieldEnd();
                }
            }
        }
        copy(pieces, start, to);
    }

    private List<Piece> graph(ModelLayout layout, Map<String, TensorView> replacements) throws IOException {
        List<GraphInitializer> replaced = new ArrayList<>();
        for (GraphInitializer initializer : layout.initializers().values()) {
            if (replacements.containsKey(initializer.location().name())) {
                replaced.add(initializer);
            }
        }
        replaced.sort(Comparator.comparingLong(i -> i.location().fieldStart()));
        List<Piece> graph = new ArrayList<>();
        long start = layout.graphFrom();
        for (GraphInitializer initializer : replaced) {
            GraphInitializer.Location location = initializer.location();
            TensorView replacement = replacements.get(location.name());
            if (replacement == null) {
                throw new IllegalStateException(location.label());
            }
            copy(graph, start, location.fieldStart());
            List<Piece> tensor = tensor(location, replacement);
            graph.add(header(ModelField.GRAPH_INITIALIZER, length(tensor)));
            graph.addAll(tensor);
            start = location.to();
        }
        copy(graph, start, layout.graphTo());
        return graph;
    }

    /** The TensorProto without its old elements, the new ones as raw_data at its end. */
    private List<Piece> tensor(GraphInitializer.Location location, TensorView replacement) throws IOException {
        List<Piece> tensor = new ArrayList<>();
        long start = location.from();
        WireCursor fields = new WireCursor(file, location.label(), location.from(), location.to());
        while (fields.next()) {
            if (TensorField.isData(fields.field())) {
                copy(tensor, start, fields.fieldStart());
                start = fields.fieldEnd();
            }
        }
        copy(tensor, start, location.to());
        if (replacement.info().bytes() > 0) {
            tensor.add(header(TensorField.RAW_DATA, replacement.info().bytes()));
            tensor.add(new Elements(replacement));
        }
        return tensor;
    }

    private static void copy(List<Piece> pieces, long from, long to) {
        if (to > from) {
            pieces.add(new Range(from, to));
        }
    }

    private static Bytes metadataEntry(String key, String value) {
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        text(entry, ModelField.ENTRY_KEY, key);
        text(entry, ModelField.ENTRY_VALUE, value);
        ByteArrayOutputStream field = new ByteArrayOutputStream();
        field.writeBytes(header(ModelField.METADATA_PROPS, entry.size()).bytes());
        field.writeBytes(entry.toByteArray());
        return new Bytes(field.toByteArray());
    }

    private static void text(ByteArrayOutputStream out, int field, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeBytes(header(field, utf8.length).bytes());
        out.writeBytes(utf8);
    }

    /** Tag (of a field below 16) and length. */
    private static Bytes header(int field, long length) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(11);
        out.write((field << 3) | WireCursor.BYTES);
        long rest = length;
        while (rest >= 0x80) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        return new Bytes(out.toByteArray());
    }

    private static long length(List<Piece> pieces) {
        long sum = 0;
        for (Piece piece : pieces) {
            sum = Math.addExact(sum, piece.length());
        }
        return sum;
    }

    void write(FileChannel target) throws IOException {
        for (Piece piece : pieces) {
            if (piece instanceof Range range) {
                copy(range, target);
            } else if (piece instanceof Bytes bytes) {
                writeFully(target, ByteBuffer.wrap(bytes.bytes()));
            } else if (piece instanceof Elements elements) {
                write(elements.tensor(), target);
            }
        }
    }

    private void copy(Range range, FileChannel target) throws IOException {
        long at = range.from();
        while (at < range.to()) {
            long count = source.transferTo(at, range.to() - at, target);
            if (count <= 0) {
                throw new EOFException(
                        file.path() + ": the file became shorter while it was read; nothing at byte " + at);
            }
            at += count;
        }
    }

    private static void write(TensorView tensor, FileChannel target) throws IOException {
        long bytes = tensor.info().bytes();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (long at = 0; at < bytes; at += CHUNK) {
            chunk.clear().limit((int) Math.min(CHUNK, bytes - at));
            tensor.readBytes(at, chunk);
            writeFully(target, chunk.flip());
        }
    }

    private static void writeFully(FileChannel target, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
    }
}
