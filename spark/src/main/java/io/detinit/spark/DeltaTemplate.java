package io.detinit.spark;

import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A checkpoint of which deltas are unpacked into a copy: a file for a file, a set of the same shards for a set.
 *
 * @param file the file or the index
 * @param index the name of the index; empty for a file
 * @param text the index itself
 */
record DeltaTemplate(Path file, String index, String text) {

    /**
     * Opens a template and looks whether its files are those of the deltas.
     *
     * @param path what the user called it
     * @param set the deltas
     * @param conf the settings of its file system
     * @throws IllegalArgumentException if it has other shards
     * @throws IOException if it is malformed, or a file is missing
     */
    static DeltaTemplate of(String path, DeltaSet set, Configuration conf) throws IOException {
        Path file = RemoteCheckpoints.resolve(new Path(path), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf)) {
            if (!(checkpoint instanceof ShardedCheckpoint sharded)) {
                if (!set.index().isEmpty()) {
                    throw new IllegalArgumentException(path + " is a single file, the deltas are of a set of "
                            + set.shards().size() + " shards; the template has to be a set of the same shards");
                }
                return new DeltaTemplate(file, "", "");
            }
            Set<String> own = new TreeSet<>(sharded.weightMap().values());
            List<String> packed =
                    set.shards().stream().map(DeltaSet.Shard::file).sorted().toList();
            if (set.index().isEmpty() || !List.copyOf(own).equals(packed)) {
                throw new IllegalArgumentException(path + " is a set of the shards " + some(List.copyOf(own))
                        + ", the deltas are of " + some(packed) + "; the template has to have the same files");
            }
            return new DeltaTemplate(file, file.getName(), SparkDelta.text(file, conf));
        }
    }

    private static String some(List<String> names) {
        return names.size() <= 2 ? String.join(", ", names) : names.get(0) + " and " + (names.size() - 1) + " more";
    }

    /** The template of a shard. */
    Path shard(String name) {
        return index.isEmpty() ? file : new Path(file.getParent(), name);
    }
}
