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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
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
    private final OutputSet output;
    private final Configuration conf;
    private final boolean masks;
    private final Fill fill;
    private final FileSet files;
    private boolean bitmaps;

    /** The prunable tensors of each file; files without any only where they are to be copied. */
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
        this.output = new OutputSet(folder, conf).apartFrom(source, "the model");
        this.conf = conf;
        this.masks = masks;
        this.fill = fill;
        this.files = new FileSet(checkpoint, source, conf);
        Map<String, Integer> numbers = new HashMap<>();
        for (int k = 0; k < selection.tensors().size(); k++) {
            numbers.put(selection.tensors().get(k).name(), k);
        }
        if (masks && files.isFolder()) {
            shards.put(source.getName(), List.copyOf(new TreeSet<>(numbers.values())));
            return;
        }
        files.tensors().forEach((file, tensors) -> {
            List<Integer> prunable = tensors.stream()
                    .filter(numbers::containsKey)
                    .map(numbers::get)
                    .sorted()
                    .toList();
            if (!masks || !prunable.isEmpty()) {
                shards.put(file, prunable);
            }
        });
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
        for (Path file : files.paths()) {
            content.add(identity(file, conf));
        }
        List<String> names = outputs();
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
    private void writeBitmaps(SparkSession session, Map<String, String> metadata) throws IOException {
        SelectTasks tasks = selection.tasks();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        Map<String, Map<String, String>> work = new LinkedHashMap<>();
        shards.forEach((name, tensors) -> work.put(
                output.path(outputName(name)).toString(),
                isSet()
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

    /** Whether something makes the output complete; the masks of a folder of torch.distributed.checkpoint are one file. */
    private boolean isSet() {
        return files.isSet() && !(masks && files.isFolder());
    }

    /** The files of the output, what makes it complete first. */
    private List<String> outputs() {
        List<String> names = new ArrayList<>(shardNames());
        if (isSet()) {
            names.add(0, outputName(files.last()));
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
        shards.forEach((name, tensors) -> work.add(new SelectedShard(file(name, metadata), tensors)));
        List<Long> kept = frontToBack() ? counted(session, work, plan) : written(session, work, plan);
        if (bitmaps) {
            writeBitmaps(session, metadata);
        }
        if (!masks) {
            files.complete(output, metadata);
        } else if (checkpoint instanceof ShardedCheckpoint set) {
            output.place(outputName(files.last()), maskIndex(set, metadata));
        }
        output.finish();
        long before = 0;
        for (Path file : files.paths()) {
            before += size(file);
        }
        long after = 0;
        for (String file : outputs()) {
            after += size(output.path(file));
        }
        return new Written(kept, work.size() - missing, missing, before, after);
    }

    /** Whether files are written from front to back, and each prunable tensor lies in one of them. */
    private boolean frontToBack() {
        return masks || checkpoint.format().startsWith("safetensors");
    }

    private FileCopy file(String name, Map<String, String> metadata) {
        Path target = output.path(outputName(name));
        return masks
                ? new FileCopy("", "", target.toString(), isSet() ? Map.of() : new LinkedHashMap<>(metadata))
                : files.copy(name, target, metadata);
    }

    private List<Long> counted(SparkSession session, List<SelectedShard> work, SelectedShard.Plan plan)
            throws IOException {
        SelectTasks tasks = selection.tasks();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        var sent = context.broadcast(plan);
        List<List<Long>> counts = Jobs.run(() -> context.parallelize(work, work.size())
                .map(shard -> shard.count(tasks, sent.value()))
                .collect());
        TreeMap<Integer, Long> kept = new TreeMap<>();
        for (int shard = 0; shard < work.size(); shard++) {
            for (int k = 0; k < counts.get(shard).size(); k++) {
                kept.put(work.get(shard).prunable().get(k), counts.get(shard).get(k));
            }
        }
        return List.copyOf(kept.values());
    }

    private List<Long> written(SparkSession session, List<SelectedShard> work, SelectedShard.Plan plan)
            throws IOException {
        SelectTasks tasks = selection.tasks();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        var sent = context.broadcast(plan);
        Jobs.run(() -> {
            context.parallelize(work, work.size()).foreach(shard -> shard.write(tasks, sent.value()));
            return 0;
        });
        return selection.kept(plan);
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
