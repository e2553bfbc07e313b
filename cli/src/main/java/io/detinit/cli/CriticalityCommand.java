package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.budget.CandidateModel;
import io.detinit.interop.budget.LayerCriticality;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.Score;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What each layer's training is worth. */
@Command(
        name = "criticality",
        description =
                "What each layer's training is worth: put it back to its initial values, or part of the way, while all others stay "
                        + "trained, and score the model in ONNX Runtime. The initial values are regenerated; no file is written.",
        footer = {
            "",
            "A layer whose accuracy hardly falls at 0 could as well have stayed untrained (Zhang, Bengio and Singer",
            "2019, 'Are all layers created equal?', who stored the initial weights for it).",
            "The validation part is the last sixth of the training images, which training may have seen; --split test",
            "scores the test images.",
            "",
            "Example: detinit criticality run --data digits",
            "Example: detinit criticality net.pt --torch-seed 42 --score-with net.onnx --data mnist:DIR --per tensor"
        })
final class CriticalityCommand extends BaseCommand {

    private static final String VALIDATION = "validation";
    private static final String TEST = "test";

    @Parameters(
            paramLabel = "RUN|FILE",
            description = "The folder that 'train' wrote, or a checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    ScoringOptions scoringOptions = new ScoringOptions();

    @Option(
            names = "--parts",
            paramLabel = "A",
            split = ",",
            description = "How far from w0, w0 + A * (w - w0), each in [0, 1] (default: 0,0.25,0.5,0.75,1).")
    List<Double> parts = List.of(0.0, 0.25, 0.5, 0.75, 1.0);

    @Option(
            names = "--per",
            paramLabel = "UNIT",
            description = "layer: a weight with its bias (default); tensor: each parameter by itself.")
    String per = LayerCriticality.Unit.LAYER.id();

    @Option(names = "--split", paramLabel = "NAME", description = "validation (default) or test.")
    String split = VALIDATION;

    @Option(
            names = "--report",
            paramLabel = "F",
            description =
                    "Write a report: F.html, one page that needs nothing else, or F.csv. May be given several times.")
    List<Path> reports = new ArrayList<>();

    @Option(names = "--force", description = "Replace existing reports.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        LayerCriticality.Unit unit = unit();
        if (!split.equals(VALIDATION) && !split.equals(TEST)) {
            throw new UsageException("--split " + split + ": known are " + VALIDATION + " and " + TEST);
        }
        for (double part : parts) {
            if (!(part >= 0 && part <= 1)) {
                throw new UsageException(
                        "--parts " + part + ": each must lie in [0, 1], 0 for w0 and 1 for the trained weights");
            }
        }
        for (Path report : reports) {
            AuditReports.check(report, force);
        }
        Path model = Files.isDirectory(file) && Files.isRegularFile(file.resolve("run.json"))
                ? file.resolve("model.onnx")
                : file;
        try (Checkpoint checkpoint = Checkpoints.open(model);
                ResolvedBaseline resolved = baseline.resolve(checkpoint, root.threads);
                Scoring scoring = Scoring.open(checkpoint, scoringOptions, this)) {
            CriticalityFindings findings = measure(checkpoint, resolved, scoring, unit);
            for (Path report : reports) {
                CriticalityTexts.write(report, findings);
            }
            if (json) {
                print(jsonOf(findings));
            } else {
                CriticalityTexts.print(out(), findings);
                reports.forEach(target -> out().println("wrote " + target));
            }
        }
        return ExitCode.DONE;
    }

    private LayerCriticality.Unit unit() {
        for (LayerCriticality.Unit unit : LayerCriticality.Unit.values()) {
            if (unit.id().equals(per)) {
                return unit;
            }
        }
        throw new UsageException("--per " + per + ": known are "
                + String.join(
                        " and ",
                        Arrays.stream(LayerCriticality.Unit.values())
                                .map(LayerCriticality.Unit::id)
                                .toList()));
    }

    private CriticalityFindings measure(
            Checkpoint checkpoint, ResolvedBaseline resolved, Scoring scoring, LayerCriticality.Unit unit)
            throws IOException {
        Terminal terminal = terminal();
        Baseline base = resolved.baseline();
        Samples samples = split.equals(TEST) ? scoring.test() : scoring.validation();
        CandidateModel.Use<Score> use =
                scorer -> scorer.score(samples.features(), samples.width(), samples.labels(), EvalCommand.BATCH);
        try (CandidateModel model = scoring.candidatesWithVectors(base)) {
            Score trained = model.replace(Map.of(), use);
            LayerCriticality table = LayerCriticality.of(
                    checkpoint,
                    base,
                    model,
                    unit,
                    parts,
                    use,
                    done -> terminal.progress("scored " + Text.percent(100 * done)));
            return new CriticalityFindings(
                    checkpoint.path().toString(), resolved.source(), split, unit, trained, table);
        }
    }

    private ObjectNode jsonOf(CriticalityFindings findings) {
        ObjectNode object = JSON.createObjectNode();
        object.put("input", findings.file());
        object.put("data", scoringOptions.data);
        object.put("split", split);
        object.put("samples", findings.trained().samples());
        object.put("per", per);
        put(object, "accuracy", findings.trained().accuracy());
        put(object, "loss", findings.trained().loss());
        parts.forEach(object.putArray("parts")::add);
        ArrayNode layers = object.putArray("layers");
        for (LayerCriticality.Layer layer : findings.table().layers()) {
            ObjectNode node = layers.addObject();
            node.put("name", layer.name());
            layer.parameters().forEach(node.putArray("parameters")::add);
            node.put("elements", layer.elements());
            ArrayNode accuracy = node.putArray("accuracy");
            ArrayNode loss = node.putArray("loss");
            for (Score score : layer.scores()) {
                accuracy.add(score.accuracy());
                if (Double.isFinite(score.loss())) {
                    loss.add(score.loss());
                } else {
                    loss.addNull();
                }
            }
        }
        return object;
    }
}
