package io.detinit.interop.verify;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Finds the data files that an ONNX model names, by walking its messages: ModelProto, its graphs, functions, nodes, attributes
 * and tensors (field numbers of onnx.proto). Not thread-safe.
 */
final class ExternalData {

    private static final int MAX_DEPTH = 64;
    private static final int MAX_LOCATION = 4096;

    /** The messages that may lead to a tensor. */
    private enum Message {
        MODEL,
        TRAINING,
        GRAPH,
        FUNCTION,
        NODE,
        ATTRIBUTE,
        SPARSE,
        TENSOR,
        ENTRY,
        OTHER;

        Message child(int field) {
            return switch (this) {
                case MODEL -> field == 7 ? GRAPH : field == 20 ? TRAINING : field == 25 ? FUNCTION : OTHER;
                case TRAINING -> field == 1 || field == 2 ? GRAPH : OTHER;
                case GRAPH -> field == 1 ? NODE : field == 5 ? TENSOR : field == 15 ? SPARSE : OTHER;
                case FUNCTION -> field == 7 ? NODE : field == 11 ? ATTRIBUTE : OTHER;
                case NODE -> field == 5 ? ATTRIBUTE : OTHER;
                case ATTRIBUTE -> attribute(field);
                case SPARSE -> field == 1 || field == 2 ? TENSOR : OTHER;
                case TENSOR -> field == 13 ? ENTRY : OTHER;
                default -> OTHER;
            };
        }

        private static Message attribute(int field) {
            return switch (field) {
                case 5, 10 -> TENSOR;
                case 6, 11 -> GRAPH;
                case 22, 23 -> SPARSE;
                default -> OTHER;
            };
        }
    }

    private final Path model;
    private final ByteSource file;
    private final Set<Path> found = new LinkedHashSet<>();
    private long position;

    private ExternalData(Path model, ByteSource file) {
        this.model = model;
        this.file = file;
    }

    /**
     * The data files of a model: regular files in its folder or below it. Others are never looked at.
     *
     * @throws MalformedFileException if the model's messages are broken
     */
    static Set<Path> of(Path model) throws IOException {
        try (FileBytes file = FileBytes.open(model)) {
            ExternalData walk = new ExternalData(model, file);
            walk.message(Message.MODEL, file.size(), 0);
            return walk.found;
        }
    }

    private void message(Message message, long end, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw MalformedFileException.of(
                    model, "byte " + position, "messages nested deeper than " + MAX_DEPTH, "fewer");
        }
        String key = "";
        String value = "";
        while (position < end) {
            long tag = varint(end);
            int field = (int) (tag >>> 3);
            switch ((int) (tag & 7)) {
                case 0 -> varint(end);
                case 1 -> skip(8, end);
                case 5 -> skip(4, end);
                case 2 -> {
                    long next = length(end);
                    if (message == Message.ENTRY && field == 1) {
                        key = text(next);
                    } else if (message == Message.ENTRY && field == 2) {
                        value = text(next);
                    } else if (message.child(field) != Message.OTHER) {
                        message(message.child(field), next, depth + 1);
                    }
                    position = next;
                }
                default -> throw broken("wire type " + (tag & 7), "0, 1, 2 or 5");
            }
        }
        if (key.equals("location")) {
            add(value);
        }
    }

    private MalformedFileException broken(String found, String expected) {
        return MalformedFileException.of(model, "byte " + position, found, expected);
    }

    private void skip(long bytes, long end) throws IOException {
        if (bytes < 0 || bytes > end - position) {
            throw broken("a field of " + bytes + " bytes", "at most " + (end - position));
        }
        position += bytes;
    }

    /** Reads a length; returns where what it counts ends. */
    private long length(long end) throws IOException {
        long bytes = varint(end);
        long from = position;
        skip(bytes, end);
        long next = position;
        position = from;
        return next;
    }

    private long varint(long end) throws IOException {
        ByteBuffer bytes = file.view(position, (int) Math.min(10, end - position));
        long value = 0;
        for (int shift = 0; bytes.hasRemaining(); shift += 7) {
            byte octet = bytes.get();
            value |= (octet & 0x7FL) << shift;
            if (octet >= 0) {
                position += bytes.position();
                return value;
            }
        }
        throw broken("an integer that does not end", "at most 10 bytes");
    }

    private String text(long end) throws IOException {
        int length = (int) Math.min(MAX_LOCATION, end - position);
        return StandardCharsets.UTF_8.decode(file.view(position, length)).toString();
    }

    private void add(String location) {
        try {
            Path relative = Path.of(location).normalize();
            Path data = model.toAbsolutePath().resolveSibling(relative);
            boolean inside = !relative.isAbsolute() && !relative.startsWith("..");
            if (inside && Files.isRegularFile(data, LinkOption.NOFOLLOW_LINKS)) {
                found.add(data);
            }
        } catch (InvalidPathException e) {
            // names no file
        }
    }
}
