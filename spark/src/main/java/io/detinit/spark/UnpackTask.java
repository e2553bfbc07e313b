package io.detinit.spark;

import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaReportJson;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Writes the shard that a delta file stands for, whole or not at all: safetensors from front to back, archives by way of the machine's
 * temporary folder.
 *
 * @param delta the delta file, as Hadoop names it
 * @param packed the name of the shard that was packed
 * @param target the shard to appear
 * @param template the shard of which a copy is written; empty for none
 */
record UnpackTask(String delta, String packed, String target, String template) implements Serializable {

    /**
     * What was unpacked.
     *
     * @param contents what the delta says of itself
     * @param how what it was written into
     * @param bytes the size of the shard
     */
    record Unpacked(DeltaReportJson.Contents contents, DeltaUnpacker.Unpacked how, long bytes)
            implements Serializable {}

    /** Unpacks the shard; where it is there, only looks at the delta. */
    Unpacked run(Configuration conf) throws IOException {
        Path source = new Path(delta);
        Path file = new Path(target);
        try (HadoopBytes bytes = HadoopBytes.open(source, conf);
                DeltaFile open = DeltaFile.open(bytes, RemoteCheckpoints.local(source), bytes)) {
            if (!open.delta().file().equals(packed)) {
                throw MalformedFileException.of(
                        open.path(), "the packed file", "'" + open.delta().file() + "'", "'" + packed + "'");
            }
            DeltaUnpacker.Unpacked how = template.isEmpty() ? alone(open, file, conf) : copy(open, file, conf);
            long size = file.getFileSystem(conf).getFileStatus(file).getLen();
            return new Unpacked(DeltaReportJson.Contents.of(open), how, size);
        }
    }

    private static DeltaUnpacker.Unpacked alone(DeltaFile open, Path file, Configuration conf) throws IOException {
        DeltaUnpacker.Container container = DeltaUnpacker.containerFor(open, RemoteCheckpoints.local(file));
        if (!file.getFileSystem(conf).exists(file)) {
            OutputSet.write(file, conf, out -> {
                if (container == DeltaUnpacker.Container.SAFETENSORS) {
                    DeltaUnpacker.unpack(open, out);
                } else {
                    LocalDisk.write(
                            file.getName(),
                            out,
                            local -> DeltaUnpacker.unpack(open, container, local, inside -> container(inside, conf)));
                }
            });
        }
        return DeltaUnpacker.Unpacked.of(open, container);
    }

    private DeltaUnpacker.Unpacked copy(DeltaFile open, Path file, Configuration conf) throws IOException {
        try (Checkpoint taken = RemoteCheckpoints.open(new Path(template), conf)) {
            if (!file.getFileSystem(conf).exists(file)) {
                OutputSet.write(
                        file,
                        conf,
                        out -> LocalDisk.write(file.getName(), out, local -> DeltaUnpacker.unpack(open, taken, local)));
            }
            return new DeltaUnpacker.Unpacked(taken.format(), DeltaUnpacker.Container.TEMPLATE, taken.keepsMetadata());
        }
    }

    /** The formats that the jobs read need no other library. */
    private static Checkpoint container(java.nio.file.Path file, Configuration conf) throws IOException {
        return RemoteCheckpoints.open(new Path(file.toUri()), conf);
    }
}
