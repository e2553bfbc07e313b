package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskFit;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.Score;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The pruned model in the format that came in. */
@Command(
        name = "prune",
        description = "Prune a trained model by what its weights learned; writes the format that came in.",
        footer = {
            "",
            "Zeros are what a runtime could skip; w0 is what a file need not hold. Below about 30 %% sparsity both cost little; above,",
            "going back to w0 keeps far more accuracy than zeros, which need fine-tuning.",
            "Example: detinit prune run/model.onnx -o pruned.onnx --sparsity 0.69 --fill init --data digits",
            "Example: detinit prune run/model.safetensors -o pruned.safetensors --masks keep.safetensors --fill zero"
        })
final class PruneCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "OUT", description = "The file to write.")
    Path output = Path.of("");

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Option(
            names = "--masks",
            paramLabel = "M",
            description =
                    "Prune what the masks of this file prune, in place of a selection; a file of 'detinit mask', or its "
                            + "bitmaps. With --fill zero no baseline is needed.")
    @Nullable
    Path masks;

    @Option(
            names = "--fill",
            required = true,
            paramLabel = "NAME",
            description =
                    "What stands where a weight was pruned: "
                            + "zero, init (back to w0), or init_or_zero (w0, but zero where the weight was moving towards zero).")
    String fill = "";

    @Option(
            names = "--storage",
            paramLabel = "NAME",
            description = "dense (default), or sparse: ONNX sparse initializers wherever that is smaller.")
    String storage = "dense";

    @Option(
            names = "--data",
            paramLabel = "D",
            description = "Report the accuracy before and after on the test split "
                    + "(ONNX files): digits, mnist:DIR, mnist.")
    @Nullable
    String data;

    @Override
    public Integer call() throws IOException {
        Fill how = Fill.parse(fill);
        if (masks != null && select.given()) {
            throw new UsageException("--masks says what is pruned: leave the options of a selection away");
        }
        Optional<Selection> selection = masks == null ? Optional.of(select.parse()) : Optional.empty();
        Outputs.check(output, force);
        Optional<MaskFile> given = masks == null ? Optional.empty() : Optional.of(MaskFile.read(masks));
        long before = Files.size(file);
        PruneReport report;
        @Nullable Samples samples = null;
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            if (data != null && !checkpoint.format().equals("onnx")) {
                throw new UsageException("--data scores ONNX files; " + file + " is " + checkpoint.format());
            }
            samples = data == null ? null : EvalData.test(data, checkpoint.metadata(), null);
            report = given.isPresent() && how == Fill.ZERO && !baseline.given()
                    ? zero(checkpoint, given.get())
                    : prune(checkpoint, selection, given, how);
        }
        Score scoreBefore = samples == null ? null : score(file, samples);
        Score scoreAfter = samples == null ? null : score(output, samples);
        if (json) {
            print(jsonOf(report, before, scoreBefore, scoreAfter));
        } else {
            printText(report, before, scoreBefore, scoreAfter);
        }
        return ExitCode.DONE;
    }

    private static boolean needsInit(Optional<Selection> selection, Fill how) {
        return how.needsInit()
                || selection.isEmpty()
                || selection.get().criterion().needsInit();
    }

    private PruneReport zero(Checkpoint checkpoint, MaskFile given) throws IOException {
        StoredMasks fitted = MaskFit.fit(given, checkpoint, Optional.empty());
        ObjectNode provenance = JSON.createObjectNode();
        provenance.put("masks", String.valueOf(given.path().getFileName()));
        provenance.put("fill", Fill.ZERO.id());
        provenance.put("tool", new Detinit.Version().getVersion()[0]);
        return Pruner.zero(checkpoint, fitted.masks(), destination(Map.of("detinit.prune", provenance.toString())));
    }

    private PruneReport prune(Checkpoint checkpoint, Optional<Selection> selection, Optional<MaskFile> given, Fill how)
            throws IOException {
        try (ResolvedBaseline resolved = baseline.resolve(checkpoint, root.threads, needsInit(selection, how))) {
            Optional<String> plan = resolved.planForFile().map(PlanJson::write);
            PlanSidecar sidecar = PlanSidecar.of(checkpoint, output, force);
            Map<String, String> metadata = metadata(plan, resolved, selection, how);
            PruneReport report = given.isPresent()
                    ? byMasks(checkpoint, resolved.baseline(), given.get(), how, metadata)
                    : new Pruner(resolved.baseline(), root.threads)
                            .prune(
                                    checkpoint,
                                    MaskCommand.select(this, resolved, checkpoint, selection.orElseThrow()),
                                    how,
                                    destination(metadata));
            if (plan.isPresent()) {
                sidecar.write(plan.get());
            }
            return report;
        }
    }

    private PruneReport byMasks(
            Checkpoint checkpoint, Baseline base, MaskFile given, Fill how, Map<String, String> metadata)
            throws IOException {
        StoredMasks fitted = MaskFit.fit(given, checkpoint, Optional.of(base));
        return how == Fill.ZERO
                ? Pruner.zero(checkpoint, fitted.masks(), destination(metadata))
                : new Pruner(base, root.threads).prune(checkpoint, fitted.logical(), how, destination(metadata));
    }

    private Destination destination(Map<String, String> metadata) {
        return new Destination(output, metadata, TensorStorage.parse(storage));
    }

    private Score score(Path model, Samples samples) throws IOException {
        try (OnnxScorer scorer = OnnxScorer.open(model, root.threads)) {
            return scorer.score(samples.features(), samples.width(), samples.labels(), EvalCommand.BATCH);
        }
    }

    private Map<String, String> metadata(
            Optional<String> plan, ResolvedBaseline resolved, Optional<Selection> selection, Fill how) {
        Baseline base = resolved.baseline();
        String tool = new Detinit.Version().getVersion()[0];
        ObjectNode provenance = JSON.createObjectNode();
        if (selection.isPresent()) {
            String source = String.valueOf(file.getFileName());
            provenance = MaskRecord.of(selection.get(), base, source, tool).fields();
        } else {
            provenance.put("masks", String.valueOf(masks == null ? null : masks.getFileName()));
            provenance.put("baseline", base.kind().id());
            if (base.seed().isPresent()) {
                provenance.put("seed", base.seed().getAsLong());
            }
            provenance.put("tool", tool);
        }
        provenance.put("fill", how.id());
        Map<String, String> metadata = new LinkedHashMap<>();
        plan.ifPresent(text -> metadata.put(Checkpoint.PLAN_KEY, text));
        metadata.put("detinit.prune", provenance.toString());
        return metadata;
    }

    private ObjectNode jsonOf(PruneReport report, long before, @Nullable Score scoreBefore, @Nullable Score scoreAfter)
            throws IOException {
        ObjectNode object = JSON.createObjectNode();
        object.put("input", file.toString());
        object.put("output", output.toString());
        if (masks == null) {
            object.put("criterion", select.parse().criterion().id());
        } else {
            object.putNull("criterion").put("masks", masks.toString());
        }
        object.put("fill", fill);
        object.put("storage", storage);
        object.put("sparsity", report.sparsity());
        ArrayNode tensors = object.putArray("tensors");
        report.tensors()
                .forEach(tensor -> tensors.addObject()
                        .put("name", tensor.name())
                        .put("elements", tensor.elements())
                        .put("kept", tensor.kept()));
        object.putObject("bytes").put("before", before).put("after", Files.size(output));
        ObjectNode accuracy = object.putObject("accuracy");
        if (scoreBefore != null && scoreAfter != null) {
            accuracy.put("before", scoreBefore.accuracy()).put("after", scoreAfter.accuracy());
        } else {
            accuracy.putNull("before").putNull("after");
        }
        return object;
    }

    private void printText(PruneReport report, long before, @Nullable Score scoreBefore, @Nullable Score scoreAfter)
            throws IOException {
        TextTable table = new TextTable("tensor", "elements", "kept", "sparsity");
        for (PruneReport.PrunedEntry tensor : report.tensors()) {
            table.row(
                    tensor.name(),
                    Text.count(tensor.elements()),
                    Text.count(tensor.kept()),
                    Text.fraction(1 - (double) tensor.kept() / Math.max(1, tensor.elements())));
        }
        table.row(
                "all prunable",
                Text.count(report.prunable()),
                Text.count(report.kept()),
                Text.fraction(report.sparsity()));
        table.print(out());
        out().println();
        out().println("bytes " + Text.count(before) + " -> " + Text.count(Files.size(output)) + " (" + storage + ")");
        if (scoreBefore != null && scoreAfter != null) {
            out().println("test accuracy " + Text.fraction(scoreBefore.accuracy()) + " -> "
                    + Text.fraction(scoreAfter.accuracy()));
        }
        out().println("wrote " + output);
    }
}
