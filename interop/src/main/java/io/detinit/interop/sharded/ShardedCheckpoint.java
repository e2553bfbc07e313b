package io.detinit.interop.sharded;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Several files and their index as one checkpoint. Every shard is opened, which reads its header alone, and every tensor of the index
 * must be in the shard that it names; the elements are read when asked for. Shards stay open, a file handle each.
 *
 * <p>Tensors come in the order of the index's {@code weight_map}. Hugging Face's libraries sort it by name when they write it, so
 * layer ids of a default plan follow that order.
 *
 * <p>A shard is a file beside the index. It may be a symbolic link only to a file in that folder or in the folder of the index's own
 * target (the layout of Hugging Face's download cache). Reading is safe for use by many threads where it is so for the shards.
 */
public final class ShardedCheckpoint implements Checkpoint {

    /** Callers that tell formats by content look at fewer bytes of a file. */
    private static final int PROBE = 4096;

    private final Path path;
    private final ShardIndex index;
    private final Map<String, Shard> shards;
    private final Map<String, TensorView> tensors;
    private final List<String> warnings;

    /** Opens one shard. It is not asked to open what looks like an index, so a set cannot contain itself. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Opens a file.
         *
         * @param path the file
         * @return the open checkpoint
         * @throws IOException if it is malformed or cannot be read
         */
        Checkpoint open(Path path) throws IOException;
    }

    /**
     * An open shard.
     *
     * @param realPath where it lies, links resolved
     * @param checkpoint the open file
     * @param tensors what the index says is in it
     */
    record Shard(Path realPath, Checkpoint checkpoint, List<String> tensors) {}

    private ShardedCheckpoint(
            Path path,
            ShardIndex index,
            Map<String, Shard> shards,
            Map<String, TensorView> tensors,
            List<String> warnings) {
        this.path = path;
        this.index = index;
        this.shards = shards;
        this.tensors = tensors;
        this.warnings = List.copyOf(warnings);
    }

    /**
     * Whether a file looks like an index: JSON, with a name that ends in {@code .index.json} or a {@code weight_map} among its first
     * bytes.
     *
     * @param path the file
     * @param head its first bytes
     * @return whether {@link #open} should say more
     */
    public static boolean looksLikeIndex(Path path, byte[] head) {
        String start = new String(head, StandardCharsets.ISO_8859_1);
        boolean named = String.valueOf(path.getFileName()).endsWith(ShardNames.INDEX);
        return start.stripLeading().startsWith("{") && (named || start.contains("\"weight_map\""));
    }

    /**
     * The index in a folder.
     *
     * @param folder the folder
     * @return the one file whose name ends in {@code .index.json}, empty where there is none
     * @throws IOException if there are several, which are then named, or the folder cannot be read
     */
    public static Optional<Path> indexIn(Path folder) throws IOException {
        List<Path> found = ShardNames.indexes(folder);
        if (found.size() > 1) {
            throw new IOException(folder + ": has " + found.size() + " indexes, "
                    + found.get(0).getFileName() + " and " + found.get(1).getFileName()
                    + (found.size() > 2 ? " among them" : "") + "; name one of them");
        }
        return found.stream().findFirst();
    }

    /**
     * Opens an index and its shards.
     *
     * @param path the index
     * @param opener opens a shard
     * @return the open set; close it
     * @throws MalformedFileException if the index or a shard breaks the rules of its format, or they do not belong together
     * @throws NoSuchFileException if a shard is missing
     * @throws IOException if a file cannot be read
     */
    public static ShardedCheckpoint open(Path path, Opener opener) throws IOException {
        return open(path, ShardIndex.read(path), opener);
    }

    static ShardedCheckpoint open(Path path, ShardIndex index, Opener opener) throws IOException {
        Map<String, Path> files = new LinkedHashMap<>();
        for (String shard : new LinkedHashSet<>(index.weightMap().values())) {
            files.put(shard, locate(path, shard)); // all of them, before the first is opened
        }
        return assemble(path.toString(), path, index, files, shard -> opener.open(path.resolveSibling(shard)));
    }

    /** Opens one shard by its file name. */
    @FunctionalInterface
    public interface NamedOpener {
        /**
         * Opens a shard beside the index.
         *
         * @param shard its file name
         * @return the open checkpoint
         * @throws IOException if it is missing, malformed or cannot be read
         */
        Checkpoint open(String shard) throws IOException;
    }

    /**
     * Opens an index and its shards from anywhere, such as a store of objects.
     *
     * @param index the index; its name is what messages call it
     * @param path what {@link #path} gives
     * @param opener opens a shard
     * @return the open set; close it
     * @throws MalformedFileException if the index or a shard breaks the rules of its format, or they do not belong together
     * @throws IOException if something cannot be read
     */
    public static ShardedCheckpoint open(ByteSource index, Path path, NamedOpener opener) throws IOException {
        ShardIndex parsed = ShardIndex.parse(index.readAll(ShardIndex.MAX_BYTES), index.name());
        return assemble(index.name(), path, parsed, Map.of(), opener);
    }

    private static ShardedCheckpoint assemble(
            String source, Path path, ShardIndex index, Map<String, Path> files, NamedOpener opener)
            throws IOException {
        Map<String, List<String>> byShard = new LinkedHashMap<>();
        index.weightMap()
                .forEach((tensor, shard) ->
                        byShard.computeIfAbsent(shard, s -> new ArrayList<>()).add(tensor));
        Map<String, Shard> shards = new TreeMap<>(); // by name, which is by number
        try {
            Map<String, TensorView> found = new HashMap<>();
            List<String> warnings = new ArrayList<>();
            for (Map.Entry<String, List<String>> entry : byShard.entrySet()) {
                Path file = files.getOrDefault(entry.getKey(), path);
                Checkpoint checkpoint = opener.open(entry.getKey());
                shards.put(entry.getKey(), new Shard(file, checkpoint, List.copyOf(entry.getValue())));
                collect(source, entry.getKey(), checkpoint, entry.getValue(), found, warnings);
            }
            checkFormats(source, shards);
            Map<String, TensorView> ordered = new LinkedHashMap<>();
            index.weightMap().keySet().forEach(name -> ordered.put(name, found.get(name)));
            checkTotal(index, ordered.values(), warnings);
            return new ShardedCheckpoint(path, index, shards, ordered, warnings);
        } catch (IOException | RuntimeException e) {
            closeAll(shards.values(), e);
            throw e;
        }
    }

    private static Path locate(Path index, String shard) throws IOException {
        Path file = index.resolveSibling(shard);
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString(), null, "a shard that " + index.getFileName() + " names");
        }
        Path real = file.toRealPath();
        Path folder = index.toAbsolutePath().getParent();
        boolean inside = folder != null && folder.toRealPath().equals(real.getParent());
        Path indexFolder = index.toRealPath().getParent();
        boolean besideTarget = indexFolder != null && indexFolder.equals(real.getParent());
        if (!Files.isRegularFile(real) || !(inside || besideTarget)) {
            throw MalformedFileException.of(
                    index,
                    "weight_map: shard '" + shard + "'",
                    Files.isRegularFile(real) ? "a link out of the folder" : "no regular file",
                    "a file beside the index");
        }
        byte[] head;
        try (InputStream in = Files.newInputStream(real)) {
            head = in.readNBytes(PROBE);
        }
        if (looksLikeIndex(file, head)) {
            throw MalformedFileException.of(
                    index, "weight_map: shard '" + shard + "'", "another index", "a file that holds tensors");
        }
        return real;
    }

    private static void collect(
            String index,
            String shard,
            Checkpoint checkpoint,
            List<String> wanted,
            Map<String, TensorView> found,
            List<String> warnings)
            throws MalformedFileException {
        Map<String, TensorView> inside = new HashMap<>();
        checkpoint.tensors().forEach(tensor -> inside.put(tensor.info().name(), tensor));
        for (String name : wanted) {
            TensorView tensor = inside.remove(name);
            if (tensor == null) {
                throw MalformedFileException.of(
                        index, "weight_map: tensor '" + name + "'", "no such tensor in " + shard, "one");
            }
            found.put(name, tensor);
        }
        if (!inside.isEmpty()) {
            String first = Collections.min(inside.keySet());
            warnings.add(shard + ": " + inside.size() + " tensor" + (inside.size() == 1 ? "" : "s")
                    + " that the index does not place there, such as '" + first + "'; not read");
        }
        checkpoint.warnings().forEach(warning -> warnings.add(shard + ": " + warning));
    }

    private static void checkFormats(String index, Map<String, Shard> shards) throws MalformedFileException {
        String format = "";
        for (Map.Entry<String, Shard> entry : shards.entrySet()) {
            String found = entry.getValue().checkpoint().format();
            format = format.isEmpty() ? found : format;
            if (!found.equals(format)) {
                throw MalformedFileException.of(
                        index, "shard '" + entry.getKey() + "'", found, format + " like others");
            }
        }
    }

    private static void checkTotal(ShardIndex index, Iterable<TensorView> tensors, List<String> warnings) {
        String stated = index.metadata().get("total_size");
        if (stated == null) {
            return;
        }
        long total = 0;
        for (TensorView tensor : tensors) {
            total += tensor.info().bytes();
        }
        try {
            if (new java.math.BigDecimal(stated).compareTo(java.math.BigDecimal.valueOf(total)) != 0) {
                warnings.add("the index states total_size " + stated + ", its tensors have " + total + " bytes");
            }
        } catch (NumberFormatException e) {
            warnings.add("the index states a total_size that is no number");
        }
    }

    @Override
    public Path path() {
        return path;
    }

    /** {@return the format of the shards and {@code " (sharded)"}} */
    @Override
    public String format() {
        return shards.values().iterator().next().checkpoint().format() + " (sharded)";
    }

    @Override
    public List<TensorView> tensors() {
        return List.copyOf(tensors.values());
    }

    @Override
    public Optional<TensorView> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /** {@return the metadata of the index; the shards' own is not shown} */
    @Override
    public Map<String, String> metadata() {
        return index.metadata();
    }

    /** {@return the file name of each tensor's shard, in the order of the index} */
    public Map<String, String> weightMap() {
        return Collections.unmodifiableMap(index.weightMap());
    }

    /**
     * The index of a copy whose shards have the same names.
     *
     * @param more metadata to add or replace
     * @return the bytes of the new index
     * @throws IOException never
     */
    public byte[] index(Map<String, String> more) throws IOException {
        return index.with(Map.of(), more);
    }

    /**
     * The index of a set of any tensors.
     *
     * @param totalBytes of all tensors
     * @param metadata entries beside {@code total_size}
     * @param weightMap the file name of each tensor's shard
     * @return the bytes of the index
     * @throws IOException never
     */
    public static byte[] index(long totalBytes, Map<String, String> metadata, Map<String, String> weightMap)
            throws IOException {
        return ShardIndex.of(totalBytes, weightMap).with(Map.of(), metadata);
    }

    /** {@return what the shards say, as far as the index places both tensors there} */
    @Override
    public Map<String, String> tied() {
        Map<String, String> tied = new LinkedHashMap<>();
        for (Shard shard : shards.values()) {
            Set<String> placed = new HashSet<>(shard.tensors());
            shard.checkpoint().tied().forEach((name, first) -> {
                if (placed.contains(name) && placed.contains(first)) {
                    tied.put(name, first);
                }
            });
        }
        return tied;
    }

    @Override
    public List<String> warnings() {
        return warnings;
    }

    /**
     * Writes a copy: every shard anew beside the target, named after it ({@code pruned.safetensors.index.json} gets
     * {@code pruned-00001-of-00002.safetensors}), then the index with the metadata in it. Shards of this set are never written over;
     * where their names would be taken, the new ones get a number ({@code pruned.2-00001-...}). Until all shards are written nothing
     * appears, and the index appears last.
     *
     * @param target the new index; its name ends in {@code .index.json}
     * @throws IllegalArgumentException also if the name of the target ends otherwise
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(tensors(), replacements);
        new ShardSetWriter(index, shards).write(target, replacements, metadata);
    }

    @Override
    public void close() throws IOException {
        IOException failure = new IOException(path + ": closing failed");
        closeAll(shards.values(), failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    private static void closeAll(Iterable<Shard> shards, Exception failure) {
        for (Shard shard : shards) {
            try {
                shard.checkpoint().close();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
    }
}
