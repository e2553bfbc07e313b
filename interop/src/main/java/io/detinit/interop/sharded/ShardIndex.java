package io.detinit.interop.sharded;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An index: {@code {"metadata": {"total_size": N}, "weight_map": {tensor: shard}}}.
 *
 * @param fields everything but the weight map, kept when the index is written anew
 * @param weightMap the file name of each tensor's shard, in the order of the index
 */
record ShardIndex(ObjectNode fields, Map<String, String> weightMap) {

    static final int MAX_BYTES = 100_000_000;
    private static final int MAX_SHARDS = 10_000;
    private static final String WEIGHT_MAP = "weight_map";
    private static final String METADATA = "metadata";

    private static final JsonMapper JSON = JsonMapper.builder(com.fasterxml.jackson.core.JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxStringLength(MAX_BYTES)
                            .maxNameLength(1_000_000)
                            .build())
                    .build())
            .build();

    /**
     * Reads an index.
     *
     * @param path the file
     * @return the index; every shard name is a plain file name
     * @throws MalformedFileException if it is none
     * @throws IOException if it cannot be read
     */
    static ShardIndex read(Path path) throws IOException {
        try (FileBytes file = FileBytes.open(path)) {
            return parse(file.readAll(MAX_BYTES), path);
        }
    }

    static ShardIndex of(long totalBytes, Map<String, String> weightMap) {
        ObjectNode fields = JSON.createObjectNode();
        fields.putObject(METADATA).put("total_size", totalBytes);
        return new ShardIndex(fields, weightMap);
    }

    static ShardIndex parse(byte[] bytes, Object path) throws IOException {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw MalformedFileException.of(path, "byte 0", "bytes that are not UTF-8", "a JSON index in UTF-8");
        }
        ObjectNode fields = JSON.createObjectNode();
        Map<String, String> weightMap = null;
        try (JsonParser parser = JSON.createParser(text)) {
            expect(parser.nextToken(), JsonToken.START_OBJECT, "index", path);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals(WEIGHT_MAP)) {
                    expect(value, JsonToken.START_OBJECT, WEIGHT_MAP, path);
                    weightMap = weightMap(parser, path);
                } else {
                    fields.set(field, JSON.<JsonNode>readTree(parser));
                }
            }
            if (parser.nextToken() != null) {
                throw MalformedFileException.of(path, "index", "text after the JSON object", "spaces only");
            }
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
            String what = e.getOriginalMessage().replaceAll("\\s*\\(start marker at.*", "");
            throw MalformedFileException.of(path, "index, character " + at, what, "valid JSON");
        }
        if (weightMap == null || weightMap.isEmpty()) {
            String found = weightMap == null ? "no weight_map" : "an empty weight_map";
            throw MalformedFileException.of(path, "index", found, "a weight_map of tensors and their shards");
        }
        JsonNode metadata = fields.get(METADATA);
        if (metadata != null && !metadata.isObject()) {
            throw MalformedFileException.of(path, "index: metadata", "no JSON object", "one");
        }
        return new ShardIndex(fields, weightMap);
    }

    private static Map<String, String> weightMap(JsonParser parser, Object path) throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        Map<String, String> names = new HashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String tensor = parser.currentName();
            expect(parser.nextToken(), JsonToken.VALUE_STRING, "weight_map: tensor '" + tensor + "'", path);
            String shard = parser.getText();
            String known = names.get(shard);
            if (known == null) {
                known = checked(shard, tensor, path);
                names.put(known, known);
                if (names.size() > MAX_SHARDS) {
                    throw MalformedFileException.of(
                            path, "weight_map", "more than " + MAX_SHARDS + " shards", "at most " + MAX_SHARDS);
                }
            }
            map.put(tensor, known);
        }
        return map;
    }

    /** A shard lies beside the index: no folder, no drive, no other index. */
    private static String checked(String shard, String tensor, Object path) throws MalformedFileException {
        boolean plain = !shard.isEmpty()
                && shard.length() <= 255
                && !shard.equals(".")
                && !shard.equals("..")
                && shard.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ' || c == 0x7F)
                && !shard.endsWith(".json");
        if (plain) {
            try {
                plain = shard.equals(String.valueOf(Path.of(shard).getFileName()));
            } catch (java.nio.file.InvalidPathException e) {
                plain = false;
            }
        }
        if (!plain) {
            throw MalformedFileException.of(
                    path, "weight_map: tensor '" + tensor + "'", "the shard '" + shard + "'", "a file name, no path");
        }
        return shard;
    }

    private static void expect(@Nullable JsonToken found, JsonToken wanted, String where, Object path)
            throws MalformedFileException {
        if (found != wanted) {
            String name = found == null ? "the end of the file" : found.name();
            throw MalformedFileException.of(path, where, name, wanted.name());
        }
    }

    /** {@return the metadata: text as it is, everything else as JSON writes it} */
    Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : fields.path(METADATA).properties()) {
            JsonNode value = entry.getValue();
            metadata.put(entry.getKey(), value.isTextual() ? value.textValue() : value.toString());
        }
        return metadata;
    }

    /**
     * This index with other shard names and more metadata.
     *
     * @param shards the new name of each shard by its name here
     * @param more metadata to add or replace
     * @return the bytes of the new index, indented as Hugging Face's libraries do
     */
    byte[] with(Map<String, String> shards, Map<String, String> more) throws IOException {
        ObjectNode index = fields.deepCopy();
        if (!more.isEmpty()) {
            ObjectNode metadata = index.withObjectProperty(METADATA);
            more.forEach(metadata::put);
        }
        ObjectNode map = index.putObject(WEIGHT_MAP);
        weightMap.forEach((tensor, shard) -> map.put(tensor, shards.getOrDefault(shard, shard)));
        return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(index) + "\n")
                .getBytes(StandardCharsets.UTF_8);
    }
}
