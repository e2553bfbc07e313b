package io.detinit.spark;

import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Masks, or a pruned model, written by executors shard by shard beside nothing else. Not thread-safe. */
final class SelectOutput {

    private final SparkSelection selection;
    private final Checkpoint checkpoint;
    private final Path source;
    private final OutputSet output;
    private final Configuration conf;
    private final boolean masks;
    private final Fill fill;
    /** The prunable tensors of each shard; shards without any only where they are to be copied. */
    private final Map<String, List<Integer>> shards = new LinkedHashMap<>();

    /**
     * Prepares an output.
     *
     * @param selection what is selected
     * @param checkpoint the trained model, open
     * @param source where it lies, as {@link RemoteCheckpoints#resolve} gives it
     * @param folder the folder to fill
     * @param masks whether masks are written
     * @param fill else, what stands where a weight is pruned
     */
    SelectOutput(
            SparkSelection selection,
            Checkpoint checkpoint,
            Path source,
            Path folder,
            Configuration conf,
            boolean masks,
            Fill fill)
            throws IOException {
        this.selection = selection;
        this.checkpoint = checkpoint;
        this.source = source;
        this.output = new OutputSet(folder, conf).apartFrom(source, "the model");
        this.conf = conf;
        this.masks = masks;
        this.fill = fill;
        if (!masks && checkpoint instanceof ShardedCheckpoint set) {
            set.weightMap().values().forEach(shard -> shards.putIfAbsent(shard, new ArrayList<>()));
        }
        List<WeightSpec> specs = selection.specs();
        for (int k = 0; k < specs.size(); k++) {
            shards.computeIfAbsent(new Path(specs.get(k).file()).getName(), s -> new ArrayList<>())
                    .add(k);
        }
    }

    /**
     * What was written.
     *
     * @param kept how many weights are kept of each prunable tensor, in the order of the selection
     * @param found how many shards were there
     * @param written how many were written
     * @param bytesBefore the size of the model
     * @param bytesAfter the size of the output
     */
    record Written(List<Long> kept, int found, int written, long bytesBefore, long bytesAfter) {}

    /**
     * Makes the folder ours, before long work begins.
     *
     * @param what all that the output follows from beside the model
     */
    void claim(List<String> what, boolean force) throws IOException {
        List<String> content = new ArrayList<>(what);
        content.add(shards.toString());
        for (TensorView tensor : checkpoint.tensors()) {
            TensorInfo info = tensor.info();
            content.add(info.name() + " " + info.dtype() + " " + info.shape());
        }
        for (Path file : sources()) {
            FileStatus status = file.getFileSystem(conf).getFileStatus(file);
            content.add(status.getPath() + " " + status.getLen() + " " + status.getModificationTime());
        }
        output.claim(files(), masks ? "mask" : "prune", content, force);
    }

    private boolean sharded() {
        return checkpoint instanceof ShardedCheckpoint;
    }

    /** The files of the output, the index first. */
    private List<String> files() {
        List<String> names = new ArrayList<>(shards.keySet());
        if (sharded()) {
            names.add(0, source.getName());
        }
        return names;
    }

    /** The files of the model. */
    private List<Path> sources() {
        List<Path> files = new ArrayList<>(List.of(source));
        if (checkpoint instanceof ShardedCheckpoint set) {
            set.weightMap().values().stream()
                    .distinct()
                    .forEach(shard -> files.add(new Path(source.getParent(), shard)));
        }
        return files;
    }

    /**
     * Writes what is missing.
     *
     * @param session the engine
     * @param outcome which weights go
     * @param metadata for the index, or for the only file
     */
    Written write(SparkSession session, DividedSelection.Outcome outcome, Map<String, String> metadata)
            throws IOException {
        int missing = output.missing(List.copyOf(shards.keySet())).size();
        List<SelectedShard> work = new ArrayList<>();
        shards.forEach((name, tensors) -> work.add(new SelectedShard(
                sharded() ? new Path(source.getParent(), name).toString() : source.toString(),
                output.path(name).toString(),
                List.copyOf(tensors),
                sharded() ? Map.of() : new LinkedHashMap<>(metadata))));
        SelectTasks tasks = selection.tasks();
        SelectedShard.Plan plan = new SelectedShard.Plan(outcome.rules(), fill, masks);
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        var sent = context.broadcast(plan);
        List<List<Long>> counts = Jobs.run(() -> context.parallelize(work, work.size())
                .map(shard -> shard.run(tasks, sent.value()))
                .collect());
        TreeMap<Integer, Long> kept = new TreeMap<>();
        for (int shard = 0; shard < work.size(); shard++) {
            for (int k = 0; k < counts.get(shard).size(); k++) {
                kept.put(work.get(shard).prunable().get(k), counts.get(shard).get(k));
            }
        }
        if (checkpoint instanceof ShardedCheckpoint set) {
            output.place(source.getName(), masks ? maskIndex(set, metadata) : set.index(metadata));
        }
        output.finish();
        long before = 0;
        for (Path file : sources()) {
            before += size(file);
        }
        long after = 0;
        for (String file : files()) {
            after += size(output.path(file));
        }
        return new Written(List.copyOf(kept.values()), work.size() - missing, missing, before, after);
    }

    private long size(Path file) throws IOException {
        FileSystem system = file.getFileSystem(conf);
        return system.getFileStatus(file).getLen();
    }

    private byte[] maskIndex(ShardedCheckpoint set, Map<String, String> metadata) throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        long bytes = 0;
        for (RankedTensor tensor : selection.divided().tensors()) {
            map.put(
                    tensor.name() + MaskFile.SUFFIX,
                    Objects.requireNonNull(set.weightMap().get(tensor.name())));
            bytes += tensor.elements();
        }
        return ShardedCheckpoint.index(bytes, metadata, map);
    }
}
