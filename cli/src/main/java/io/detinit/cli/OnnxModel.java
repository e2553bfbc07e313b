package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.ModelSize;
import io.detinit.interop.verify.ZeroWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an ONNX file says of itself.
 *
 * @param path the file
 * @param metadata its text metadata
 * @param size what it takes on disk
 * @param zeros how many of its weights are zero
 */
record OnnxModel(Path path, Map<String, String> metadata, ModelSize size, ZeroWeights zeros) {

    /**
     * Reads a model.
     *
     * @param path the file
     * @param what what runs ONNX files alone, for the message
     * @throws UsageException if it is of another format
     */
    static OnnxModel read(Path path, String what) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            if (!(checkpoint instanceof OnnxCheckpoint onnx)) {
                throw new UsageException(what + " runs ONNX files; " + path + " is " + checkpoint.format());
            }
            return new OnnxModel(path, Map.copyOf(onnx.metadata()), ModelSize.of(onnx), ZeroWeights.of(onnx));
        }
    }
}
