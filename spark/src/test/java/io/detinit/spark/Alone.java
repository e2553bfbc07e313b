package io.detinit.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.ToolVersion;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.MaskBitmaps;
import io.detinit.interop.mask.MaskJson;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;

/** What one machine selects, and its JSON without places and sizes. */
record Alone(StoredMasks masks, Map<String, String> metadata, ObjectNode json) {

    static Alone of(Path file, String... options) throws IOException {
        Selection selection = selection(options);
        try (Checkpoint checkpoint = Samples.open(file)) {
            Plan plan = Samples.plan(checkpoint);
            Baseline baseline = Baseline.of(plan, checkpoint);
            Selected selected = new Selector(baseline, 2).selectWithCut(checkpoint.tensors(), selection, d -> {});
            StoredMasks masks = StoredMasks.of(selected.masks(), baseline);
            MaskRecord record = MaskRecord.of(
                    selection, selected, baseline, String.valueOf(file.getFileName()), ToolVersion.name());
            ObjectNode json = new ObjectMapper().createObjectNode();
            json.put("input", file.toString());
            MaskJson.put(json, selection);
            List<MaskJson.Entry> entries = new ArrayList<>();
            masks.masks().forEach((name, mask) -> entries.add(MaskJson.Entry.of(name, mask)));
            MaskJson.put(json, "", entries, 0);
            MaskJson.put(json, selected.withoutMasks());
            String text = PlanJson.write(baseline.planForFile(plan));
            return new Alone(masks, record.metadata(masks.inOut(), Optional.of(text)), json);
        }
    }

    private static final Map<List<String>, Alone> KNOWN = new HashMap<>();

    /** The same, worked out once. */
    static Alone once(Path file, String... options) throws IOException {
        List<String> key = new ArrayList<>(List.of(options));
        key.add(file.toString());
        Alone known = KNOWN.get(key);
        if (known == null) {
            known = of(file, options);
            KNOWN.put(key, known);
        }
        return known;
    }

    /** Packs the masks as the command does. */
    void writeBitmaps(Path target, Path file, String... options) throws IOException {
        Selection selection = selection(options);
        try (Checkpoint checkpoint = Samples.open(file)) {
            Plan plan = Samples.plan(checkpoint);
            Baseline baseline = Baseline.of(plan, checkpoint);
            Selected selected = new Selector(baseline, 2).selectWithCut(checkpoint.tensors(), selection, d -> {});
            MaskRecord record = MaskRecord.of(
                    selection, selected, baseline, String.valueOf(file.getFileName()), ToolVersion.name());
            MaskBitmaps.write(target, masks, record, Optional.of(PlanJson.write(baseline.planForFile(plan))));
        }
    }

    /** Prunes as the command does. */
    static void prune(Path file, Path target, String fill, String... options) throws IOException {
        Selection selection = selection(options);
        try (Checkpoint checkpoint = Samples.open(file)) {
            Plan plan = Samples.plan(checkpoint);
            Baseline baseline = Baseline.of(plan, checkpoint);
            Fill how = Fill.parse(fill);
            Selected selected = new Selector(baseline, 2).selectWithCut(checkpoint.tensors(), selection, d -> {});
            String source = String.valueOf(file.getFileName());
            MaskRecord record = selection.target() instanceof Selection.AtMost
                    ? MaskRecord.of(selection, baseline, source, ToolVersion.name())
                    : MaskRecord.of(selection, selected, baseline, source, ToolVersion.name());
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put(Checkpoint.PLAN_KEY, PlanJson.write(baseline.planForFile(plan)));
            metadata.put("detinit.prune", record.fields().put("fill", how.id()).toString());
            new Pruner(baseline, 2).prune(checkpoint, selection, how, Destination.dense(target, metadata));
        }
    }

    private static Selection selection(String... options) {
        SelectOptions select = new SelectOptions();
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create()
                .addMixin("select", CommandLine.Model.CommandSpec.forAnnotatedObject(select));
        new CommandLine(spec).registerConverter(Seed.class, Seed::parse).parseArgs(options);
        return select.parse();
    }
}
