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
 * One file of masks, or of a pruned model. Masks are worked out as they are written, and no tensor is in memory.
 *
 * @param file the trained file, and the one to appear
 * @param prunable the numbers of its prunable tensors, in order
 */
record SelectedShard(FileCopy file, List<Integer> prunable) implements Serializable {

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
     * Writes a file that is written from front to back; where it is there, only counts.
     *
     * @return how many weights are kept of each prunable tensor
     */
    List<Long> count(SelectTasks tasks, Plan plan) throws IOException {
        Configuration conf = tasks.settings();
        List<Long> kept = new ArrayList<>();
        try (OpenFiles files = new OpenFiles(conf);
                OpenMasks given = new OpenMasks(conf)) {
            OutputSet.Body body = out -> {
                kept.clear();
                kept.addAll(plan.masks() ? masks(files, tasks, plan, out) : pruned(files, given, tasks, plan, out));
            };
            if (file.isThere(conf)) {
                body.write(OutputStream.nullOutputStream());
            } else {
                OutputSet.write(new Path(file.target()), conf, body);
            }
        }
        return List.copyOf(kept);
    }

    /** Writes a file of PyTorch unless it is there. What is written is read in any order, so nothing is counted. */
    void write(SelectTasks tasks, Plan plan) throws IOException {
        Configuration conf = tasks.settings();
        if (file.isThere(conf)) {
            return;
        }
        try (OpenFiles files = new OpenFiles(conf);
                OpenMasks given = new OpenMasks(conf)) {
            file.write(conf, (opened, turns) -> replacements(files, given, tasks, plan, turns));
        }
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
        SafetensorsWriter.write(out, masks, file.metadata());
        return masks.stream().map(InTurn.Turn::counted).toList();
    }

    private List<Long> pruned(OpenFiles files, OpenMasks given, SelectTasks tasks, Plan plan, OutputStream out)
            throws IOException {
        List<InTurn.Turn<?>> pruned = new ArrayList<>();
        file.write(
                tasks.settings(),
                (opened, turns) -> {
                    Map<String, InTurn.Turn<?>> replacements = replacements(files, given, tasks, plan, turns);
                    pruned.addAll(replacements.values());
                    return replacements;
                },
                out);
        return pruned.stream().map(InTurn.Turn::counted).toList();
    }

    private Map<String, InTurn.Turn<?>> replacements(
            OpenFiles files, OpenMasks given, SelectTasks tasks, Plan plan, InTurn turns) {
        Map<String, InTurn.Turn<?>> pruned = new LinkedHashMap<>();
        for (int number : prunable) {
            WeightSpec spec = tasks.spec().value().tensors().get(number);
            pruned.put(
                    spec.name(),
                    turns.tensor(
                            spec.stored().info(),
                            () -> {
                                // read ahead each for itself: a pattern looks farther than what is written
                                MaskBits mask = mask(files, given, tasks, plan, number, Long.MAX_VALUE);
                                return new PrunedRange(spec.open(files, Long.MAX_VALUE), mask, plan.fill());
                            },
                            PrunedRange::kept));
        }
        return pruned;
    }

    /** The mask of a prunable tensor, given or worked out as it is read, as a rule before an element. */
    static MaskBits mask(OpenFiles files, OpenMasks given, SelectTasks tasks, Plan plan, int number, long end)
            throws IOException {
        if (!plan.given().isEmpty()) {
            return given.get(plan.given().get(number));
        }
        WeightSpec spec = tasks.spec().value().tensors().get(number);
        return mask(spec.open(files, end), tasks, plan, number);
    }

    private static RangeMask mask(RankedTensor tensor, SelectTasks tasks, Plan plan, int number) {
        Selection selection = tasks.spec().value().selection();
        return new RangeMask(tensor, selection, plan.rules().get(number));
    }
}
