package io.detinit.spark;

import io.detinit.interop.mask.CutRule;
import io.detinit.interop.mask.MaskView;
import io.detinit.interop.mask.RangeMask;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PrunedRange;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * One shard of masks, or of a pruned model. It is streamed: masks are worked out as they are written, and no tensor is in memory.
 *
 * @param source the trained shard, as Hadoop names it
 * @param target the shard to appear
 * @param prunable the numbers of its prunable tensors, in order
 * @param metadata entries of its metadata
 */
record SelectedShard(String source, String target, List<Integer> prunable, Map<String, String> metadata)
        implements Serializable {

    /** Mask or prune what a selection came to. */
    record Plan(List<CutRule> rules, Fill fill, boolean masks) implements Serializable {}

    /**
     * Writes the shard; where it is there, only counts.
     *
     * @return how many weights are kept of each prunable tensor
     */
    List<Long> run(SelectTasks tasks, Plan plan) throws IOException {
        Configuration conf = tasks.settings();
        Path file = new Path(target);
        boolean there = file.getFileSystem(conf).exists(file);
        List<Long> kept = new ArrayList<>();
        try (Checkpoint shard = RemoteCheckpoints.open(new Path(source), conf)) {
            OutputSet.Body body = out -> {
                kept.clear();
                kept.addAll(plan.masks() ? masks(shard, tasks, plan, out) : pruned(shard, tasks, plan, out));
            };
            if (there) {
                body.write(OutputStream.nullOutputStream());
            } else {
                OutputSet.write(file, conf, body);
            }
        }
        return List.copyOf(kept);
    }

    private List<Long> masks(Checkpoint shard, SelectTasks tasks, Plan plan, OutputStream out) throws IOException {
        InTurn turns = new InTurn();
        List<InTurn.Turn<?>> masks = new ArrayList<>();
        for (int number : prunable) {
            TensorInfo info = info(shard, tasks, number);
            masks.add(turns.tensor(
                    MaskView.info(info),
                    () -> {
                        RankedTensor tensor = tensor(shard, tasks, number);
                        return new MaskView(tensor, mask(tensor, tasks, plan, number));
                    },
                    MaskView::kept));
        }
        SafetensorsWriter.write(out, masks, metadata);
        return masks.stream().map(InTurn.Turn::counted).toList();
    }

    private List<Long> pruned(Checkpoint shard, SelectTasks tasks, Plan plan, OutputStream out) throws IOException {
        InTurn turns = new InTurn();
        Map<String, InTurn.Turn<?>> pruned = new LinkedHashMap<>();
        for (int number : prunable) {
            TensorInfo info = info(shard, tasks, number);
            pruned.put(
                    info.name(),
                    turns.tensor(
                            info,
                            () -> {
                                // read ahead each for itself: a pattern looks farther than what is written
                                RangeMask mask = mask(tensor(shard, tasks, number), tasks, plan, number);
                                return new PrunedRange(tensor(shard, tasks, number), mask, plan.fill());
                            },
                            PrunedRange::kept));
        }
        List<TensorView> tensors = new ArrayList<>();
        for (TensorView tensor : shard.tensors()) {
            TensorView other = pruned.get(tensor.info().name());
            long elements = tensor.info().shape().elements();
            tensors.add(
                    other == null
                            ? turns.tensor(tensor.info(), () -> WeightSpec.ahead(tensor, elements), copied -> 0)
                            : other);
        }
        Map<String, String> merged = new LinkedHashMap<>(shard.metadata());
        merged.putAll(metadata);
        SafetensorsWriter.write(out, tensors, merged);
        return pruned.values().stream().map(InTurn.Turn::counted).toList();
    }

    private static TensorInfo info(Checkpoint shard, SelectTasks tasks, int number) throws IOException {
        String name = tasks.spec().value().tensors().get(number).name();
        return shard.find(name)
                .orElseThrow(() -> new IOException(shard.path() + ": the tensor '" + name + "' is gone"))
                .info();
    }

    private static RankedTensor tensor(Checkpoint shard, SelectTasks tasks, int number) throws IOException {
        WeightSpec spec = tasks.spec().value().tensors().get(number);
        return spec.open(shard, info(shard, tasks, number).shape().elements());
    }

    private static RangeMask mask(RankedTensor tensor, SelectTasks tasks, Plan plan, int number) {
        Selection selection = tasks.spec().value().selection();
        return new RangeMask(tensor, selection, plan.rules().get(number));
    }
}
