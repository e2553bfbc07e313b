package io.detinit.spark;

import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.torch.DistributedCheckpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files that a checkpoint consists of, for a copy of which executors write one each. What makes a set complete, the index of shards or
 * the metadata of torch.distributed.checkpoint, is not among them and comes last. Used by the driver; not thread-safe.
 */
final class FileSet {

    private static final String METADATA = ".metadata";

    private final Checkpoint checkpoint;
    private final Path source;
    private final Map<String, List<String>> tensors = new LinkedHashMap<>();

    /**
     * The files of a checkpoint.
     *
     * @param checkpoint open
     * @param source where it lies, as {@link RemoteCheckpoints#resolve} gives it
     * @param conf the settings of its file system
     */
    FileSet(Checkpoint checkpoint, Path source, Configuration conf) throws IOException {
        this.checkpoint = checkpoint;
        this.source = source;
        if (checkpoint instanceof ShardedCheckpoint set) {
            set.weightMap()
                    .forEach((tensor, shard) -> tensors.computeIfAbsent(shard, s -> new ArrayList<>())
                            .add(tensor));
        } else if (checkpoint instanceof DistributedCheckpoint folder) {
            tensors.putAll(folder.files());
            List<String> names = new ArrayList<>();
            list(source.getFileSystem(conf), source, "", names);
            for (String other : names) {
                if (!other.equals(METADATA)) {
                    tensors.putIfAbsent(other, List.of());
                }
            }
        } else {
            tensors.put(
                    source.getName(),
                    checkpoint.tensors().stream()
                            .map(tensor -> tensor.info().name())
                            .toList());
        }
    }

    /** All files in the folder and in folders in it, by their names from there. */
    private static void list(FileSystem system, Path folder, String before, List<String> names) throws IOException {
        for (FileStatus status : system.listStatus(folder)) {
            String name = before + status.getPath().getName();
            if (status.isDirectory()) {
                list(system, status.getPath(), name + "/", names);
            } else {
                names.add(name);
            }
        }
    }

    /** The files by name, each with its tensors; of torch.distributed.checkpoint a tensor may be in several, and a file without any. */
    Map<String, List<String>> tensors() {
        return tensors;
    }

    /** Whether there is something that makes the set complete. */
    boolean isSet() {
        return isFolder() || checkpoint instanceof ShardedCheckpoint;
    }

    /** Whether it is a folder of torch.distributed.checkpoint. */
    boolean isFolder() {
        return checkpoint instanceof DistributedCheckpoint;
    }

    /** The name of what makes the set complete. */
    String last() {
        return isFolder() ? METADATA : source.getName();
    }

    private Path path(String name) {
        return new Path(isFolder() ? source : source.getParent(), name);
    }

    /** All files, what makes the set complete first. */
    List<Path> paths() {
        List<Path> files = new ArrayList<>();
        if (isSet()) {
            files.add(path(last()));
        }
        tensors.keySet().forEach(name -> files.add(path(name)));
        return files;
    }

    /**
     * A copy of one of the files.
     *
     * @param name its name
     * @param target the file to appear
     * @param metadata entries that a single file gets
     */
    FileCopy copy(String name, Path target, Map<String, String> metadata) {
        return new FileCopy(
                isFolder() ? source.toString() : path(name).toString(),
                isFolder() ? name : "",
                target.toString(),
                isSet() ? Map.of() : new LinkedHashMap<>(metadata));
    }

    /** Completes a copied set: places the index with new entries of its metadata, or the metadata of a folder. */
    void complete(OutputSet output, Map<String, String> metadata) throws IOException {
        if (checkpoint instanceof ShardedCheckpoint set) {
            output.place(last(), set.index(metadata));
        } else if (isFolder()) {
            output.copy(path(last()), last());
        }
    }
}
