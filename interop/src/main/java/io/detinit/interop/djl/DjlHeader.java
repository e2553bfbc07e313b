package io.detinit.interop.djl;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The header of a {@code .params} file ({@code ai.djl.BaseModel.save}): {@code 'DJL@'}, version 1, the model's name and data type,
 * name and shape of each input, properties.
 *
 * @param modelName the name the model was saved under
 * @param dataType its data type as DJL names it, such as {@code FLOAT32}
 * @param properties the model's properties, in the order of the file; values that were cut into pieces are whole
 * @param propertiesFrom the first byte of the properties
 * @param end the byte after them, where the block tree begins
 */
record DjlHeader(String modelName, String dataType, Map<String, String> properties, long propertiesFrom, long end) {

    private static final int MAGIC = 0x444A4C40; // DJL@
    private static final int VERSION = 1;
    private static final int MAX_INPUTS = 10_000;
    private static final int MAX_PROPERTIES = 10_000;

    /** A string has at most 65,535 bytes; a char takes at most 3. Longer values are cut into pieces {@code key#1}, {@code key#2}, ... */
    private static final int PIECE = 21_845;

    /**
     * Reads.
     *
     * @param cursor at the first byte of the file; then at the byte after the header
     * @return the header
     * @throws io.detinit.interop.file.MalformedFileException if it is malformed
     * @throws IOException if reading fails
     */
    static DjlHeader read(DjlCursor cursor) throws IOException {
        if (cursor.readInt("the magic") != MAGIC) {
            throw cursor.malformed(0, "no DJL parameters", "the bytes 'DJL@'");
        }
        int version = cursor.readInt("the version");
        if (version != VERSION) {
            throw cursor.malformed(4, "version " + version, "version " + VERSION);
        }
        String modelName = cursor.readUtf("the model's name");
        String dataType = cursor.readUtf("the data type");
        int inputs = cursor.readCount("number of inputs", MAX_INPUTS);
        for (int k = 0; k < inputs; k++) {
            cursor.readUtf("an input's name");
            skipInputShape(cursor);
        }
        long from = cursor.position();
        int count = cursor.readCount("number of properties", MAX_PROPERTIES);
        Map<String, String> properties = new LinkedHashMap<>();
        for (int k = 0; k < count; k++) {
            long at = cursor.position();
            String key = cursor.readUtf("a property's key");
            if (properties.put(key, cursor.readUtf("a property's value")) != null) {
                throw cursor.malformed(at, "the property '" + key + "' a second time", "unique keys");
            }
        }
        return new DjlHeader(
                modelName, dataType, Collections.unmodifiableMap(joined(properties)), from, cursor.position());
    }

    /** Axes of inputs may be -1, unknown. */
    private static void skipInputShape(DjlCursor cursor) throws IOException {
        int axes = cursor.readCount("an input's number of axes", DjlCursor.MAX_RANK);
        for (int axis = 0; axis < axes; axis++) {
            cursor.readLong("an input's axis");
        }
        int letters = cursor.readCount("an input's layout", DjlCursor.MAX_RANK);
        for (int k = 0; k < letters; k++) {
            cursor.readUnsignedShort("an input's layout");
        }
    }

    private static Map<String, String> joined(Map<String, String> properties) {
        Map<String, String> left = new LinkedHashMap<>(properties);
        Map<String, String> joined = new LinkedHashMap<>();
        for (Map.Entry<String, String> entry : properties.entrySet()) {
            String key = entry.getKey();
            boolean first = key.endsWith("#1") && entry.getValue().length() == PIECE;
            String whole = first ? key.substring(0, key.length() - 2) : key;
            if (left.containsKey(key) && (!first || properties.containsKey(whole))) {
                joined.put(key, entry.getValue());
            } else if (left.containsKey(key)) {
                StringBuilder value = new StringBuilder();
                String piece = left.get(whole + "#1");
                for (int number = 1; piece != null; number++) {
                    value.append(piece);
                    left.remove(whole + "#" + number);
                    joined.remove(whole + "#" + number);
                    piece = left.get(whole + "#" + (number + 1));
                }
                joined.put(whole, value.toString());
            }
        }
        return joined;
    }

    /**
     * The properties section with more properties.
     *
     * @param more to add or to replace
     * @return its bytes
     * @throws IllegalArgumentException if a key has more than 65,000 bytes
     */
    byte[] properties(Map<String, String> more) throws IOException {
        Map<String, String> merged = new LinkedHashMap<>(properties);
        merged.putAll(more);
        Map<String, String> pieces = new LinkedHashMap<>();
        merged.forEach((key, value) -> {
            if (utfBytes(key) > 65_000) {
                throw new IllegalArgumentException(
                        "a property's key has " + utfBytes(key) + " bytes, at most 65,000 fit");
            }
            if (utfBytes(value) <= 65_535) {
                pieces.put(key, value);
                return;
            }
            for (int from = 0, number = 1; from < value.length(); from += PIECE, number++) {
                pieces.put(key + "#" + number, value.substring(from, Math.min(value.length(), from + PIECE)));
            }
        });
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(pieces.size());
            for (Map.Entry<String, String> piece : pieces.entrySet()) {
                out.writeUTF(piece.getKey());
                out.writeUTF(piece.getValue());
            }
        }
        return bytes.toByteArray();
    }

    /** The bytes of a string in modified UTF-8. */
    private static long utfBytes(String text) {
        return text.chars()
                .mapToLong(c -> c >= 1 && c < 0x80 ? 1 : c < 0x800 ? 2 : 3)
                .sum();
    }
}
