package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.verify.CheckpointComparison;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.LatencyProbe;
import io.detinit.interop.verify.NamedComparison;
import io.detinit.interop.verify.OnnxRunner;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.OutputComparison;
import io.detinit.interop.verify.RandomComparison;
import io.detinit.interop.verify.RandomInputs;
import io.detinit.interop.verify.Score;
import io.detinit.interop.verify.TensorComparison;
import io.detinit.interop.verify.Verifier;
import io.detinit.training.Samples;
import io.detinit.training.data.DataSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Two models agree. */
@Command(
        name = "verify",
        description =
                "Check that two models agree: tensors bit for bit, or with --data or --random the outputs of two ONNX models "
                        + "within a tolerance, with accuracy, latency and bytes on disk of both. Exit code 1 if they do not.",
        footer = {
            "",
            "Example: detinit verify run/model.safetensors run/model.onnx",
            "Example: detinit verify run/model.onnx pruned.onnx --data digits --min-agreement 0.99",
            "Example: detinit verify model.onnx model.fp16.onnx --random 256 --tolerance 0.01"
        })
final class VerifyCommand extends BaseCommand {

    @Parameters(index = "0", paramLabel = "A", description = "A model.")
    Path first = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    Path second = Path.of("");

    @Option(
            names = "--data",
            paramLabel = "D",
            description = "Compare outputs on the test split of " + DataSpec.KNOWN + ".")
    @Nullable
    String data;

    @Option(
            names = "--random",
            paramLabel = "N",
            description = "Compare outputs on N random inputs, of models with any inputs and outputs.")
    @Nullable
    Integer samples;

    @Mixin
    RandomOptions random = new RandomOptions();

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "The largest difference of outputs, relative to the largest output of A (default: 1e-4; with "
                    + "--min-agreement alone any).")
    @Nullable
    Double tolerance;

    @Option(
            names = "--min-agreement",
            paramLabel = "X",
            description = "The smallest fraction of samples for which both models give the same class.")
    @Nullable
    Double minAgreement;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Single-sample runs to time, of both models in turns; 0 for none (default: 1000).")
    int runs = 1000;

    @Override
    public Integer call() throws IOException {
        checkOptions();
        if (data != null) {
            return exit(outputs(data));
        }
        if (samples != null) {
            return exit(randomOutputs(samples));
        }
        try (Checkpoint a = Checkpoints.open(first);
                Checkpoint b = Checkpoints.open(second)) {
            return exit(tensors(a, b));
        }
    }

    private static int exit(boolean agree) {
        return agree ? ExitCode.DONE : ExitCode.GATE;
    }

    private void checkOptions() {
        if (!(tolerance() >= 0)) {
            throw new UsageException("--tolerance " + tolerance + " must be >= 0");
        }
        if (minAgreement != null && !(minAgreement >= 0 && minAgreement <= 1)) {
            throw new UsageException("--min-agreement " + minAgreement + " must be a fraction, 0 to 1");
        }
        if (minAgreement != null && data == null && samples == null) {
            throw new UsageException("--min-agreement compares outputs; give --data or --random");
        }
        if (data != null && samples != null) {
            throw new UsageException("--data and --random exclude each other");
        }
        if (samples != null && samples < 1) {
            throw new UsageException("--random " + samples + ": at least 1 is needed");
        }
        if (runs < 0) {
            throw new UsageException("--runs " + runs + ": at least 0 is needed");
        }
    }

    private double tolerance() {
        if (tolerance != null) {
            return tolerance;
        }
        return minAgreement == null ? 1e-4 : Double.POSITIVE_INFINITY;
    }

    private boolean tensors(Checkpoint a, Checkpoint b) throws IOException {
        CheckpointComparison comparison = Verifier.compare(a, b);
        if (json) {
            ObjectNode object = head();
            object.put("agree", comparison.identical());
            ArrayNode tensors = object.putArray("tensors");
            for (TensorComparison entry : comparison.tensors()) {
                ObjectNode node = tensors.addObject();
                node.put("name", entry.name());
                node.put("outcome", outcome(entry));
                node.put("elements", entry.elements());
                node.put("differing", entry.differing());
                put(node, "maxAbsDifference", entry.maxAbsDifference());
                other(entry).ifPresent(name -> node.put("other", name));
            }
            print(object);
        } else {
            TextTable table = new TextTable("tensor", "elements", "outcome", "differing", "max |a - b|");
            for (TensorComparison entry : comparison.tensors()) {
                table.row(
                        entry.name() + other(entry).map(name -> " = " + name).orElse(""),
                        Text.count(entry.elements()),
                        outcome(entry),
                        Text.count(entry.differing()),
                        Text.format("%.3g", entry.maxAbsDifference()));
            }
            table.print(out());
            out().println(comparison.identical() ? "the same, bit for bit" : "NOT the same");
        }
        return comparison.identical();
    }

    /** The name in B, where it is another one. */
    private static Optional<String> other(TensorComparison entry) {
        return Optional.ofNullable(entry.second()).map(TensorInfo::name).filter(name -> !name.equals(entry.name()));
    }

    private static String outcome(TensorComparison entry) {
        return entry.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private boolean outputs(String spec) throws IOException {
        Terminal terminal = terminal();
        OnnxModel a = OnnxModel.read(first, "--data");
        OnnxModel b = OnnxModel.read(second, "--data");
        Samples test = EvalData.test(spec, a.metadata(), null);
        OutputComparison found;
        List<ModelFigures> figures;
        try (OnnxScorer left = OnnxScorer.open(first, root.threads);
                OnnxScorer right = OnnxScorer.open(second, root.threads)) {
            terminal.progress("comparing outputs");
            found = Verifier.compareOutputs(left, right, test.features(), test.width(), EvalCommand.BATCH, tolerance());
            boolean labelled = found.outputsPerSample() >= test.classes();
            Score scoreA = labelled ? score(left, test) : null;
            Score scoreB = labelled ? score(right, test) : null;
            List<LatencyProbe> probes =
                    List.of(left.probe(test.features(), test.width()), right.probe(test.features(), test.width()));
            List<@Nullable Latency> latencies = RunTimer.time(probes, runs, terminal);
            figures = List.of(
                    new ModelFigures(a, spec, scoreA, latencies.get(0)),
                    new ModelFigures(b, spec, scoreB, latencies.get(1)));
        }
        boolean agree = agree(found);
        printOutputs(found, agree, figures);
        return agree;
    }

    private void printOutputs(OutputComparison found, boolean agree, List<ModelFigures> figures) {
        if (json) {
            ObjectNode object = head();
            object.put("agree", agree);
            object.put("samples", found.samples());
            OutputText.put(object, found);
            print(withModels(object, figures));
        } else {
            out().println(OutputText.line(found, agree));
            out().println();
            ModelFigures.print(figures, out());
        }
    }

    private static Score score(OnnxScorer model, Samples test) throws IOException {
        return model.score(test.features(), test.width(), test.labels(), EvalCommand.BATCH);
    }

    private boolean agree(OutputComparison found) {
        return found.within() && (minAgreement == null || found.rows() == 0 || found.agreement() >= minAgreement);
    }

    private boolean randomOutputs(int count) throws IOException {
        Terminal terminal = terminal();
        RandomInputs inputs = random.inputs();
        OnnxModel a = OnnxModel.read(first, "--random");
        OnnxModel b = OnnxModel.read(second, "--random");
        RandomComparison found;
        List<ModelFigures> figures;
        try (OnnxRunner left = OnnxRunner.open(first, root.threads);
                OnnxRunner right = OnnxRunner.open(second, root.threads)) {
            found = Verifier.compareRandom(
                    left,
                    right,
                    inputs,
                    count,
                    tolerance(),
                    done -> terminal.progress(Text.format("comparing: sample %,d of %,d", done, count)));
            List<@Nullable Latency> latencies = RunTimer.time(Verifier.probes(left, right, inputs), runs, terminal);
            figures = List.of(
                    new ModelFigures(a, null, null, latencies.get(0)),
                    new ModelFigures(b, null, null, latencies.get(1)));
        }
        boolean classes = found.outputs().stream().anyMatch(o -> o.comparison().rows() > 0);
        if (minAgreement != null && !classes) {
            throw new UsageException("--min-agreement: no output of " + first + " has rows of classes");
        }
        boolean agree = found.outputs().stream().allMatch(output -> agree(output.comparison()));
        printRandom(found, agree, figures);
        return agree;
    }

    private void printRandom(RandomComparison found, boolean agree, List<ModelFigures> figures) {
        if (json) {
            print(withModels(jsonOf(found, agree), figures));
        } else {
            OutputText.table(found, out());
            out().println(Text.format("%,d random inputs: %s", found.samples(), OutputText.verdict(agree)));
            out().println();
            ModelFigures.print(figures, out());
        }
    }

    /** The figures of the output that differs most, relative to its scale, then those of all. */
    private ObjectNode jsonOf(RandomComparison found, boolean agree) {
        ObjectNode object = head();
        object.put("agree", agree);
        object.put("samples", found.samples());
        Comparator<NamedComparison> least =
                Comparator.comparingDouble(output -> -output.comparison().maxRelativeDifference());
        found.outputs().stream().min(least).ifPresent(worst -> OutputText.put(object, worst.comparison()));
        random.put(object);
        ArrayNode outputs = object.putArray("outputs");
        for (NamedComparison output : found.outputs()) {
            ObjectNode node = outputs.addObject();
            node.put("name", output.first());
            node.put("other", output.second());
            node.put("type", output.type());
            node.put("agree", agree(output.comparison()));
            node.put("values", output.comparison().outputsPerSample());
            node.put("rows", output.comparison().rows());
            OutputText.put(node, output.comparison());
        }
        ArrayNode rest = object.putArray("notCompared");
        found.notCompared().forEach(rest::add);
        return object;
    }

    private static ObjectNode withModels(ObjectNode object, List<ModelFigures> figures) {
        ArrayNode models = object.putArray("models");
        figures.forEach(one -> one.put(models.addObject()));
        return object;
    }

    private ObjectNode head() {
        return JSON.createObjectNode().put("a", first.toString()).put("b", second.toString());
    }
}
