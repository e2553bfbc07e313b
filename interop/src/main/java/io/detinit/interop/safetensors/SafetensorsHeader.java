package io.detinit.interop.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The JSON header of a safetensors file, checked against every rule of the format.
 *
 * @param entries the tensors in header order
 * @param metadata the {@code __metadata__} strings, in order
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {

    /** The header may have at most this many bytes (the reference implementation's limit). */
    static final long MAX_BYTES = 100_000_000;

    /** Dtypes that other formats have and this one does not. */
    static final Set<DType> NOT_IN_THE_FORMAT = EnumSet.of(DType.C128, DType.I4, DType.U4, DType.I2, DType.U2);

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxStringLength((int) MAX_BYTES)
                    .maxNameLength(1_000_000)
                    .build())
            .build();

    /**
     * One tensor.
     *
     * @param name its name
     * @param dtype its dtype
     * @param shape its shape
     * @param begin the first byte, counted from the start of the data
     * @param end the byte after the last
     */
    record Entry(String name, DType dtype, TensorShape shape, long begin, long end) {}

    /**
     * Parses and checks.
     *
     * @param bytes the header's bytes
     * @param dataBytes how many bytes follow the header in the file
     * @param file for messages
     * @return the header
     * @throws MalformedFileException if a rule is broken
     */
    static SafetensorsHeader parse(ByteBuffer bytes, long dataBytes, Object file) throws MalformedFileException {
        String json;
        try {
            json = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(bytes)
                    .toString();
        } catch (CharacterCodingException e) {
            throw MalformedFileException.of(file, "header at byte 8", "bytes that are not UTF-8", "UTF-8 JSON");
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(json)) {
            expect(parser.nextToken(), JsonToken.START_OBJECT, "header at byte 8", file);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                if (name.equals("__metadata__")) {
                    readMetadata(parser, metadata, file);
                } else {
                    entries.add(readEntry(parser, name, file));
                }
            }
            if (parser.nextToken() != null) {
                throw MalformedFileException.of(file, "header", "text after the JSON object", "spaces only");
            }
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
            String what = e.getOriginalMessage().replaceAll("\\s*\\(start marker at.*", "");
            throw MalformedFileException.of(file, "header, character " + at, what, "valid JSON");
        } catch (MalformedFileException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        checkOffsets(entries, dataBytes, file);
        return new SafetensorsHeader(List.copyOf(entries), metadata);
    }

    private static void readMetadata(JsonParser parser, Map<String, String> metadata, Object file) throws IOException {
        expect(parser.nextToken(), JsonToken.START_OBJECT, "__metadata__", file);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            expect(parser.nextToken(), JsonToken.VALUE_STRING, "__metadata__ '" + key + "'", file);
            metadata.put(key, parser.getText());
        }
    }

    private static Entry readEntry(JsonParser parser, String name, Object file) throws IOException {
        String where = "tensor '" + name + "'";
        expect(parser.nextToken(), JsonToken.START_OBJECT, where, file);
        String dtypeName = "";
        long[] dims = null;
        long[] offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "dtype" -> {
                    expect(value, JsonToken.VALUE_STRING, where + ": dtype", file);
                    dtypeName = parser.getText();
                }
                case "shape" -> dims = readLongs(parser, where + ": shape", file);
                case "data_offsets" -> offsets = readLongs(parser, where + ": data_offsets", file);
                default -> parser.skipChildren(); // the reference implementation ignores other fields too
            }
        }
        if (dims == null || offsets == null || offsets.length != 2) {
            throw MalformedFileException.of(file, where, "a missing field", "dtype, shape and two data_offsets");
        }
        DType dtype = DType.of(dtypeName).orElse(null);
        if (dtype == null || NOT_IN_THE_FORMAT.contains(dtype)) {
            throw MalformedFileException.of(file, where + ": dtype", "'" + dtypeName + "'", "a safetensors dtype");
        }
        return entry(name, dtype, dims, offsets, where, file);
    }

    private static Entry entry(String name, DType dtype, long[] dims, long[] offsets, String where, Object file)
            throws MalformedFileException {
        TensorShape shape;
        long size;
        try {
            shape = TensorShape.of(dims);
            size = dtype.bytesOf(shape.elements());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw MalformedFileException.of(
                    file, where + ": shape", java.util.Arrays.toString(dims), "fewer than 2^63 bytes");
        }
        if (!dtype.isWholeBytes() && Math.multiplyExact(shape.elements() % 8, dtype.bits()) % 8 != 0) {
            throw MalformedFileException.of(
                    file, where + ": shape", shape + " of " + dtype.bits() + " bits each", "whole bytes");
        }
        if (offsets[1] < offsets[0]) {
            throw MalformedFileException.of(
                    file, where + ": data_offsets", offsets[0] + ".." + offsets[1], "an end not before the start");
        }
        if (offsets[1] - offsets[0] != size) {
            throw MalformedFileException.of(
                    file,
                    where + ": data_offsets",
                    (offsets[1] - offsets[0]) + " bytes",
                    size + " bytes for " + dtype + " " + shape);
        }
        return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private static long[] readLongs(JsonParser parser, String where, Object file) throws IOException {
        expect(parser.currentToken(), JsonToken.START_ARRAY, where, file);
        List<Long> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, where, file);
            if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER || parser.getLongValue() < 0) {
                throw MalformedFileException.of(file, where, parser.getText(), "an integer in [0, 2^63)");
            }
            values.add(parser.getLongValue());
        }
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    private static void expect(
            @org.jspecify.annotations.Nullable JsonToken found, JsonToken wanted, String where, Object file)
            throws MalformedFileException {
        if (found != wanted) {
            throw MalformedFileException.of(
                    file, where, found == null ? "the end of the header" : found.name(), wanted.name());
        }
    }

    /** The tensors must cover the data without hole, overlap or rest. */
    private static void checkOffsets(List<Entry> entries, long dataBytes, Object file) throws MalformedFileException {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long at = 0;
        for (Entry entry : sorted) {
            if (entry.begin() != at) {
                throw MalformedFileException.of(
                        file,
                        "tensor '" + entry.name() + "': data_offsets",
                        "a start at data byte " + entry.begin(),
                        "data byte " + at + " (no hole, no overlap)");
            }
            at = entry.end();
        }
        if (at != dataBytes) {
            throw MalformedFileException.of(
                    file,
                    "end of the data",
                    dataBytes + " bytes after the header",
                    at + " bytes" + (dataBytes < at ? "; the file is truncated" : "; the rest belongs to no tensor"));
        }
    }
}
