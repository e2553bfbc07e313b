package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.OutputComparison;
import io.detinit.interop.verify.TensorComparison;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Two models agree. */
@Command(
        name = "verify",
        description =
                "Check that two models agree: tensors bit for bit, or with --data the outputs of two ONNX models within a "
                        + "tolerance. Exit code 1 if they do not.",
        footer = {"", "Example: detinit verify run/model.safetensors run/model.onnx"})
final class VerifyCommand extends BaseCommand {

    @Parameters(index = "0", paramLabel = "A", description = "A model.")
    Path first = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    Path second = Path.of("");

    @Option(
            names = "--data",
            paramLabel = "D",
            description = "Compare outputs on the test split: digits, mnist:DIR, mnist.")
    @Nullable
    String data;

    @Option(names = "--tolerance", paramLabel = "X", description = "The largest difference of outputs (default: 1e-4).")
    double tolerance = 1e-4;

    @Override
    public Integer call() throws IOException {
        if (!(tolerance >= 0)) {
            throw new UsageException("--tolerance " + tolerance + " must be >= 0");
        }
        try (Checkpoint a = Checkpoints.open(first);
                Checkpoint b = Checkpoints.open(second)) {
            boolean agree = data == null ? tensors(a, b) : outputs(data, a, b);
            return agree ? ExitCode.DONE : ExitCode.GATE;
        }
    }

    private boolean tensors(Checkpoint a, Checkpoint b) throws IOException {
        TensorComparison comparison = TensorComparison.of(a, b);
        if (json) {
            ObjectNode object = head();
            object.put("agree", comparison.same());
            ArrayNode tensors = object.putArray("tensors");
            comparison
                    .tensors()
                    .forEach(entry -> put(
                            tensors.addObject()
                                    .put("name", entry.name())
                                    .put("problem", entry.problem())
                                    .put("elements", entry.elements())
                                    .put("different", entry.different()),
                            "maxAbsDifference",
                            entry.maxAbsDifference()));
            print(object);
        } else {
            TextTable table = new TextTable("tensor", "elements", "different", "max |a - b|", "");
            comparison
                    .tensors()
                    .forEach(entry -> table.row(
                            entry.name(),
                            Text.count(entry.elements()),
                            entry.problem().isEmpty() ? Text.count(entry.different()) : "-",
                            Text.format("%.3g", entry.maxAbsDifference()),
                            entry.problem()));
            table.print(out());
            out().println(comparison.same() ? "the same, bit for bit" : "NOT the same");
        }
        return comparison.same();
    }

    private boolean outputs(String spec, Checkpoint a, Checkpoint b) throws IOException {
        if (!a.format().equals("onnx") || !b.format().equals("onnx")) {
            throw new UsageException("--data runs ONNX files; these are " + a.format() + " and " + b.format());
        }
        Samples samples = EvalData.test(spec, a.metadata(), null);
        float[] left;
        float[] right;
        try (OnnxScorer scorer = OnnxScorer.open(first, root.threads)) {
            left = scorer.logits(samples.features(), samples.count());
        }
        try (OnnxScorer scorer = OnnxScorer.open(second, root.threads)) {
            right = scorer.logits(samples.features(), samples.count());
        }
        OutputComparison comparison = OutputComparison.of(left, right);
        boolean agree = comparison.within(tolerance);
        if (json) {
            ObjectNode object = head();
            object.put("agree", agree);
            object.put("outputs", comparison.outputs());
            put(object, "maxAbsDifference", comparison.maxAbsDifference());
            object.put("tolerance", tolerance);
            print(object);
        } else {
            out().println(Text.format(
                    "%s outputs, largest difference %.3g (scale %.3g), tolerance %.3g: %s",
                    Text.count(comparison.outputs()),
                    comparison.maxAbsDifference(),
                    comparison.scale(),
                    tolerance,
                    agree ? "they agree" : "they do NOT agree"));
        }
        return agree;
    }

    private ObjectNode head() {
        return JSON.createObjectNode().put("a", first.toString()).put("b", second.toString());
    }
}
