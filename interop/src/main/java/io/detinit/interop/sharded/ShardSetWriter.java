package io.detinit.interop.sharded;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes a shard set: everything into a temporary folder beside the target, then each file to its place, the index last. What a file
 * replaces is put aside first and put back on failure.
 *
 * <p>Not safe for use by several threads.
 */
final class ShardSetWriter {

    private static final int ATTEMPTS = 1000;

    private final ShardIndex index;
    private final Map<String, ShardedCheckpoint.Shard> shards;

    /**
     * A writer.
     *
     * @param index the index of the set that is open
     * @param shards its shards by file name, in the order of numbering
     */
    ShardSetWriter(ShardIndex index, Map<String, ShardedCheckpoint.Shard> shards) {
        this.index = index;
        this.shards = shards;
    }

    void write(Path target, Map<String, TensorView> replacements, Map<String, String> metadata) throws IOException {
        String name = String.valueOf(target.getFileName());
        if (!name.endsWith(ShardNames.INDEX) || name.equals(ShardNames.INDEX)) {
            throw new IllegalArgumentException("a sharded checkpoint is written by its index, whose name ends in "
                    + ShardNames.INDEX + ", such as model.safetensors.index.json; '" + name + "' does not");
        }
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new NoSuchFileException(String.valueOf(folder), null, "the folder does not exist");
        }
        if (Files.isDirectory(target)) {
            throw new FileAlreadyExistsException(target.toString(), null, "is a folder, a file is to be written there");
        }
        Map<String, String> names = newNames(folder, name);
        Path temporary = Files.createTempDirectory(folder, "." + name + ".");
        try {
            for (Map.Entry<String, ShardedCheckpoint.Shard> entry : shards.entrySet()) {
                ShardedCheckpoint.Shard shard = entry.getValue();
                Map<String, TensorView> own = new HashMap<>(replacements);
                own.keySet().retainAll(new HashSet<>(shard.tensors()));
                Path file = temporary.resolve(names.getOrDefault(entry.getKey(), entry.getKey()));
                shard.checkpoint().rewrite(file, own, Map.of());
            }
            AtomicFile.write(temporary.resolve(name), index.with(names, metadata));
            place(temporary, folder, List.copyOf(names.values()), name);
        } finally {
            deleteFolder(temporary);
        }
    }

    private Map<String, String> newNames(Path folder, String name) throws IOException {
        Set<Path> sources = new HashSet<>();
        shards.values().forEach(shard -> sources.add(shard.realPath()));
        String first = shards.keySet().iterator().next();
        String extension = first.lastIndexOf('.') > 0 ? first.substring(first.lastIndexOf('.')) : "";
        for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
            List<String> names = ShardNames.of(name, shards.size(), attempt, extension);
            boolean free = true;
            for (String candidate : names) {
                Path file = folder.resolve(candidate);
                free &= !Files.exists(file) || !sources.contains(file.toRealPath());
            }
            if (free) {
                Map<String, String> map = new LinkedHashMap<>();
                int k = 0;
                for (String old : shards.keySet()) {
                    map.put(old, names.get(k++));
                }
                return map;
            }
        }
        throw new IOException(folder.resolve(name) + ": no free names for its shards");
    }

    /** Moves shards and then the index out of a folder to their places; on failure the places are as they were. */
    private static void place(Path from, Path to, List<String> names, String last) throws IOException {
        List<String> placed = new ArrayList<>();
        Map<String, Path> aside = new LinkedHashMap<>();
        boolean done = false;
        try {
            for (String name : names) {
                Path place = to.resolve(name);
                if (Files.exists(place, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
                    if (Files.isDirectory(place)) {
                        throw new FileAlreadyExistsException(place.toString(), null, "is a folder");
                    }
                    Path old = from.resolve(".old-" + aside.size());
                    Files.move(place, old, StandardCopyOption.ATOMIC_MOVE);
                    aside.put(name, old);
                }
                Files.move(from.resolve(name), place, StandardCopyOption.ATOMIC_MOVE);
                placed.add(name);
            }
            Files.move(
                    from.resolve(last),
                    to.resolve(last),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            done = true;
        } finally {
            if (!done) {
                for (String name : placed) {
                    Files.deleteIfExists(to.resolve(name));
                }
                for (Map.Entry<String, Path> old : aside.entrySet()) {
                    Files.move(old.getValue(), to.resolve(old.getKey()), StandardCopyOption.ATOMIC_MOVE);
                }
            }
        }
    }

    private static void deleteFolder(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> list = Files.list(folder)) {
            files = list.toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(folder);
    }
}
