package io.detinit.interop.djl;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The header of a {@code .params} file ({@code ai.djl.BaseModel.save}): {@code 'DJL@'}, version 1, the model's name and data type,
 * name and shape of each input, properties.
 *
 * @param modelName the name the model was saved under
 * @param dataType its data type as DJL names it, such as {@code FLOAT32}
 * @param properties the model's properties, in the order of the file
 * @param propertiesFrom the first byte of the properties
 * @param end the byte after them, where the block tree begins
 */
record DjlHeader(String modelName, String dataType, Map<String, String> properties, long propertiesFrom, long end) {

    private static final int MAGIC = 0x444A4C40; // DJL@
    private static final int VERSION = 1;
    private static final int MAX_INPUTS = 10_000;
    private static final int MAX_PROPERTIES = 10_000;

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
        return new DjlHeader(modelName, dataType, Collections.unmodifiableMap(properties), from, cursor.position());
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

    /**
     * The properties section with more properties.
     *
     * @param more to add or to replace; what exceeds the 65,535 bytes of a string in this format is left out
     * @return its bytes
     */
    byte[] properties(Map<String, String> more) throws IOException {
        Map<String, byte[]> encoded = new LinkedHashMap<>();
        Map<String, String> merged = new LinkedHashMap<>(properties);
        merged.putAll(more);
        for (Map.Entry<String, String> entry : merged.entrySet()) {
            ByteArrayOutputStream pair = new ByteArrayOutputStream();
            try (DataOutputStream out = new DataOutputStream(pair)) {
                out.writeUTF(entry.getKey());
                out.writeUTF(entry.getValue());
            } catch (UTFDataFormatException e) {
                pair.reset(); // longer than a string may be
            }
            if (pair.size() > 0) {
                encoded.put(entry.getKey(), pair.toByteArray());
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(encoded.size());
            for (byte[] pair : encoded.values()) {
                out.write(pair);
            }
        }
        return bytes.toByteArray();
    }
}
