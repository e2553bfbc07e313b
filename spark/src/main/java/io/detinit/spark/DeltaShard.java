package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaOptions;
import io.detinit.interop.delta.DeltaPacker;
import io.detinit.interop.delta.DeltaReport;
import io.detinit.interop.delta.DeltaReportJson;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.RangeMask;
import io.detinit.interop.mask.WholeMask;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * Packs one shard. Shard and delta are streamed, except that an archive without its weights is made in the machine's temporary folder;
 * a mask of at most a bit a weight is in memory, with a selection two.
 *
 * @param file the shard, as Hadoop names it; the folder that it is a part of
 * @param delta its delta file
 * @param placed the tensors that the index places in this shard
 * @param prunable the numbers of its prunable tensors in the selection
 * @param part what it is of the folder; null for a file
 */
record DeltaShard(
        String file, String delta, List<String> placed, List<Integer> prunable, DeltaLayout.@Nullable Part part)
        implements Serializable {

    /**
     * How all shards are packed.
     *
     * @param plan the plan of the whole model
     * @param values how wide kept values are
     * @param tool the program that packs
     * @param record how the masks were made, as JSON; empty for no selection
     * @param tasks what the selection reads; null for no selection
     * @param selected what it came to; null for no selection
     */
    record How(
            String plan,
            ValueType values,
            String tool,
            String record,
            @Nullable SelectTasks tasks,
            SelectedShard.@Nullable Plan selected)
            implements Serializable {}

    /**
     * Packs the shard; where the delta is there, only looks at it.
     *
     * @return what it holds, as JSON
     */
    String pack(How how, Configuration conf) throws IOException {
        Path target = new Path(delta);
        Path source = new Path(file);
        long before =
                part == null ? source.getFileSystem(conf).getFileStatus(source).getLen() : part.bytes();
        if (target.getFileSystem(conf).exists(target)) {
            try (HadoopBytes bytes = HadoopBytes.open(target, conf);
                    DeltaFile there = DeltaFile.open(bytes, RemoteCheckpoints.local(target), bytes)) {
                return json(before, there.report(bytes.size()));
            }
        }
        AtomicReference<@Nullable DeltaReport> report = new AtomicReference<>();
        try (Checkpoint opened = RemoteCheckpoints.open(source, conf)) {
            Plan plan = own(PlanJson.read(how.plan(), "the plan"));
            Checkpoint shard = part == null ? ReadInTurn.of(opened) : part(part, opened, plan);
            Optional<String> record = how.record().isEmpty() ? Optional.empty() : Optional.of(how.record());
            DeltaPacker packer = new DeltaPacker(new DeltaOptions(how.values(), 1, how.tool(), record));
            Optional<Map<String, Mask>> masks = masks(how);
            OutputSet.write(target, conf, out -> report.set(packer.pack(shard, plan, masks, LocalDisk.folder(), out)));
        }
        return json(before, java.util.Objects.requireNonNull(report.get()));
    }

    private Checkpoint part(DeltaLayout.Part part, Checkpoint folder, Plan plan) {
        Map<String, String> metadata =
                part.carriesPlan() ? Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)) : Map.of();
        return ReadInTurn.part(folder, part.name(), placed, metadata);
    }

    private String json(long before, DeltaReport report) {
        return DeltaReportJson.packed(file, before, delta, report).toString();
    }

    /** The plan of the shard's own tensors. */
    private Plan own(Plan plan) {
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, StoredOrder> orders = new HashMap<>();
        Set<String> own = new HashSet<>(placed);
        plan.entries().stream().filter(entry -> own.contains(entry.name())).forEach(entry -> {
            names.put(entry.name(), entry.name());
            orders.put(entry.name(), entry.stored());
        });
        return plan.forFile(names, orders);
    }

    private Optional<Map<String, Mask>> masks(How how) throws IOException {
        SelectTasks tasks = how.tasks();
        SelectedShard.Plan selected = how.selected();
        if (tasks == null || selected == null) {
            return Optional.empty();
        }
        Map<String, Mask> masks = new LinkedHashMap<>();
        try (OpenFiles files = new OpenFiles(tasks.settings())) {
            for (int number : prunable) {
                WeightSpec spec = tasks.spec().value().tensors().get(number);
                RangeMask mask = new RangeMask(
                        spec.open(files, Long.MAX_VALUE),
                        tasks.spec().value().selection(),
                        selected.rules().get(number));
                masks.put(spec.name(), WholeMask.of(spec.stored().info().shape(), mask));
            }
        }
        return Optional.of(masks);
    }
}
