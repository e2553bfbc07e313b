package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InitPlan;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.Score;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
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
            "Example: detinit prune run/model.onnx -o pruned.onnx --sparsity 0.69 --fill init --data digits"
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

    @ArgGroup(multiplicity = "1")
    Amount amount = new Amount();

    /** How much to prune. */
    static final class Amount {
        @Option(
                names = "--sparsity",
                paramLabel = "P",
                description = "Prune exactly round(P * prunable) weights; a fraction in [0, 1].")
        @Nullable
        Double sparsity;

        @Option(names = "--threshold", paramLabel = "T", description = "Prune every weight whose score is at most T.")
        @Nullable
        Double threshold;
    }

    @Option(
            names = "--criterion",
            paramLabel = "NAME",
            description = "movement (|w - w0|, default) or magnitude (|w|).")
    String criterion = "movement";

    @Option(
            names = "--scope",
            paramLabel = "NAME",
            description = "global (all weights ranked together, default) or layer.")
    String scope = "global";

    @Option(
            names = "--fill",
            required = true,
            paramLabel = "NAME",
            description = "What stands where a weight was pruned: " + "zero, or init (back to w0).")
    String fill = "";

    @Option(
            names = "--data",
            paramLabel = "D",
            description = "Report the accuracy before and after on the test split "
                    + "(ONNX files): digits, mnist:DIR, mnist.")
    @Nullable
    String data;

    @Override
    public Integer call() throws IOException {
        Selection selection = selection();
        Fill how = Fill.parse(fill);
        Outputs.check(output, force);
        long before = Files.size(file);
        InitPlan plan;
        PruneReport report;
        @Nullable Samples samples = null;
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            if (data != null && !checkpoint.format().equals("onnx")) {
                throw new UsageException("--data scores ONNX files; " + file + " is " + checkpoint.format());
            }
            samples = data == null ? null : EvalData.test(data, checkpoint.metadata(), null);
            plan = baseline.resolve(checkpoint).plan();
            PlanSidecar sidecar = PlanSidecar.of(checkpoint, output, force);
            report = new Pruner(plan, root.threads)
                    .prune(checkpoint, selection, how, output, metadata(plan, selection, how));
            sidecar.write(PlanJson.write(plan));
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

    private Selection selection() {
        Selection.Target target;
        if (amount.sparsity != null) {
            target = new Selection.Sparsity(amount.sparsity);
        } else if (amount.threshold != null) {
            target = new Selection.AtMost(amount.threshold);
        } else {
            throw new UsageException("give --sparsity P or --threshold T");
        }
        Selection.Scope over = switch (scope) {
            case "global" -> Selection.Scope.GLOBAL;
            case "layer" -> Selection.Scope.LAYER;
            default -> throw new UsageException("unknown scope '" + scope + "'; known: global, layer");
        };
        return new Selection(Criterion.parse(criterion), target, over);
    }

    private Score score(Path model, Samples samples) throws IOException {
        try (OnnxScorer scorer = OnnxScorer.open(model, root.threads)) {
            return scorer.score(samples.features(), samples.width(), samples.labels(), EvalCommand.BATCH);
        }
    }

    private Map<String, String> metadata(InitPlan plan, Selection selection, Fill how) {
        ObjectNode provenance = JSON.createObjectNode();
        provenance.put("criterion", selection.criterion().id());
        if (amount.sparsity != null) {
            provenance.put("sparsity", amount.sparsity);
        } else {
            provenance.put("threshold", amount.threshold);
        }
        provenance.put("scope", scope);
        provenance.put("fill", how.id());
        provenance.put("seed", plan.seed());
        provenance.put("tool", new Detinit.Version().getVersion()[0]);
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(Checkpoint.PLAN_KEY, PlanJson.write(plan));
        metadata.put("detinit.prune", provenance.toString());
        return metadata;
    }

    private ObjectNode jsonOf(PruneReport report, long before, @Nullable Score scoreBefore, @Nullable Score scoreAfter)
            throws IOException {
        ObjectNode object = JSON.createObjectNode();
        object.put("input", file.toString());
        object.put("output", output.toString());
        object.put("criterion", criterion);
        object.put("fill", fill);
        object.put("storage", "dense");
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
        out().println("bytes " + Text.count(before) + " -> " + Text.count(Files.size(output)) + " (stored densely)");
        if (scoreBefore != null && scoreAfter != null) {
            out().println("test accuracy " + Text.fraction(scoreBefore.accuracy()) + " -> "
                    + Text.fraction(scoreAfter.accuracy()));
        }
        out().println("wrote " + output);
    }
}
