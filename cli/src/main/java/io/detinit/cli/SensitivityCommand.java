package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.budget.CandidateModel;
import io.detinit.interop.budget.CandidateScorer;
import io.detinit.interop.budget.LayerSensitivity;
import io.detinit.interop.budget.MaskMeasure;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What pruning each layer by itself costs. */
@Command(
        name = "sensitivity",
        description =
                "What pruning one layer costs while all others stay dense: accuracy, or how far the outputs move, "
                        + "for each layer and sparsity, scored in ONNX Runtime. No file is written.",
        footer = {
            "",
            "kl is the mean over the samples of KL(dense || pruned) of the class",
            "probabilities, in nats; it uses no labels and tells layers apart where the",
            "accuracy does not yet. The validation part is the last sixth of the training",
            "images, which training may have seen; --split test scores the test images.",
            "",
            "Example: detinit sensitivity run/model.onnx --data digits",
            "Example: detinit sensitivity run/model.onnx --data digits --criterion magnitude --fill zero --metric kl"
        })
final class SensitivityCommand extends BaseCommand {

    private static final String ACCURACY = "accuracy";
    private static final String KL = "kl";
    private static final String VALIDATION = "validation";
    private static final String TEST = "test";

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    ScoringOptions scoringOptions = new ScoringOptions();

    @Option(
            names = "--sparsities",
            paramLabel = "P",
            split = ",",
            description = "The sparsities of the columns, fractions (default: 0.5,0.7,0.8,0.9,0.95).")
    List<Double> sparsities = List.of(0.5, 0.7, 0.8, 0.9, 0.95);

    @Option(
            names = "--criterion",
            paramLabel = "NAME",
            description = "By what the weights of a layer are ranked, as in 'detinit prune' (default: movement).")
    @Nullable
    String criterion;

    @Option(
            names = "--fill",
            paramLabel = "NAME",
            description = "What stands where a weight was pruned: zero, init or init_or_zero (default: init).")
    String fill = Fill.INIT.id();

    @Option(names = "--metric", paramLabel = "NAME", description = "accuracy (default) or kl.")
    String metric = ACCURACY;

    @Option(names = "--split", paramLabel = "NAME", description = "validation (default) or test.")
    String split = VALIDATION;

    @Option(names = "--include", paramLabel = "GLOB", description = "Only layers whose name fits. Several times.")
    List<String> include = new ArrayList<>();

    @Option(names = "--exclude", paramLabel = "GLOB", description = "Leave layers away whose name fits. Several times.")
    List<String> exclude = new ArrayList<>();

    /** The dense accuracy and the table. */
    private record Findings(int samples, double accuracy, LayerSensitivity table) {}

    @Override
    public Integer call() throws IOException {
        Fill how = Fill.parse(fill);
        choice("--metric", metric, ACCURACY, KL);
        choice("--split", split, VALIDATION, TEST);
        for (double sparsity : sparsities) {
            selection(sparsity);
        }
        Criterion ranking = selection(1).criterion();
        try (Checkpoint checkpoint = Checkpoints.open(file);
                Scoring scoring = Scoring.open(checkpoint, scoringOptions, this);
                ResolvedBaseline resolved =
                        baseline.resolve(checkpoint, root.threads, how.needsInit() || ranking.needsInit())) {
            Findings findings = measure(checkpoint, resolved, scoring, how);
            if (json) {
                print(jsonOf(findings, scoring, ranking));
            } else {
                printText(findings, scoring, ranking);
            }
        }
        return ExitCode.DONE;
    }

    private static void choice(String option, String found, String first, String second) {
        if (!found.equals(first) && !found.equals(second)) {
            throw new UsageException(option + " " + found + ": known are " + first + " and " + second);
        }
    }

    /** Each layer by itself. */
    private Selection selection(double sparsity) {
        SelectOptions select = new SelectOptions();
        select.criterion = criterion;
        select.scope = Selection.Scope.LAYER.id();
        select.include = include;
        select.exclude = exclude;
        return BudgetOptions.at(select, sparsity);
    }

    private Findings measure(Checkpoint checkpoint, ResolvedBaseline resolved, Scoring scoring, Fill how)
            throws IOException {
        Terminal terminal = terminal();
        Samples samples = split.equals(TEST) ? scoring.test() : scoring.validation();
        Selector selector = new Selector(resolved.baseline(), root.threads);
        try (CandidateModel candidates = scoring.candidates(resolved.baseline())) {
            CandidateScorer scorer = Scoring.scorer(candidates, how, samples);
            MaskMeasure measure = metric.equals(KL) ? scorer::divergence : scorer::accuracy;
            double dense = scorer.accuracy(Map.of());
            LayerSensitivity table = LayerSensitivity.of(
                    sparsity -> selector.select(checkpoint.tensors(), selection(sparsity)),
                    sparsities,
                    measure,
                    done -> terminal.progress("scored " + Text.percent(100 * done)));
            return new Findings(samples.count(), dense, table);
        }
    }

    private ObjectNode jsonOf(Findings findings, Scoring scoring, Criterion ranking) {
        ObjectNode object = JSON.createObjectNode();
        object.put("input", file.toString());
        object.put("data", scoringOptions.data);
        object.put("split", split);
        object.put("samples", findings.samples());
        if (!scoring.own()) {
            object.put("scoredWith", scoring.model().toString());
        }
        object.put("criterion", ranking.id());
        object.put("fill", fill);
        object.put("metric", metric);
        put(object, "accuracy", findings.accuracy());
        sparsities.forEach(object.putArray("sparsities")::add);
        ArrayNode layers = object.putArray("layers");
        for (LayerSensitivity.Layer layer : findings.table().layers()) {
            ArrayNode values = layers.addObject()
                    .put("name", layer.name())
                    .put("elements", layer.elements())
                    .putArray("values");
            for (double value : layer.values()) {
                if (Double.isFinite(value)) {
                    values.add(value);
                } else {
                    values.addNull();
                }
            }
        }
        return object;
    }

    private void printText(Findings findings, Scoring scoring, Criterion ranking) {
        out().println(Text.format(
                "%s on %s %s images, one layer pruned at a time by %s, fill %s; dense accuracy %.4f",
                metric.equals(KL) ? "KL(dense || pruned) in nats" : "accuracy",
                Text.count(findings.samples()),
                split,
                ranking.id(),
                fill,
                findings.accuracy()));
        if (!scoring.own()) {
            out().println("scored with " + scoring.model());
        }
        out().println();
        List<String> header = new ArrayList<>(List.of("layer", "weights"));
        sparsities.forEach(sparsity -> header.add(String.valueOf(sparsity)));
        TextTable table = new TextTable(header.toArray(String[]::new));
        for (LayerSensitivity.Layer layer : findings.table().layers()) {
            List<Object> row = new ArrayList<>(List.of(layer.name(), Text.count(layer.elements())));
            layer.values().forEach(value -> row.add(Text.format(metric.equals(KL) ? "%.3g" : "%.4f", value)));
            table.row(row.toArray());
        }
        table.print(out());
    }
}
