package io.detinit.interop.checkpoint;

import io.detinit.interop.djl.DjlFile;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.numpy.NpyFile;
import io.detinit.interop.numpy.NpzFile;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.torch.DistributedCheckpoint;
import io.detinit.interop.torch.TorchFile;
import io.detinit.interop.zip.ZipArchive;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Opens checkpoints by their content.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class Checkpoints {

    private static final long MAX_PLAN_BYTES = 100_000_000;

    private Checkpoints() {}

    /**
     * Opens a checkpoint.
     *
     * @param path a file of any format that is read, whatever its name; or a folder with the index of a sharded set, or
     *     of torch.distributed.checkpoint
     * @return the open checkpoint; close it
     * @throws MalformedFileException if it is none, or breaks the rules of its format
     * @throws IOException if it cannot be read
     */
    public static Checkpoint open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            return openFolder(path);
        }
        byte[] head;
        try (InputStream in = Files.newInputStream(path)) {
            head = in.readNBytes(FileKind.PROBE);
        }
        if (head.length == 0) {
            throw MalformedFileException.of(path, "byte 0", "an empty file", "a checkpoint");
        }
        FileKind kind = FileKind.of(path, head);
        if (kind == FileKind.SAFETENSORS) {
            return SafetensorsFile.open(path);
        }
        if (kind == FileKind.TORCH) {
            return isNpz(path, head) ? NpzFile.open(path) : TorchFile.open(path);
        }
        if (NpyFile.looksLikeNpy(head)) {
            return NpyFile.open(path);
        }
        if (DjlFile.looksLikeDjl(head)) {
            return DjlFile.open(path);
        }
        if (kind == FileKind.INDEX) {
            return ShardedCheckpoint.open(path, Checkpoints::open);
        }
        Optional<MalformedFileException> refusal = ForeignFormat.refusal(path, head);
        if (refusal.isPresent()) {
            throw refusal.get();
        }
        if (String.valueOf(path.getFileName()).endsWith(".safetensors")) {
            return SafetensorsFile.open(path); // which says what is wrong with it
        }
        boolean named = String.valueOf(path.getFileName()).endsWith(".onnx");
        if (named || OnnxCheckpoint.looksLikeOnnx(ByteBuffer.wrap(head), Files.size(path))) {
            return OnnxCheckpoint.open(path);
        }
        throw MalformedFileException.of(
                path, "byte 0", "no known format", "a PyTorch, safetensors, ONNX, NumPy or DJL file");
    }

    private static Checkpoint openFolder(Path folder) throws IOException {
        Optional<Path> index = ShardedCheckpoint.indexIn(folder);
        if (index.isPresent()) {
            return ShardedCheckpoint.open(index.get(), Checkpoints::open);
        }
        if (DistributedCheckpoint.matches(folder)) {
            return DistributedCheckpoint.open(folder);
        }
        throw new IOException(
                folder + ": is a folder without an index of shards and without .metadata; name a file in it");
    }

    private static boolean isNpz(Path path, byte[] head) throws IOException {
        if (head[0] != 'P') {
            return false;
        }
        try (FileBytes file = FileBytes.open(path)) {
            ZipArchive archive = ZipArchive.open(file);
            return NpzFile.looksLikeNpz(archive)
                    && archive.entries().stream()
                            .noneMatch(entry -> entry.name().endsWith("data.pkl"));
        }
    }

    /**
     * The plan that a checkpoint carries: in its own metadata, else in the sidecar {@code <file>.plan.json}.
     *
     * @param checkpoint an open checkpoint
     * @return the plan, empty where there is none
     * @throws IOException if there is one and it cannot be read
     */
    public static Optional<Plan> plan(Checkpoint checkpoint) throws IOException {
        String inside = checkpoint.metadata().get(Checkpoint.PLAN_KEY);
        if (inside != null) {
            return Optional.of(PlanJson.read(inside, checkpoint.path() + ": metadata " + Checkpoint.PLAN_KEY));
        }
        Path sidecar = sidecar(checkpoint.path());
        return Files.isRegularFile(sidecar) ? Optional.of(readPlan(sidecar)) : Optional.empty();
    }

    /**
     * Where the plan of a file lies that cannot carry it.
     *
     * @param file the file
     * @return {@code <file>.plan.json} beside it
     */
    public static Path sidecar(Path file) {
        return file.resolveSibling(file.getFileName() + ".plan.json");
    }

    /**
     * Reads a plan file.
     *
     * @param path a {@code detinit-plan/1} JSON file
     * @return the plan
     * @throws MalformedFileException if it is none
     * @throws IOException if it cannot be read
     */
    public static Plan readPlan(Path path) throws IOException {
        long size = Files.size(path);
        if (size > MAX_PLAN_BYTES) {
            throw MalformedFileException.of(path, "file size", size + " bytes", "a plan of at most " + MAX_PLAN_BYTES);
        }
        return PlanJson.read(new String(Files.readAllBytes(path), StandardCharsets.UTF_8), path);
    }
}
