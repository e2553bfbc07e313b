package io.detinit.spark;

import io.detinit.interop.mask.CutRule;
import io.detinit.interop.mask.MaskBits;
import io.detinit.interop.mask.MaskView;
import io.detinit.interop.mask.RangeMask;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PrunedRange;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
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

    /**
     * What a selection came to.
     *
     * @param rules which weights of each prunable tensor go; none where masks are given
     * @param given the masks that are given, one for each prunable tensor
     * @param fill what stands where a weight is pruned
     * @param masks whether masks are written, not a pruned model
     */
    record Plan(List<CutRule> rules, List<GivenMask> given, Fill fill, boolean masks) implements Serializable {}

    /**
     * A mask in a file.
     *
     * @param file the file, as Hadoop names it
     * @param name the tensor's name there
     * @param turned whether it lies the other way round than its parameter
     */
    record GivenMask(String file, String name, boolean turned) implements Serializable {}

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
        try (OpenFiles files = new OpenFiles(conf);
                OpenMasks given = new OpenMasks(conf)) {
            OutputSet.Body body = out -> {
                kept.clear();
                kept.addAll(plan.masks() ? masks(files, tasks, plan, out) : pruned(files, given, tasks, plan, out));
            };
            if (there) {
                body.write(OutputStream.nullOutputStream());
            } else {
                OutputSet.write(file, conf, body);
            }
        }
        return List.copyOf(kept);
    }

    private List<Long> masks(OpenFiles files, SelectTasks tasks, Plan plan, OutputStream out) throws IOException {
        InTurn turns = new InTurn();
        List<InTurn.Turn<?>> masks = new ArrayList<>();
        for (int number : prunable) {
            WeightSpec spec = tasks.spec().value().tensors().get(number);
            masks.add(turns.tensor(
                    MaskView.info(spec.stored().info()),
                    () -> {
                        RankedTensor tensor = spec.open(files, Long.MAX_VALUE);
                        return new MaskView(tensor, mask(tensor, tasks, plan, number));
                    },
                    MaskView::kept));
        }
        SafetensorsWriter.write(out, masks, metadata);
        return masks.stream().map(InTurn.Turn::counted).toList();
    }

    private List<Long> pruned(OpenFiles files, OpenMasks given, SelectTasks tasks, Plan plan, OutputStream out)
            throws IOException {
        InTurn turns = new InTurn();
        Map<String, InTurn.Turn<?>> pruned = new LinkedHashMap<>();
        for (int number : prunable) {
            WeightSpec spec = tasks.spec().value().tensors().get(number);
            pruned.put(
                    spec.name(),
                    turns.tensor(
                            spec.stored().info(),
                            () -> {
                                // read ahead each for itself: a pattern looks farther than what is written
                                MaskBits mask = plan.given().isEmpty()
                                        ? mask(spec.open(files, Long.MAX_VALUE), tasks, plan, number)
                                        : given.get(plan.given().get(number));
                                return new PrunedRange(spec.open(files, Long.MAX_VALUE), mask, plan.fill());
                            },
                            PrunedRange::kept));
        }
        try (Checkpoint shard = RemoteCheckpoints.open(new Path(source), tasks.settings())) {
            List<TensorView> tensors = new ArrayList<>();
            for (TensorView tensor : shard.tensors()) {
                TensorView other = pruned.get(tensor.info().name());
                tensors.add(
                        other == null
                                ? turns.tensor(tensor.info(), () -> WeightSpec.ahead(tensor), copied -> 0)
                                : other);
            }
            Map<String, String> merged = new LinkedHashMap<>(shard.metadata());
            merged.putAll(metadata);
            SafetensorsWriter.write(out, tensors, merged);
        }
        return pruned.values().stream().map(InTurn.Turn::counted).toList();
    }

    private static RangeMask mask(RankedTensor tensor, SelectTasks tasks, Plan plan, int number) {
        Selection selection = tasks.spec().value().selection();
        return new RangeMask(tensor, selection, plan.rules().get(number));
    }
}
