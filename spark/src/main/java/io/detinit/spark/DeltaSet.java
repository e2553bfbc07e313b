package io.detinit.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What the manifest of a packed set says: an ordinary delta file for each shard, and the index of the shards.
 *
 * @param index the name of the index of the set that was packed; empty for a single file
 * @param text the index itself
 * @param shards the delta files in order
 */
record DeltaSet(String index, String text, List<Shard> shards) {

    /** The manifest. */
    static final String MANIFEST = "detinit-delta-set.json";

    private static final String FORMAT = "detinit-delta-set/1";
    private static final Pattern ENDING = Pattern.compile("\\.(safetensors|bin|pt|pth|ckpt|th)$");
    private static final int MAX_BYTES = 1 << 30;

    /**
     * A shard.
     *
     * @param delta the name of its delta file
     * @param file its own name
     * @param bytes the size of the delta file
     */
    record Shard(String delta, String file, long bytes) implements Serializable {}

    /**
     * The names of the delta files: each without the ending of its shard, or all with it where two would have the same name.
     *
     * @param shards the names of the shards
     * @return as many names
     */
    static List<String> deltasOf(Collection<String> shards) {
        List<String> names = shards.stream()
                .map(shard -> ENDING.matcher(shard).replaceFirst("") + ".delta")
                .toList();
        return new HashSet<>(names).size() == names.size()
                ? names
                : shards.stream().map(shard -> shard + ".delta").toList();
    }

    byte[] write() throws JsonProcessingException {
        JsonMapper mapper = new JsonMapper();
        ObjectNode object = mapper.createObjectNode().put("format", FORMAT);
        if (!index.isEmpty()) {
            object.putObject("index").put("name", index).put("text", text);
        }
        ArrayNode all = object.putArray("shards");
        shards.forEach(shard -> all.addObject()
                .put("delta", shard.delta())
                .put("file", shard.file())
                .put("bytes", shard.bytes()));
        return mapper.writeValueAsBytes(object);
    }

    /**
     * Reads the manifest of a folder, and looks whether all files are there.
     *
     * @param folder the folder
     * @param conf the settings of its file system
     * @throws MalformedFileException if it is no manifest, or a file has another size
     * @throws IOException if there is none, or a file is missing
     */
    static DeltaSet read(Path folder, Configuration conf) throws IOException {
        Path manifest = new Path(folder, MANIFEST);
        JsonNode node;
        try (HadoopBytes bytes = HadoopBytes.open(manifest, conf)) {
            node = new JsonMapper().readTree(new String(bytes.readAll(MAX_BYTES), StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw malformed(manifest, "the text", "no JSON", "a manifest of deltas");
        }
        if (!FORMAT.equals(node.path("format").asText())) {
            throw malformed(manifest, "format", "'" + node.path("format").asText() + "'", FORMAT);
        }
        List<Shard> shards = new ArrayList<>();
        Set<String> names = new HashSet<>();
        String index = node.path("index").path("name").asText();
        if (!index.isEmpty()) {
            names.add(name(manifest, index));
        }
        for (JsonNode shard : node.path("shards")) {
            String file = name(manifest, shard.path("file").asText());
            if (!names.add(file)) {
                throw malformed(manifest, "shards", "'" + file + "' twice", "each file once");
            }
            shards.add(new Shard(
                    name(manifest, shard.path("delta").asText()),
                    file,
                    shard.path("bytes").asLong()));
        }
        if (shards.isEmpty()) {
            throw malformed(manifest, "shards", "none", "at least one");
        }
        DeltaSet set = new DeltaSet(index, node.path("index").path("text").asText(), List.copyOf(shards));
        set.check(folder, conf);
        return set;
    }

    private void check(Path folder, Configuration conf) throws IOException {
        FileSystem system = folder.getFileSystem(conf);
        for (Shard shard : shards) {
            Path delta = new Path(folder, shard.delta());
            if (!system.exists(delta)) {
                throw HadoopBytes.missing(
                        delta, "a delta that " + MANIFEST + " names", new java.io.FileNotFoundException());
            }
            long bytes = system.getFileStatus(delta).getLen();
            if (bytes != shard.bytes()) {
                throw malformed(delta, "the file", bytes + " bytes", shard.bytes() + ", as " + MANIFEST + " says");
            }
        }
    }

    private static String name(Path manifest, String name) throws MalformedFileException {
        if (name.isEmpty() || name.startsWith(".") || name.contains("/") || name.contains("\\") || name.contains(":")) {
            throw malformed(manifest, "a file name", "'" + name + "'", "a name without a folder");
        }
        return name;
    }

    private static MalformedFileException malformed(Path path, String where, String found, String expected) {
        return MalformedFileException.of(RemoteCheckpoints.local(path), where, found, expected);
    }
}
