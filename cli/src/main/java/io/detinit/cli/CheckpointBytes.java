package io.detinit.cli;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.ModelSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a checkpoint takes on disk: the data files of an ONNX model and all files of a folder are part of it. */
final class CheckpointBytes {

    private CheckpointBytes() {}

    static long of(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            try (Stream<Path> files = Files.walk(path)) {
                long sum = 0;
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    sum += Files.size(file);
                }
                return sum;
            }
        }
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            return checkpoint instanceof OnnxCheckpoint onnx ? ModelSize.bytesOf(onnx) : Files.size(path);
        }
    }
}
