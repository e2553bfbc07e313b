package io.detinit.spark;

import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.DistributedCheckpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A file of a checkpoint, to be written anew with some tensors replaced, whole or not at all.
 *
 * @param source the file, or the folder of torch.distributed.checkpoint that it is in, as Hadoop names it
 * @param piece its name in such a folder, else empty
 * @param target the file to appear
 * @param metadata entries to add to its metadata, where it keeps any
 */
record FileCopy(String source, String piece, String target, Map<String, String> metadata) implements Serializable {

    private static final int CHUNK = 1 << 20;

    /** What becomes of a file. */
    @FunctionalInterface
    interface Change {

        /**
         * New tensors.
         *
         * @param opened the checkpoint that has them
         * @param turns in which tensors that hold buffers are read
         * @return by name; each has the dtype and shape of the tensor that it replaces
         */
        Map<String, ? extends TensorView> replacements(Checkpoint opened, InTurn turns) throws IOException;
    }

    /** Whether the file is there. */
    boolean isThere(Configuration conf) throws IOException {
        Path file = new Path(target);
        return file.getFileSystem(conf).exists(file);
    }

    /** Writes the file. */
    void write(Configuration conf, Change change) throws IOException {
        try (Checkpoint opened = RemoteCheckpoints.open(new Path(source), conf)) {
            OutputSet.write(new Path(target), conf, out -> body(opened, conf, change, out));
        }
    }

    /** Writes what the file would hold to a stream. */
    void write(Configuration conf, Change change, OutputStream out) throws IOException {
        try (Checkpoint opened = RemoteCheckpoints.open(new Path(source), conf)) {
            body(opened, conf, change, out);
        }
    }

    private void body(Checkpoint opened, Configuration conf, Change change, OutputStream out) throws IOException {
        InTurn turns = new InTurn();
        if (opened instanceof DistributedCheckpoint folder) {
            if (folder.files().containsKey(piece)) {
                folder.writeFile(piece, Map.copyOf(change.replacements(opened, turns)), out);
            } else {
                copy(new Path(source, piece), conf, out);
            }
            return;
        }
        Map<String, ? extends TensorView> replacements = change.replacements(opened, turns);
        if (!opened.format().startsWith("safetensors")) {
            // checksums stand before what they sum up
            LocalDisk.write(
                    new Path(target).getName(),
                    out,
                    local -> opened.rewrite(local, Map.copyOf(replacements), metadata));
            return;
        }
        List<TensorView> tensors = new ArrayList<>();
        for (TensorView tensor : opened.tensors()) {
            TensorView other = replacements.get(tensor.info().name());
            tensors.add(
                    other == null ? turns.tensor(tensor.info(), () -> WeightSpec.ahead(tensor), copied -> 0) : other);
        }
        Map<String, String> merged = new LinkedHashMap<>(opened.metadata());
        merged.putAll(metadata);
        SafetensorsWriter.write(out, tensors, merged);
    }

    /** Copies a file as it is. */
    static void copy(Path file, Configuration conf, OutputStream out) throws IOException {
        try (HadoopBytes bytes = HadoopBytes.open(file, conf)) {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            for (long at = 0; at < bytes.size(); at += chunk.limit()) {
                bytes.read(at, chunk.clear().limit((int) Math.min(CHUNK, bytes.size() - at)));
                out.write(chunk.array(), 0, chunk.limit());
            }
        }
    }
}
