package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.LatencyProbe;
import io.detinit.interop.verify.OnnxRunner;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.RandomInputs;
import io.detinit.interop.verify.Score;
import io.detinit.training.Samples;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Accuracy, latency and size of ONNX models, in one table. */
@Command(
        name = "eval",
        description =
                "Accuracy, loss and latency of ONNX models in ONNX Runtime, on the test split, and their bytes on disk; "
                        + "several models, such as a dense one and its pruned forms, in one table. Without --data no accuracy; the "
                        + "latency is then that of random inputs.",
        footer = {
            "",
            "Zeros alone give no speed in ONNX Runtime: it has no sparse kernels and makes sparse initializers dense when it",
            "loads a model. They only make files smaller.",
            "Example: detinit eval run/model.onnx --data digits",
            "Example: detinit eval run/model.onnx pruned.onnx --data digits",
            "Example: detinit eval resnet50.onnx --shape input=1,3,224,224 --runs 100"
        })
final class EvalCommand extends BaseCommand {

    /** Samples in one run of the model when it is scored. */
    static final int BATCH = 1000;

    @Parameters(paramLabel = "MODEL", arity = "1..*", description = "ONNX files.")
    List<Path> models = List.of();

    @Option(names = "--data", paramLabel = "D", description = DataSpec.KNOWN + ".")
    @Nullable
    String data;

    @Option(
            names = "--normalize",
            paramLabel = "NAME",
            description = Normalization.KNOWN + "; default: as the model's metadata says, else none.")
    @Nullable
    String normalize;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Single-sample runs to time, of several models in turns (default: 1000).")
    int runs = 1000;

    @Mixin
    RandomOptions random = new RandomOptions();

    @Override
    public Integer call() throws IOException {
        if (runs < 1) {
            throw new UsageException("--runs " + runs + ": at least 1 is needed");
        }
        if (data == null && normalize != null) {
            throw new UsageException("--normalize says how --data is read; give --data");
        }
        Terminal terminal = terminal();
        RandomInputs inputs = random.inputs();
        List<OnnxModel> files = new ArrayList<>();
        for (Path model : models) {
            terminal.progress("reading " + model);
            files.add(OnnxModel.read(model, "eval"));
        }
        List<ModelFigures> figures =
                data == null ? onRandomInputs(files, inputs, terminal) : onData(files, data, terminal);
        if (json) {
            print(jsonOf(figures));
        } else {
            ModelFigures.print(figures, out());
        }
        return ExitCode.DONE;
    }

    private List<ModelFigures> onData(List<OnnxModel> files, String spec, Terminal terminal) throws IOException {
        Map<Normalization, Samples> loaded = new EnumMap<>(Normalization.class);
        List<OnnxScorer> scorers = new ArrayList<>();
        List<Score> scores = new ArrayList<>();
        List<LatencyProbe> probes = new ArrayList<>();
        try {
            for (OnnxModel file : files) {
                Normalization wanted = EvalData.normalization(file.metadata(), normalize);
                Samples samples = loaded.get(wanted);
                if (samples == null) {
                    samples = EvalData.test(spec, wanted);
                    loaded.put(wanted, samples);
                }
                OnnxScorer scorer = OnnxScorer.open(file.path(), root.threads);
                scorers.add(scorer);
                terminal.progress("scoring " + file.path());
                scores.add(scorer.score(samples.features(), samples.width(), samples.labels(), BATCH));
                probes.add(scorer.probe(samples.features(), samples.width()));
            }
            List<@Nullable Latency> latencies = RunTimer.time(probes, runs, terminal);
            return figures(files, spec, scores, latencies);
        } finally {
            scorers.forEach(OnnxScorer::close);
        }
    }

    private List<ModelFigures> onRandomInputs(List<OnnxModel> files, RandomInputs inputs, Terminal terminal)
            throws IOException {
        List<OnnxRunner> runners = new ArrayList<>();
        List<LatencyProbe> probes = new ArrayList<>();
        try {
            for (OnnxModel file : files) {
                OnnxRunner runner = OnnxRunner.open(file.path(), root.threads);
                runners.add(runner);
                probes.add(runner.probe(inputs));
            }
            List<@Nullable Latency> latencies = RunTimer.time(probes, runs, terminal);
            return figures(files, null, Collections.nCopies(files.size(), null), latencies);
        } finally {
            runners.forEach(OnnxRunner::close);
        }
    }

    private static List<ModelFigures> figures(
            List<OnnxModel> files,
            @Nullable String spec,
            List<? extends @Nullable Score> scores,
            List<@Nullable Latency> latencies) {
        List<ModelFigures> figures = new ArrayList<>();
        for (int k = 0; k < files.size(); k++) {
            figures.add(new ModelFigures(files.get(k), spec, scores.get(k), latencies.get(k)));
        }
        return figures;
    }

    private ObjectNode jsonOf(List<ModelFigures> figures) {
        ObjectNode object = JSON.createObjectNode();
        if (figures.size() == 1) {
            figures.get(0).put(object);
        } else {
            ArrayNode array = object.putArray("models");
            figures.forEach(one -> one.put(array.addObject()));
        }
        if (data == null) {
            random.put(object);
        }
        return object;
    }
}
