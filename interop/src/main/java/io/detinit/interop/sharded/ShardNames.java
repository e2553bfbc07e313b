package io.detinit.interop.sharded;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Names of indexes and their shards: {@code model.safetensors.index.json} has {@code model-00001-of-00002.safetensors}.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ShardNames {

    static final String INDEX = ".index.json";

    private ShardNames() {}

    /**
     * The names of an index's shards.
     *
     * @param index the file name of the index, ending in {@code .index.json}
     * @param count how many shards
     * @param attempt 1, or higher for other names of the same kind
     * @param extension used where the index's name has none before {@code .index.json}, with its dot
     * @return their file names in order
     */
    static List<String> of(String index, int count, int attempt, String extension) {
        String stem = index.substring(0, index.length() - INDEX.length());
        int dot = stem.lastIndexOf('.');
        String base = dot > 0 ? stem.substring(0, dot) : stem;
        String end = dot > 0 ? stem.substring(dot) : extension;
        String middle = attempt == 1 ? "" : "." + attempt;
        List<String> names = new ArrayList<>();
        for (int k = 1; k <= count; k++) {
            names.add(String.format(Locale.ROOT, "%s%s-%05d-of-%05d%s", base, middle, k, count, end));
        }
        return names;
    }

    /**
     * The indexes in a folder.
     *
     * @param folder the folder
     * @return the files whose names end in {@code .index.json}, sorted
     * @throws IOException if the folder cannot be read
     */
    static List<Path> indexes(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> String.valueOf(file.getFileName()).endsWith(INDEX))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (java.io.UncheckedIOException e) {
            throw new FileSystemException(folder.toString(), null, String.valueOf(e.getMessage()));
        }
    }
}
