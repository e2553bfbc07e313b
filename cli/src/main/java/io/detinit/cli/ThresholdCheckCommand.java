package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.HtmlText;
import io.detinit.cli.report.Text;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import io.detinit.training.noise.ControlData;
import io.detinit.training.noise.FalseAlarmCheck;
import io.detinit.training.noise.GradientNoise;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How often the automatic threshold cries wolf. */
@Command(
        name = "threshold-check",
        description =
                "How often 'audit --threshold auto' cries wolf: train a small network with features appended that carry no "
                        + "information, on true labels, on shuffled ones and on ones shuffled anew in every pass, and count the weights "
                        + "beyond the threshold: behind noise features, behind features that are always 0, and the others.",
        footer = {
            "",
            "Noise features never repeat: each sample is copied once for each pass, and each copy gets noise of its own.",
            "Example: detinit threshold-check --data digits --seed 1"
        })
final class ThresholdCheckCommand extends BaseCommand {

    @Option(names = "--data", required = true, paramLabel = "D", description = "digits, mnist:DIR, mnist.")
    String data = "";

    @Option(names = "--seed", required = true, paramLabel = "S", description = "Seed of weights, order and noise.")
    Seed seed = new Seed(0);

    @Option(names = "--hidden", paramLabel = "H", description = "Hidden layers (default: 64-32).")
    String hidden = "64-32";

    @Option(names = "--samples", paramLabel = "N", description = "The first N training samples (default: 10000).")
    int samples = 10_000;

    @Option(names = "--passes", paramLabel = "N", description = "How often each sample appears (default: 3).")
    int passes = 3;

    @Option(names = "--noise-features", paramLabel = "K", description = "Features without information (default: 128).")
    int noiseFeatures = 128;

    @Option(names = "--noise-std", paramLabel = "X", description = "Their standard deviation (default: 0.1).")
    double noiseStd = 0.1;

    @Option(
            names = "--labels",
            paramLabel = "L",
            split = ",",
            description = "true, shuffled, fresh (default: all three).")
    List<String> labels = List.of("true", "shuffled", "fresh");

    @Option(
            names = "--rates",
            paramLabel = "P",
            split = ",",
            description = "The nominal false-alarm rates (default: 0.05,0.01,0.001).")
    List<Double> rates = List.of(0.05, 0.01, 0.001);

    @Option(names = "--batch", paramLabel = "N", description = "Samples in a step (default: 64).")
    int batch = 64;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd (default), adam or adamw.")
    String optimizer = "sgd";

    @Option(
            names = "--lr",
            paramLabel = "X",
            description = "Learning rate (default: 0.1 for sgd, 0.001 for the others).")
    @Nullable
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "Momentum of sgd (default: 0).")
    double momentum;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Weight decay (default: 0).")
    double weightDecay;

    @Option(
            names = "--measure-every",
            paramLabel = "N",
            description = "Steps between two measurements of the noise (default: " + GradientNoise.EVERY + ").")
    int every = GradientNoise.EVERY;

    @Override
    public Integer call() throws IOException {
        OptimizerKind kind = OptimizerKind.parse(optimizer);
        OptimizerConfig how = OptimizerConfig.of(kind)
                .withLearningRate(learningRate == null ? kind.defaultLearningRate() : learningRate)
                .withMomentum(momentum, false)
                .withWeightDecay(weightDecay);
        List<ControlData> controls = labels.stream()
                .map(ControlData.Labels::parse)
                .map(whose -> new ControlData(passes, noiseFeatures, noiseStd, whose))
                .toList();
        for (double rate : rates) {
            if (!(rate > 0 && rate < 1)) {
                throw new UsageException("--rates " + rate + ": each must lie in (0, 1)");
            }
        }
        Samples first = first(DataSpec.load(data).trainSamples(Normalization.NONE));
        String model = "mlp:" + (first.width() + noiseFeatures) + "-" + hidden + "-" + first.classes();
        TrainConfig config = TrainConfig.builder(ModelSpec.parse(model), seed.value())
                .epochs(1)
                .batch(batch)
                .optimizer(how)
                .device(DeviceChoice.CPU)
                .build();
        List<FalseAlarmCheck> checks = new ArrayList<>();
        for (ControlData control : controls) {
            terminal().progress("training on " + control.labels().id() + " labels");
            checks.add(FalseAlarmCheck.of(config, first, control, rates, every));
        }
        if (json) {
            print(jsonOf(checks, model));
        } else {
            checks.forEach(this::print);
        }
        return ExitCode.DONE;
    }

    private Samples first(Samples all) {
        if (samples < 1) {
            throw new UsageException("--samples " + samples + ": at least 1 is needed");
        }
        if (samples >= all.count()) {
            return all;
        }
        return new Samples(
                Arrays.copyOf(all.features(), samples * all.width()),
                Arrays.copyOf(all.labels(), samples),
                all.classes());
    }

    private void print(FalseAlarmCheck check) {
        out().println(Text.format(
                "%s labels, %s steps, mean loss %.4f",
                check.data().labels().id(), Text.count(check.noise().steps()), check.trainLoss()));
        out().println();
        List<String> header = new ArrayList<>(List.of("parameter", "weights behind", "weights", "rms / predicted"));
        check.rates().forEach(rate -> header.add("beyond at " + HtmlText.given(rate)));
        header.add("one std a layer");
        TextTable table = new TextTable(header.toArray(String[]::new));
        for (FalseAlarmCheck.Group group : check.groups()) {
            List<Object> row = new ArrayList<>(List.of(
                    group.parameter(),
                    group.kind().id(),
                    Text.count(group.weights()),
                    Text.format("%.3f", group.rms())));
            group.flagged().forEach(share -> row.add(Text.format("%.5f", share)));
            row.add(Text.format(
                    "%.5f", group.flaggedByLayer().get(group.flaggedByLayer().size() - 1)));
            table.row(row.toArray());
        }
        table.print(out());
        out().println();
    }

    private ObjectNode jsonOf(List<FalseAlarmCheck> checks, String model) {
        ObjectNode object = JSON.createObjectNode();
        object.put("data", data);
        object.put("seed", seed.value());
        object.put("model", model);
        object.put("optimizer", optimizer);
        object.put("noiseFeatures", noiseFeatures);
        object.put("noiseStd", noiseStd);
        rates.forEach(object.putArray("rates")::add);
        ArrayNode runs = object.putArray("runs");
        for (FalseAlarmCheck check : checks) {
            ObjectNode run = runs.addObject();
            run.put("labels", check.data().labels().id());
            run.put("steps", check.noise().steps());
            put(run, "trainLoss", check.trainLoss());
            ArrayNode groups = run.putArray("groups");
            for (FalseAlarmCheck.Group group : check.groups()) {
                ObjectNode node = groups.addObject();
                node.put("parameter", group.parameter());
                node.put("kind", group.kind().id());
                node.put("weights", group.weights());
                put(node, "rms", group.rms());
                group.flagged().forEach(node.putArray("flagged")::add);
                group.flaggedByLayer().forEach(node.putArray("flaggedByLayer")::add);
            }
        }
        return object;
    }
}
