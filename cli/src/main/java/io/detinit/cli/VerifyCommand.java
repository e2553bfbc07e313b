package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.CheckpointComparison;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.OutputComparison;
import io.detinit.interop.verify.TensorComparison;
import io.detinit.interop.verify.Verifier;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
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

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "The largest difference of outputs, relative to the largest output of A (default: 1e-4).")
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
            }
            print(object);
        } else {
            TextTable table = new TextTable("tensor", "elements", "outcome", "differing", "max |a - b|");
            for (TensorComparison entry : comparison.tensors()) {
                table.row(
                        entry.name(),
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

    private static String outcome(TensorComparison entry) {
        return entry.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private boolean outputs(String spec, Checkpoint a, Checkpoint b) throws IOException {
        if (!a.format().equals("onnx") || !b.format().equals("onnx")) {
            throw new UsageException("--data runs ONNX files; these are " + a.format() + " and " + b.format());
        }
        Samples samples = EvalData.test(spec, a.metadata(), null);
        OutputComparison comparison;
        try (OnnxScorer left = OnnxScorer.open(first, root.threads);
                OnnxScorer right = OnnxScorer.open(second, root.threads)) {
            comparison = Verifier.compareOutputs(
                    left, right, samples.features(), samples.width(), EvalCommand.BATCH, tolerance);
        }
        if (json) {
            ObjectNode object = head();
            object.put("agree", comparison.within());
            object.put("samples", comparison.samples());
            put(object, "maxAbsDifference", comparison.maxAbsDifference());
            put(object, "scale", comparison.scale());
            put(object, "maxRelativeDifference", comparison.maxRelativeDifference());
            object.put("sameClass", comparison.agreeing());
            object.put("tolerance", tolerance);
            print(object);
        } else {
            out().println(Text.format(
                    "%s samples, largest difference %.3g at a scale of %.3g: %.3g, tolerance %.3g; the same class for %s: %s",
                    Text.count(comparison.samples()),
                    comparison.maxAbsDifference(),
                    comparison.scale(),
                    comparison.maxRelativeDifference(),
                    tolerance,
                    Text.count(comparison.agreeing()),
                    comparison.within() ? "they agree" : "they do NOT agree"));
        }
        return comparison.within();
    }

    private ObjectNode head() {
        return JSON.createObjectNode().put("a", first.toString()).put("b", second.toString());
    }
}
