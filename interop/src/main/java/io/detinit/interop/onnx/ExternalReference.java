package io.detinit.interop.onnx;

import io.detinit.interop.file.FileBytes;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The {@code external_data} of a TensorProto (ONNX, "External Data").
 *
 * @param location a path relative to the model's folder
 * @param offset the first byte
 * @param length how many bytes, where it is given
 */
record ExternalReference(String location, long offset, OptionalLong length) {

    private static final int MAX_ENTRY_BYTES = 3 * WireCursor.MAX_NAME_BYTES;

    static ExternalReference read(FileWindow file, String label, Frame tensor, Warnings warnings) throws IOException {
        Map<String, String> entries = new HashMap<>();
        WireCursor fields = WireCursor.over(file, label, tensor);
        while (fields.next()) {
            if (fields.field() != TensorField.EXTERNAL_DATA) {
                continue;
            }
            if (fields.valueLength() > MAX_ENTRY_BYTES) {
                throw file.malformed(
                        label + ", external_data",
                        fields.fieldStart(),
                        fields.valueLength() + " bytes",
                        "at most " + MAX_ENTRY_BYTES);
            }
            Map.Entry<String, String> entry = ModelLayout.entry(fields.nested(label + ", external_data"));
            String key = entry.getKey();
            switch (key) {
                case "location", "offset", "length" -> {
                    if (entries.put(key, entry.getValue()) != null) {
                        throw file.malformed(
                                label + ", external_data", fields.fieldStart(), "a second " + key, "one of each");
                    }
                }
                case "checksum", "basepath" -> {} // nobody checks the one, Python's loader writes the other
                default -> {
                    if (!key.startsWith("prepacked")) {
                        warnings.add(label + ": external_data has the key '" + key + "', which is ignored");
                    }
                }
            }
        }
        String location = entries.get("location");
        if (location == null) {
            throw file.malformed(label + ", external_data", tensor.from(), "no location", "a location");
        }
        long offset = number(file, label, tensor, "offset", entries).orElse(0);
        return new ExternalReference(location, offset, number(file, label, tensor, "length", entries));
    }

    private static OptionalLong number(
            FileWindow file, String label, Frame tensor, String key, Map<String, String> entries) throws IOException {
        String text = entries.get(key);
        if (text == null) {
            return OptionalLong.empty();
        }
        if (!text.matches("[0-9]{1,18}")) {
            throw file.malformed(
                    label + ", external_data " + key, tensor.from(), "'" + text + "'", "a decimal number of bytes");
        }
        return OptionalLong.of(Long.parseLong(text));
    }

    /** Opens the file and checks that the elements lie in it. */
    Storage.External open(FileWindow file, String label, Frame tensor, long expected, ExternalFiles files)
            throws IOException {
        if (length.isPresent() && length.getAsLong() < expected) {
            throw file.malformed(
                    label + ", external_data length",
                    tensor.from(),
                    length.getAsLong() + " bytes",
                    expected + " bytes");
        }
        FileBytes data = files.open(label, location);
        long need = Math.max(expected, length.orElse(0));
        if (offset > data.size() || need > data.size() - offset) {
            throw file.malformed(
                    label + ", external_data",
                    tensor.from(),
                    "bytes " + offset + " to " + (offset + need) + " of '" + location + "'",
                    "a range inside its " + data.size() + " bytes");
        }
        return new Storage.External(data, offset);
    }
}
