package io.detinit.spark;

import io.detinit.interop.checkpoint.FileKind;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.torch.DistributedCheckpoint;
import io.detinit.interop.torch.TorchFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Opens safetensors and PyTorch files, sharded sets of them and folders of torch.distributed.checkpoint on any Hadoop file system. Only
 * headers, directories, pickles and the index are read. Stateless.
 */
final class RemoteCheckpoints {

    private static final String INDEX = ".index.json";
    private static final String METADATA = ".metadata";
    private static final int MAX_PLAN_BYTES = 100_000_000;

    private RemoteCheckpoints() {}

    /**
     * Opens a checkpoint.
     *
     * @param path a safetensors or PyTorch file, an index, or a folder with one, or of torch.distributed.checkpoint
     * @param conf the settings of its file system
     * @return the open checkpoint; close it
     * @throws MalformedFileException if it breaks the rules of its format
     * @throws NoSuchFileException if it, or a shard, is missing
     * @throws IOException if it cannot be read
     */
    static Checkpoint open(Path path, Configuration conf) throws IOException {
        Path file = resolve(path, conf);
        return file.getFileSystem(conf).getFileStatus(file).isDirectory()
                ? DistributedCheckpoint.open(new HadoopFolder(file, conf), local(file))
                : file(file, conf, true);
    }

    /** The file that is meant: in a folder its index, or the folder itself if torch.distributed.checkpoint wrote it. */
    static Path resolve(Path path, Configuration conf) throws IOException {
        FileSystem system = path.getFileSystem(conf);
        Path file = path.makeQualified(system.getUri(), system.getWorkingDirectory());
        FileStatus status;
        try {
            status = system.getFileStatus(file);
        } catch (java.io.FileNotFoundException e) {
            throw HadoopBytes.missing(file, "no such file or folder", e);
        }
        if (!status.isDirectory()) {
            return file;
        }
        List<Path> found = new ArrayList<>();
        for (FileStatus entry : system.listStatus(file)) {
            if (!entry.isDirectory() && entry.getPath().getName().endsWith(INDEX)) {
                found.add(entry.getPath());
            }
        }
        if (found.isEmpty() && system.exists(new Path(file, METADATA))) {
            return file;
        }
        if (found.size() != 1) {
            throw new IOException(HadoopBytes.name(file) + ": is a folder with " + found.size()
                    + " indexes of shards" + (found.isEmpty() ? " and without " + METADATA : "")
                    + "; name a file in it");
        }
        return found.get(0);
    }

    /** For interop, which knows no other paths than Java's. */
    static java.nio.file.Path local(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    /** A file that holds tensors itself, or an index where one may be. */
    private static Checkpoint file(Path file, Configuration conf, boolean index) throws IOException {
        HadoopBytes bytes = HadoopBytes.open(file, conf);
        try {
            byte[] head = new byte[(int) Math.min(FileKind.PROBE, bytes.size())];
            bytes.read(0, ByteBuffer.wrap(head));
            java.nio.file.Path path = local(file);
            switch (FileKind.of(path, head)) {
                case SAFETENSORS -> {
                    return SafetensorsFile.open(bytes, path, bytes);
                }
                case TORCH -> {
                    return TorchFile.open(bytes, path, bytes);
                }
                case INDEX -> {
                    if (index) {
                        try (bytes) {
                            return sharded(bytes, file, conf);
                        }
                    }
                }
                case OTHER -> {
                    if (file.getName().endsWith(".safetensors")) {
                        return SafetensorsFile.open(bytes, path, bytes); // which says what is wrong with it
                    }
                }
            }
            throw refusal(bytes.name(), head);
        } catch (IOException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    private static MalformedFileException refusal(String name, byte[] head) {
        return FileKind.refusal(name, head)
                .orElseGet(
                        () -> MalformedFileException.of(
                                name,
                                "byte 0",
                                head.length == 0 ? "an empty file" : "another format",
                                "safetensors, a file of torch.save or an index of such; the command alone reads other formats"));
    }

    private static Checkpoint sharded(HadoopBytes bytes, Path index, Configuration conf) throws IOException {
        return ShardedCheckpoint.open(bytes, local(index), shard -> {
            Path file = new Path(index.getParent(), shard);
            try {
                return file(file, conf, false);
            } catch (NoSuchFileException e) {
                throw HadoopBytes.missing(file, "a shard that " + index.getName() + " names", e);
            }
        });
    }

    /**
     * The plan that a checkpoint carries: in its metadata, else in {@code <file>.plan.json} beside it.
     *
     * @param checkpoint open
     * @param file where it lies, as {@link #resolve} gives it
     * @param conf the settings of its file system
     */
    static Optional<Plan> plan(Checkpoint checkpoint, Path file, Configuration conf) throws IOException {
        String inside = checkpoint.metadata().get(Checkpoint.PLAN_KEY);
        if (inside != null) {
            return Optional.of(PlanJson.read(inside, HadoopBytes.name(file) + ": metadata " + Checkpoint.PLAN_KEY));
        }
        Path sidecar = file.suffix(".plan.json");
        return sidecar.getFileSystem(conf).exists(sidecar) ? Optional.of(readPlan(sidecar, conf)) : Optional.empty();
    }

    static Plan readPlan(Path path, Configuration conf) throws IOException {
        try (HadoopBytes bytes = HadoopBytes.open(path, conf)) {
            ByteSource source = bytes;
            return PlanJson.read(new String(source.readAll(MAX_PLAN_BYTES), StandardCharsets.UTF_8), bytes.name());
        }
    }
}
