package io.detinit.spark;

import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Masks, or a pruned model, written by executors shard by shard beside nothing else. Not thread-safe. */
final class SelectOutput {

    private static final String INDEX = ".index.json";

    private final SparkSelection selection;
    private final Checkpoint checkpoint;
    private final Path source;
    private final OutputSet output;
    private final Configuration conf;
    private final boolean masks;
    private final Fill fill;
    private boolean bitmaps;

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
        if (!checkpoint.format().startsWith("safetensors") && !masks) {
            throw new IllegalArgumentException(HadoopBytes.name(source) + " is " + checkpoint.format()
                    + "; this job prunes safetensors alone, 'detinit prune' other formats, too");
        }
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
        Map<String, String> map = checkpoint instanceof ShardedCheckpoint set ? set.weightMap() : Map.of();
        for (int k = 0; k < selection.tensors().size(); k++) {
            String name = selection.tensors().get(k).name();
            shards.computeIfAbsent(map.getOrDefault(name, source.getName()), s -> new ArrayList<>())
                    .add(k);
        }
    }

    /** Bitmaps are written beside the masks, too. */
    SelectOutput withBitmaps(boolean wanted) {
        bitmaps = wanted;
        return this;
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
            content.add(identity(file, conf));
        }
        List<String> names = files();
        if (masks) {
            shardNames().forEach(name -> names.add(bitmap(name).getName()));
        }
        output.claim(names, masks ? "mask" : "prune", content, force);
    }

    private Path bitmap(String name) {
        return RemoteMasks.bitmaps(output.path(name));
    }

    /** The size of all bitmaps. */
    long bitmapBytes() throws IOException {
        long bytes = 0;
        for (String name : shardNames()) {
            bytes += size(bitmap(name));
        }
        return bytes;
    }

    /** From the masks that are written by now; a set's part has the record of the whole. */
    private void writeBitmaps(JavaSparkContext context, SelectTasks tasks, Map<String, String> metadata)
            throws IOException {
        Map<String, Map<String, String>> work = new LinkedHashMap<>();
        shards.forEach((name, tensors) -> work.put(
                output.path(outputName(name)).toString(),
                sharded()
                        ? MaskRecord.ofPart(
                                metadata,
                                tensors.stream()
                                        .map(number ->
                                                selection.tensors().get(number).name())
                                        .collect(Collectors.toSet()))
                        : metadata));
        var sent = context.broadcast(work);
        Jobs.run(() -> {
            context.parallelize(List.copyOf(work.keySet()), work.size())
                    .foreach(file -> RemoteMasks.writeBitmaps(
                            new Path(file), Objects.requireNonNull(sent.value().get(file)), tasks.settings()));
            return 0;
        });
    }

    /** What says whether a file is still the same. */
    static String identity(Path file, Configuration conf) throws IOException {
        FileSystem system = file.getFileSystem(conf);
        StringBuilder text = new StringBuilder();
        FileStatus[] files = system.listStatus(file); // of a file itself, of a folder what is in it
        Arrays.sort(files);
        for (FileStatus status : files) {
            text.append(status.getPath()).append(' ').append(status.getLen()).append(' ');
            text.append(status.getModificationTime()).append('\n');
        }
        return text.toString();
    }

    private boolean sharded() {
        return checkpoint instanceof ShardedCheckpoint;
    }

    /** The files of the output, the index first. */
    private List<String> files() {
        List<String> names = new ArrayList<>(shardNames());
        if (sharded()) {
            names.add(0, outputName(source.getName()));
        }
        return names;
    }

    private List<String> shardNames() {
        return shards.keySet().stream().map(this::outputName).toList();
    }

    /** As in the checkpoint; masks of PyTorch's files are safetensors all the same. */
    private String outputName(String name) {
        if (!masks || checkpoint.format().startsWith("safetensors")) {
            return name;
        }
        String end = name.endsWith(INDEX) ? INDEX : "";
        String stem = name.substring(0, name.length() - end.length());
        int dot = stem.lastIndexOf('.');
        return (dot > 0 ? stem.substring(0, dot) : stem) + ".safetensors" + end;
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
        return write(session, new SelectedShard.Plan(outcome.rules(), List.of(), fill, masks), metadata);
    }

    /** Writes what is missing, by masks that are given for each prunable tensor. */
    Written write(SparkSession session, List<SelectedShard.GivenMask> given, Map<String, String> metadata)
            throws IOException {
        return write(session, new SelectedShard.Plan(List.of(), List.copyOf(given), fill, masks), metadata);
    }

    private Written write(SparkSession session, SelectedShard.Plan plan, Map<String, String> metadata)
            throws IOException {
        int missing = output.missing(shardNames()).size();
        List<SelectedShard> work = new ArrayList<>();
        shards.forEach((name, tensors) -> work.add(new SelectedShard(
                sharded() ? new Path(source.getParent(), name).toString() : source.toString(),
                output.path(outputName(name)).toString(),
                List.copyOf(tensors),
                sharded() ? Map.of() : new LinkedHashMap<>(metadata))));
        SelectTasks tasks = selection.tasks();
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
        if (bitmaps) {
            writeBitmaps(context, tasks, metadata);
        }
        if (checkpoint instanceof ShardedCheckpoint set) {
            output.place(outputName(source.getName()), masks ? maskIndex(set, metadata) : set.index(metadata));
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
        for (RankedTensor tensor : selection.tensors()) {
            map.put(
                    tensor.name() + MaskFile.SUFFIX,
                    outputName(Objects.requireNonNull(set.weightMap().get(tensor.name()))));
            bytes += tensor.elements();
        }
        return ShardedCheckpoint.index(bytes, metadata, map);
    }
}
