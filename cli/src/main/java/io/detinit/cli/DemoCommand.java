package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.OutputFolder;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.Latencies;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.LatencyProbe;
import io.detinit.interop.verify.ModelSize;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.Score;
import io.detinit.models.ModelSpec;
import io.detinit.training.EngineMemory;
import io.detinit.training.EpochResult;
import io.detinit.training.RunFolder;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingLoop;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The whole way: seed, train, audit, prune, export, verify. */
@Command(
        name = "demo",
        description =
                "The whole way on a data set that needs no network: seed, train, audit, prune both ways, export, run in ONNX "
                        + "Runtime. Prints the table and writes everything into one folder, with a page to look at: report.html.",
        footer = {"", "Example: detinit demo --data mnist:mnist-folder"})
final class DemoCommand extends BaseCommand {

    private static final List<Threshold> THRESHOLDS =
            List.of(new Threshold(1e-5), new Threshold(1e-3), new Threshold(1e-2), new Threshold(3e-2));
    private static final String MODEL = "mlp:784-256-128-64-10";
    private static final int LATENCY_WARM_UP = 2000;
    private static final int LATENCY_RUNS = 9000;

    @Option(names = "-o", paramLabel = "DIR", description = "The folder to write (default: detinit-demo).")
    Path output = Path.of("detinit-demo");

    @Option(names = "--force", description = "Replace an existing folder.")
    boolean force;

    @Option(
            names = "--data",
            paramLabel = "D",
            description = "Samples of 784 features: " + DataSpec.KNOWN + "; default: digits.")
    String data = DataSpec.DIGITS;

    @Option(names = "--seed", paramLabel = "S", description = "The seed (default: 42).")
    Seed seed = new Seed(42);

    @Option(
            names = "--sparsity",
            paramLabel = "P",
            description = "Pruned fraction of the prunable weights (default: 0.69).")
    double sparsity = 0.69;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the data (default: 10 for digits, 5 for MNIST).")
    @Nullable
    Integer epochs;

    /** One line of the table: a model file, scored. */
    record Result(
            String model, String file, double sparsity, long bytes, long gzipBytes, Score score, Latency latency) {
        Result timed(Latency measured) {
            return new Result(model, file, sparsity, bytes, gzipBytes, score, measured);
        }
    }

    /** All that the demo found. */
    record Findings(
            String data,
            TrainConfig config,
            List<EpochResult> history,
            AuditReport audit,
            List<Result> results,
            double djlAccuracy,
            double onnxAgainstDjl,
            List<Double> inputMovement) {}

    @Override
    public Integer call() throws IOException {
        Selection movement = selection(Criterion.MOVEMENT);
        int passes = epochs != null ? epochs : data.equals(DataSpec.DIGITS) ? 10 : 5;
        TrainConfig config = TrainConfig.builder(ModelSpec.parse(MODEL), seed.value())
                .epochs(passes)
                .build();
        OutputFolder.check(output, force);
        EngineMemory.keepFreed();
        Terminal terminal = terminal();
        terminal.line("data: " + data);
        DataSet images = DataSpec.load(data);
        Samples train = images.trainSamples(Normalization.NONE);
        Samples test = images.testSamples(Normalization.NONE);
        terminal.line(Text.format(
                "training %s, he, seed %d, SGD 0.1, batch 128 on %s images",
                MODEL, seed.value(), Text.count(train.count())));
        AtomicReference<@Nullable Findings> found = new AtomicReference<>();
        try (TrainedModel trained = TrainingLoop.train(config, train, test, new TrainingProgress(terminal))) {
            OutputFolder.write(output, force, folder -> {
                RunFolder.write(folder, trained, images, Normalization.NONE);
                terminal.line("auditing, pruning, scoring in ONNX Runtime ...");
                Findings findings = examine(folder, trained, test, movement);
                write(
                        folder.resolve("audit.json"),
                        AuditJson.of(
                                "model.safetensors",
                                "safetensors",
                                Baseline.Kind.SEED,
                                OptionalLong.of(seed.value()),
                                findings.audit()));
                write(folder.resolve("demo.json"), DemoJson.of(findings));
                AtomicFile.write(
                        folder.resolve("report.html"), HtmlReport.of(findings).getBytes(StandardCharsets.UTF_8));
                found.set(findings);
            });
        }
        Findings findings = java.util.Objects.requireNonNull(found.get());
        if (json) {
            print(DemoJson.of(findings).put("output", output.toString()));
        } else {
            printText(findings);
            out().println("wrote " + output + " (look at " + output.resolve("report.html") + ")");
        }
        return ExitCode.DONE;
    }

    private static void write(Path file, ObjectNode object) throws IOException {
        AtomicFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(object));
    }

    private Selection selection(Criterion criterion) {
        return new Selection(criterion, new Selection.Sparsity(sparsity), Selection.Scope.GLOBAL);
    }

    private Findings examine(Path folder, TrainedModel trained, Samples test, Selection movement) throws IOException {
        AuditReport audit;
        try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("model.safetensors"))) {
            Baseline baseline = Baseline.of(new Plan.Addressed(trained.plan()), checkpoint);
            audit = new Auditor(new AuditOptions(THRESHOLDS, 1, false), root.threads).audit(checkpoint, baseline);
        }
        List<Result> results = new ArrayList<>();
        float[] djl = trained.logits(test.features(), test.count());
        double difference;
        try (OnnxScorer scorer = OnnxScorer.open(folder.resolve("model.onnx"), root.threads)) {
            difference = maxDifference(djl, scorer.logits(test.features(), test.width(), EvalCommand.BATCH));
        }
        results.add(result("dense", folder.resolve("model.onnx"), 0, test));
        Selection magnitude = selection(Criterion.MAGNITUDE);
        results.add(prune(folder, trained, "movement, back to w0", "movement-init", movement, Fill.INIT, test));
        results.add(prune(folder, trained, "movement, zeros", "movement-zero", movement, Fill.ZERO, test));
        results.add(prune(folder, trained, "magnitude, zeros", "magnitude-zero", magnitude, Fill.ZERO, test));
        double djlAccuracy = trained.history().get(trained.history().size() - 1).testAccuracy();
        return new Findings(
                data,
                trained.config(),
                trained.history(),
                audit,
                timed(folder, results, test),
                djlAccuracy,
                difference,
                inputMovement(trained));
    }

    private Result prune(
            Path folder, TrainedModel trained, String name, String suffix, Selection selection, Fill fill, Samples test)
            throws IOException {
        Path target = folder.resolve("pruned-" + suffix + ".onnx");
        try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("model.onnx"))) {
            ObjectNode provenance = JSON.createObjectNode();
            provenance.put("criterion", selection.criterion().id());
            provenance.put("sparsity", sparsity);
            provenance.put("scope", "global");
            provenance.put("fill", fill.id());
            provenance.put("seed", seed.value());
            PruneReport report = new Pruner(Baseline.of(new Plan.Addressed(trained.plan()), checkpoint), root.threads)
                    .prune(
                            checkpoint,
                            selection,
                            fill,
                            Destination.dense(target, Map.of("detinit.prune", provenance.toString())));
            return result(name, target, report.sparsity(), test);
        }
    }

    private Result result(String name, Path model, double pruned, Samples test) throws IOException {
        try (OnnxScorer scorer = OnnxScorer.open(model, root.threads);
                OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            Score score = scorer.score(test.features(), test.width(), test.labels(), EvalCommand.BATCH);
            ModelSize size = ModelSize.of(checkpoint);
            String file = String.valueOf(model.getFileName());
            return new Result(name, file, pruned, size.bytes(), size.gzipBytes(), score, new Latency(0, 0, 0));
        }
    }

    /** Times the models in turns. One thread: for a model this small more only add noise. */
    private static List<Result> timed(Path folder, List<Result> results, Samples test) throws IOException {
        List<OnnxScorer> scorers = new ArrayList<>();
        try {
            List<LatencyProbe> probes = new ArrayList<>();
            for (Result result : results) {
                OnnxScorer scorer = OnnxScorer.open(folder.resolve(result.file()), 1);
                scorers.add(scorer);
                probes.add(scorer.probe(test.features(), test.width()));
            }
            List<Latency> latencies = Latencies.interleaved(probes, LATENCY_WARM_UP, LATENCY_RUNS, done -> {});
            List<Result> timed = new ArrayList<>();
            for (int k = 0; k < results.size(); k++) {
                timed.add(results.get(k).timed(latencies.get(k)));
            }
            return timed;
        } finally {
            scorers.forEach(OnnxScorer::close);
        }
    }

    private static double maxDifference(float[] a, float[] b) {
        double max = 0;
        for (int k = 0; k < a.length; k++) {
            max = Math.max(max, Math.abs((double) a[k] - b[k]));
        }
        return max;
    }

    /** The mean |w - w0| of each input pixel over the units of the first layer, [height*width]. */
    private static List<Double> inputMovement(TrainedModel trained) throws IOException {
        var tensor = trained.tensors().get(0);
        var init = trained.plan().init(tensor.info().name());
        int rows = Math.toIntExact(init.shape().rows());
        int cols = Math.toIntExact(init.shape().cols());
        float[] w = new float[rows * cols];
        tensor.readFloats(0, w, 0, w.length);
        float[] w0 = init.toArray();
        double[] movement = new double[cols];
        for (int k = 0; k < w.length; k++) {
            movement[k % cols] += Math.abs(w[k] - w0[k]) / rows;
        }
        return java.util.Arrays.stream(movement).boxed().toList();
    }

    private void printText(Findings findings) {
        PrintWriter out = out();
        out.println("Which weights moved (|w - w0| > threshold), w0 regenerated from seed " + seed.value() + ":");
        out.println();
        AuditText.table(findings.audit()).print(out);
        out.println();
        out.println("Pruned and run in ONNX Runtime, "
                + Text.count(findings.results().get(0).score().samples()) + " test images:");
        out.println();
        table(findings).print(out);
        out.println();
        out.println(Text.format(
                "DJL's own test accuracy %.4f; ONNX logits differ from DJL's by at most %.2g.",
                findings.djlAccuracy(), findings.onnxAgainstDjl()));
        out.println(
                "An unmoved weight still contributes w0 * x: zeroing it changes the network, going back to w0 hardly does.");
        out.println(
                "All files are dense: zeros shrink a file only when it is compressed (gzip), and make no inference faster.");
    }

    static TextTable table(Findings findings) {
        TextTable table =
                new TextTable("model", "sparsity", "accuracy", "change", "loss", "bytes", "gzip bytes", "median ms");
        double dense = findings.results().get(0).score().accuracy();
        for (Result result : findings.results()) {
            table.row(
                    result.model(),
                    Text.fraction(result.sparsity()),
                    Text.fraction(result.score().accuracy()),
                    Text.format("%+.2f pp", 100 * (result.score().accuracy() - dense)),
                    Text.fraction(result.score().loss()),
                    Text.count(result.bytes()),
                    Text.count(result.gzipBytes()),
                    Text.format("%.4f", result.latency().median()));
        }
        return table;
    }

    /** The JSON form of the findings. */
    private static final class DemoJson {

        static ObjectNode of(Findings findings) {
            ObjectNode object = JSON.createObjectNode();
            object.put("data", findings.data());
            object.put("model", findings.config().model().text());
            object.put("seed", findings.config().seed());
            object.put("epochs", findings.config().epochs());
            ObjectNode accuracy = object.putObject("djl");
            accuracy.put("accuracy", findings.djlAccuracy());
            put(accuracy, "maxAbsLogitDifference", findings.onnxAgainstDjl());
            ArrayNode moved = object.putArray("moved");
            for (int t = 0; t < findings.audit().thresholds().size(); t++) {
                moved.addObject()
                        .put("threshold", findings.audit().thresholds().get(t).value())
                        .put("moved", findings.audit().movedAt(t))
                        .put("elements", findings.audit().elements());
            }
            ArrayNode results = object.putArray("results");
            for (Result result : findings.results()) {
                ObjectNode node = results.addObject();
                node.put("model", result.model());
                node.put("file", result.file());
                node.put("sparsity", result.sparsity());
                node.put("accuracy", result.score().accuracy());
                put(node, "loss", result.score().loss());
                node.put("bytes", result.bytes());
                node.put("gzipBytes", result.gzipBytes());
                node.putObject("latencyMs")
                        .put("median", result.latency().median())
                        .put("p99", result.latency().p99());
            }
            return object;
        }
    }
}
