package io.detinit.spark;

import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.DistributedCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What goes into which delta file: shard by shard. The tensors of a folder of torch.distributed.checkpoint lie across its files, so it is
 * packed as the safetensors files that would hold its tensors, whole ones in their order.
 *
 * @param shards the names of the shards in order, with their tensors
 * @param parts whether these are no files but parts of a folder
 * @param index the name of the index; empty for a single file
 * @param text the index itself
 */
record DeltaLayout(Map<String, List<String>> shards, boolean parts, String index, String text) {

    /** The setting that says how many bytes of tensors of a folder a shard has at most, unless a tensor alone has more. */
    static final String SHARD_BYTES = "detinit.shard.bytes";

    private static final long USUAL_BYTES = 5_000_000_000L;

    /**
     * Lays a checkpoint out.
     *
     * @param checkpoint open
     * @param source where it lies, as {@link RemoteCheckpoints#resolve} gives it
     * @param plan the plan of its weights, as JSON
     * @param conf the settings of its file system
     * @throws IllegalArgumentException if it is a folder with a tensor that safetensors have no dtype for
     */
    static DeltaLayout of(Checkpoint checkpoint, Path source, String plan, Configuration conf) throws IOException {
        if (checkpoint instanceof ShardedCheckpoint set) {
            Map<String, List<String>> shards = new TreeMap<>();
            set.weightMap()
                    .forEach((tensor, shard) -> shards.computeIfAbsent(shard, s -> new ArrayList<>())
                            .add(tensor));
            return new DeltaLayout(shards, false, source.getName(), SparkDelta.text(source, conf));
        }
        if (checkpoint instanceof DistributedCheckpoint) {
            String name = source.getName();
            String shown = name.isEmpty() || name.startsWith(".") ? "model" : name;
            return ofFolder(checkpoint, shown, plan, conf.getLong(SHARD_BYTES, USUAL_BYTES));
        }
        return new DeltaLayout(Map.of(source.getName(), names(checkpoint.tensors())), false, "", "");
    }

    private static DeltaLayout ofFolder(Checkpoint folder, String name, String plan, long most) throws IOException {
        List<List<TensorView>> groups = new ArrayList<>(List.of(new ArrayList<>()));
        long total = 0;
        long bytes = 0;
        for (TensorView tensor : folder.tensors()) {
            TensorInfo info = tensor.info();
            if (info.dtype() == DType.C128) {
                throw new IllegalArgumentException(folder.path() + ": tensor '" + info.name() + "' is " + info.dtype()
                        + ", which safetensors do not have; a folder is packed as safetensors");
            }
            if (bytes > 0 && bytes + info.bytes() > most) {
                groups.add(new ArrayList<>());
                bytes = 0;
            }
            groups.get(groups.size() - 1).add(tensor);
            bytes += info.bytes();
            total += info.bytes();
        }
        if (groups.size() == 1) {
            return new DeltaLayout(Map.of(name + ".safetensors", names(groups.get(0))), true, "", "");
        }
        Map<String, List<String>> shards = new LinkedHashMap<>();
        Map<String, String> places = new LinkedHashMap<>();
        for (int k = 0; k < groups.size(); k++) {
            String shard = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", k + 1, groups.size());
            shards.put(shard, names(groups.get(k)));
            names(groups.get(k)).forEach(tensor -> places.put(tensor, shard));
        }
        byte[] index = ShardedCheckpoint.index(total, Map.of(Checkpoint.PLAN_KEY, plan), places);
        return new DeltaLayout(shards, true, "model.safetensors.index.json", new String(index, StandardCharsets.UTF_8));
    }

    private static List<String> names(List<TensorView> tensors) {
        return tensors.stream().map(tensor -> tensor.info().name()).toList();
    }

    /** The prunable tensors of each shard, by number. */
    Map<String, List<Integer>> prunable(List<WeightSpec> specs) {
        Map<String, String> places = new HashMap<>();
        shards.forEach((shard, tensors) -> tensors.forEach(tensor -> places.put(tensor, shard)));
        Map<String, List<Integer>> prunable = new LinkedHashMap<>();
        for (int k = 0; k < specs.size(); k++) {
            String shard = Objects.requireNonNull(places.get(specs.get(k).name()));
            prunable.computeIfAbsent(shard, s -> new ArrayList<>()).add(k);
        }
        return prunable;
    }

    /**
     * What there is of a shard that is no file.
     *
     * @param name the name of the file that would hold it
     * @param bytes of its tensors
     * @param carriesPlan whether that file would have the plan in its metadata, as a file without an index has
     */
    record Part(String name, long bytes, boolean carriesPlan) implements java.io.Serializable {}

    /** The part that a shard is; only where shards are parts. */
    Part part(String shard, Checkpoint checkpoint) {
        Map<String, Long> sizes = new HashMap<>();
        checkpoint
                .tensors()
                .forEach(tensor -> sizes.put(tensor.info().name(), tensor.info().bytes()));
        long bytes = shards.getOrDefault(shard, List.of()).stream()
                .mapToLong(tensor -> sizes.getOrDefault(tensor, 0L))
                .sum();
        return new Part(shard, bytes, index.isEmpty());
    }
}
