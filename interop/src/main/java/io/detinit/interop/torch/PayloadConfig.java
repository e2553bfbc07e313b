package io.detinit.interop.torch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of a .pt2 archive that says which record holds which weight: {@code {"config": {name: {path_name, is_param,
 * use_pickle, tensor_meta}}}}. Source: {@code PayloadConfig} in {@code torch/_export/serde/schema.py}.
 *
 * @param payloads by the weight's name, in the file's order
 */
record PayloadConfig(Map<String, Payload> payloads) {

    private static final int MAX_BYTES = 1 << 28;
    private static final int MAX_RANK = 64;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxStringLength(1_000_000)
                    .maxNameLength(1_000_000)
                    .build())
            .build();

    /**
     * One weight.
     *
     * @param record the record's name in the folder of weights or of constants
     * @param parameter whether it is a parameter
     * @param pickled whether the record is a file of {@code torch.save}; else it is a raw storage
     * @param tensor how the tensor lies in the storage; null where there is none
     */
    record Payload(
            String record,
            boolean parameter,
            boolean pickled,
            @Nullable Meta tensor) {}

    /**
     * How a tensor lies in its storage.
     *
     * @param dtype PyTorch's number of it
     * @param sizes the shape
     * @param strides in elements
     * @param offset in elements
     * @param layout PyTorch's number of it; 7 is strided
     */
    record Meta(long dtype, List<Long> sizes, List<Long> strides, long offset, long layout) {}

    /**
     * Parses a configuration.
     *
     * @param file for messages
     * @param record the record's name, for messages
     * @param bytes the JSON
     * @return the weights
     * @throws MalformedFileException if it is no such JSON
     */
    static PayloadConfig parse(String file, String record, ByteSource bytes) throws IOException {
        byte[] text = bytes.readAll(MAX_BYTES);
        try (JsonParser parser = JSON.createParser(text)) {
            return new Reader(file, record, parser).config();
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset());
            throw MalformedFileException.of(file, record + ", byte " + at, e.getOriginalMessage(), "valid JSON");
        }
    }

    /** Reads by the grammar of the one JSON that is expected; fields that it does not know are skipped. */
    private static final class Reader {
        private final String file;
        private final String record;
        private final JsonParser parser;

        Reader(String file, String record, JsonParser parser) {
            this.file = file;
            this.record = record;
            this.parser = parser;
        }

        PayloadConfig config() throws IOException {
            Map<String, Payload> payloads = new LinkedHashMap<>();
            boolean found = false;
            begin("the top");
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                if (field.equals("config")) {
                    found = true;
                    expect(JsonToken.START_OBJECT, "config");
                    while (parser.nextToken() != JsonToken.END_OBJECT) {
                        String name = parser.currentName();
                        parser.nextToken();
                        payloads.put(name, payload("'" + name + "'"));
                    }
                } else {
                    parser.skipChildren();
                }
            }
            if (!found) {
                throw malformed("the top", "no config", "one");
            }
            if (parser.nextToken() != null) {
                throw malformed("the end", "text after the JSON object", "spaces only");
            }
            return new PayloadConfig(payloads);
        }

        private Payload payload(String where) throws IOException {
            String path = "";
            boolean parameter = false;
            boolean pickled = false;
            Meta tensor = null;
            expect(JsonToken.START_OBJECT, where);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (field) {
                    case "path_name" -> {
                        expect(JsonToken.VALUE_STRING, where + ": path_name");
                        path = parser.getText();
                    }
                    case "is_param" -> parameter = flag(where + ": is_param");
                    case "use_pickle" -> pickled = flag(where + ": use_pickle");
                    case "tensor_meta" -> {
                        if (value != JsonToken.VALUE_NULL) {
                            tensor = meta(where + ": tensor_meta");
                        }
                    }
                    default -> parser.skipChildren();
                }
            }
            if (path.isEmpty()) {
                throw malformed(where, "no path_name", "the record that holds it");
            }
            return new Payload(path, parameter, pickled, tensor);
        }

        private Meta meta(String where) throws IOException {
            long dtype = -1;
            List<Long> sizes = null;
            List<Long> strides = null;
            long offset = 0;
            long layout = 7;
            expect(JsonToken.START_OBJECT, where);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "dtype" -> dtype = number(where + ": dtype");
                    case "sizes" -> sizes = numbers(where + ": sizes");
                    case "strides" -> strides = numbers(where + ": strides");
                    case "storage_offset" -> offset = wrapped(where + ": storage_offset");
                    case "layout" -> layout = number(where + ": layout");
                    default -> parser.skipChildren();
                }
            }
            if (dtype < 0 || sizes == null || strides == null || sizes.size() != strides.size()) {
                throw malformed(where, "a missing field, or more sizes than strides", "dtype, sizes and strides");
            }
            return new Meta(dtype, sizes, strides, offset, layout);
        }

        private List<Long> numbers(String where) throws IOException {
            List<Long> numbers = new ArrayList<>();
            expect(JsonToken.START_ARRAY, where);
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                numbers.add(wrapped(where));
                if (numbers.size() > MAX_RANK) {
                    throw malformed(where, "more than " + MAX_RANK + " numbers", "fewer");
                }
            }
            return List.copyOf(numbers);
        }

        /** {@code {"as_int": 3}}; a symbolic size has as_expr, which no weight has. */
        private long wrapped(String where) throws IOException {
            long number = -1;
            expect(JsonToken.START_OBJECT, where);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                if (field.equals("as_int")) {
                    number = number(where);
                } else {
                    parser.skipChildren();
                }
            }
            if (number < 0) {
                throw malformed(where, "no as_int", "a number");
            }
            return number;
        }

        private long number(String where) throws IOException {
            expect(JsonToken.VALUE_NUMBER_INT, where);
            if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER || parser.getLongValue() < 0) {
                throw malformed(where, parser.getText(), "an integer in [0, 2^63)");
            }
            return parser.getLongValue();
        }

        private boolean flag(String where) throws IOException {
            if (!parser.currentToken().isBoolean()) {
                throw malformed(where, parser.currentToken().name(), "true or false");
            }
            return parser.getBooleanValue();
        }

        private void begin(String where) throws IOException {
            parser.nextToken();
            expect(JsonToken.START_OBJECT, where);
        }

        private void expect(JsonToken wanted, String where) throws MalformedFileException {
            JsonToken found = parser.currentToken();
            if (found != wanted) {
                throw malformed(where, found == null ? "the end of the text" : found.name(), wanted.name());
            }
        }

        private MalformedFileException malformed(String where, String found, String expected) {
            return MalformedFileException.of(file, record + ": " + where, found, expected);
        }
    }
}
