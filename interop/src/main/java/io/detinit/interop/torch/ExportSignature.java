package io.detinit.interop.torch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorInfo.Kind;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What the graph of an exported program calls parameters and buffers: the values of every {@code parameter_name} and {@code
 * buffer_name} in its JSON. Nothing else of it is read. Source: {@code InputSpec} in {@code torch/_export/serde/schema.py}.
 *
 * @param parameters names of parameters
 * @param buffers names of buffers, those included that no state dict lists
 */
record ExportSignature(Set<String> parameters, Set<String> buffers) {

    private static final int MAX_BYTES = 1 << 29;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // as Python writes them
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(1000)
                    .maxStringLength(MAX_BYTES)
                    .maxNameLength(1_000_000)
                    .build())
            .build();

    /**
     * Parses a program.
     *
     * @param file for messages
     * @param record the record's name, for messages
     * @param bytes the JSON
     * @return its parameters and buffers
     * @throws MalformedFileException if it is no JSON
     */
    static ExportSignature parse(String file, String record, ByteSource bytes) throws IOException {
        Set<String> parameters = new HashSet<>();
        Set<String> buffers = new HashSet<>();
        byte[] text = bytes.readAll(MAX_BYTES);
        try (JsonParser parser = JSON.createParser(text)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_STRING && parser.currentName() != null) {
                    switch (parser.currentName()) {
                        case "parameter_name" -> parameters.add(parser.getText());
                        case "buffer_name" -> buffers.add(parser.getText());
                        default -> {}
                    }
                }
            }
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset());
            throw MalformedFileException.of(file, record + ", byte " + at, e.getOriginalMessage(), "valid JSON");
        }
        return new ExportSignature(parameters, buffers);
    }

    /**
     * What a tensor is.
     *
     * @param name its name
     * @return PARAMETER or BUFFER; empty where the graph has no such name
     */
    Optional<Kind> kind(String name) {
        return parameters.contains(name)
                ? Optional.of(Kind.PARAMETER)
                : buffers.contains(name) ? Optional.of(Kind.BUFFER) : Optional.empty();
    }
}
