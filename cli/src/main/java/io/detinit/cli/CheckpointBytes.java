package io.detinit.cli;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.ModelSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a checkpoint takes on disk: the shards of a set, the data files of an ONNX model and all files of another folder are part of it.
 */
final class CheckpointBytes {

    private CheckpointBytes() {}

    static long of(Path path) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            return of(checkpoint, path);
        }
    }

    /**
     * The same of one that is open.
     *
     * @param checkpoint the checkpoint
     * @param path what it was opened by
     */
    static long of(Checkpoint checkpoint, Path path) throws IOException {
        if (checkpoint instanceof ShardedCheckpoint set) {
            Path index = set.path();
            long sum = Files.size(index);
            for (String shard : Set.copyOf(set.weightMap().values())) {
                sum += Files.size(index.resolveSibling(shard));
            }
            return sum;
        }
        if (Files.isDirectory(path)) {
            try (Stream<Path> files = Files.walk(path)) {
                long sum = 0;
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    sum += Files.size(file);
                }
                return sum;
            }
        }
        return checkpoint instanceof OnnxCheckpoint onnx ? ModelSize.bytesOf(onnx) : Files.size(path);
    }
}
