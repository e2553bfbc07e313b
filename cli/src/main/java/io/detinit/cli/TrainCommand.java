package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.file.OutputFolder;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.EpochResult;
import io.detinit.training.RunFolder;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingLoop;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Train through DJL. */
@Command(
        name = "train",
        description =
                "Seed and train a model through DJL's PyTorch engine. Writes model.safetensors and model.onnx (each with its "
                        + "plan inside), model.params (DJL's own), plan.json, history.jsonl and run.json.",
        footer = {
            "",
            "On the CPU two runs with the same options and threads give the same bits.",
            "Example: detinit train --data mnist:mnist-folder --seed 42 --epochs 5 -o run"
        })
final class TrainCommand extends BaseCommand {

    @Option(
            names = "--model",
            paramLabel = "M",
            description = "mlp:IN-HIDDEN-...-OUT (default: mlp:784-256-128-64-10).")
    String model = "mlp:784-256-128-64-10";

    @Option(names = "--data", required = true, paramLabel = "D", description = "digits, mnist:DIR, mnist.")
    String data = "";

    @Option(
            names = "--seed",
            required = true,
            paramLabel = "S",
            description = "Seed of the weights and of the sample order.")
    Seed seed = new Seed(0);

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the data (default: 5).")
    int epochs = 5;

    @Option(names = "--batch", paramLabel = "N", description = "Samples in a step (default: 128).")
    int batch = 128;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd (default), adam or adamw.")
    String optimizer = "sgd";

    @Option(
            names = "--lr",
            paramLabel = "X",
            description = "Learning rate (default: 0.1 for sgd, 0.001 for adam, adamw).")
    @Nullable
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "Momentum of sgd (default: 0).")
    double momentum;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "Weight decay (default: 0). It moves every weight.")
    double weightDecay;

    @Option(names = "--normalize", paramLabel = "NAME", description = "none (pixels / 255, default) or meanstd.")
    String normalize = "none";

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "auto (a GPU if the engine sees one, default), cpu or gpu.")
    String device = "auto";

    @Option(names = "-o", required = true, paramLabel = "DIR", description = "The folder to write.")
    Path output = Path.of("");

    @Option(names = "--force", description = "Replace an existing folder.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        TrainConfig.OptimizerKind kind = TrainConfig.OptimizerKind.parse(optimizer);
        TrainConfig config = new TrainConfig(
                ModelSpec.parse(model),
                rules.parse(),
                seed.value(),
                epochs,
                batch,
                kind,
                learningRate == null ? kind.defaultLearningRate() : learningRate,
                momentum,
                weightDecay,
                DeviceChoice.parse(device));
        Normalization normalization = Normalization.parse(normalize);
        OutputFolder.check(output, force);
        ImageData images = DataSpec.load(data);
        try (TrainedModel trained = TrainingLoop.train(
                config,
                images.trainSamples(normalization),
                images.testSamples(normalization),
                new TrainingProgress(terminal()))) {
            OutputFolder.write(output, force, folder -> RunFolder.write(folder, trained, images, normalization));
            report(trained.history());
        }
        return ExitCode.DONE;
    }

    private void report(List<EpochResult> history) {
        EpochResult last = history.get(history.size() - 1);
        if (!json) {
            out().println("test accuracy " + Text.fraction(last.testAccuracy()) + "; wrote " + output);
            return;
        }
        ObjectNode object = JSON.createObjectNode();
        object.put("output", output.toString());
        object.put("model", model);
        object.put("data", data);
        object.put("seed", seed.value());
        put(object, "testAccuracy", last.testAccuracy());
        put(object, "testLoss", last.testLoss());
        ArrayNode epochsNode = object.putArray("epochs");
        for (EpochResult result : history) {
            ObjectNode node = epochsNode.addObject().put("epoch", result.epoch());
            put(node, "trainLoss", result.trainLoss());
            put(node, "testLoss", result.testLoss());
            put(node, "testAccuracy", result.testAccuracy());
            put(node, "seconds", result.seconds());
        }
        print(object);
    }
}
