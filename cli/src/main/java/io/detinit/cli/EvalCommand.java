package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.Score;
import io.detinit.training.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Accuracy and latency through ONNX Runtime. */
@Command(
        name = "eval",
        description = "Accuracy, loss and latency of an ONNX model in ONNX Runtime, on the test split.",
        footer = {"", "Example: detinit eval run/model.onnx --data digits"})
final class EvalCommand extends BaseCommand {

    /** Samples in one run of the model when it is scored. */
    static final int BATCH = 1000;

    @Parameters(paramLabel = "MODEL", description = "An ONNX file.")
    Path model = Path.of("");

    @Option(names = "--data", required = true, paramLabel = "D", description = "digits, mnist:DIR, mnist.")
    String data = "";

    @Option(
            names = "--normalize",
            paramLabel = "NAME",
            description = "none (pixels / 255) or meanstd (default: as the model's metadata says, else none).")
    @Nullable
    String normalize;

    @Option(names = "--runs", paramLabel = "N", description = "Single-sample runs to time (default: 1000).")
    int runs = 1000;

    @Override
    public Integer call() throws IOException {
        if (runs < 1) {
            throw new UsageException("--runs " + runs + ": at least 1 is needed");
        }
        Map<String, String> metadata;
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            metadata = checkpoint.metadata();
        }
        Samples samples = EvalData.test(data, metadata, normalize);
        try (OnnxScorer scorer = OnnxScorer.open(model, root.threads)) {
            Score score = scorer.score(samples.features(), samples.width(), samples.labels(), BATCH);
            Latency latency = scorer.latency(samples.features(), samples.width(), Math.max(10, runs / 10), runs);
            long bytes = Files.size(model);
            if (json) {
                ObjectNode object = JSON.createObjectNode();
                object.put("model", model.toString());
                object.put("data", data);
                object.put("samples", score.samples());
                object.put("accuracy", score.accuracy());
                put(object, "loss", score.loss());
                object.putObject("latencyMs").put("median", latency.median()).put("p99", latency.p99());
                object.put("bytes", bytes);
                print(object);
            } else {
                new TextTable("model", "samples", "accuracy", "loss", "median ms", "p99 ms", "bytes")
                        .row(
                                model,
                                Text.count(score.samples()),
                                Text.fraction(score.accuracy()),
                                Text.fraction(score.loss()),
                                Text.format("%.4f", latency.median()),
                                Text.format("%.4f", latency.p99()),
                                Text.count(bytes))
                        .print(out());
            }
        }
        return ExitCode.DONE;
    }
}
