package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InitRules;
import io.detinit.interop.file.OutputFolder;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.EpochResult;
import io.detinit.training.RunFolder;
import io.detinit.training.Samples;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingLoop;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import io.detinit.training.noise.GradientNoise;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelineJson;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Train through DJL. */
@Command(
        name = "train",
        description =
                "Seed and train a model through DJL's PyTorch engine. Writes model.safetensors and model.onnx (each with its "
                        + "plan inside), model.params (DJL's own), plan.json, history.jsonl, run.json and timeline.jsonl: how far each "
                        + "layer moved from its initial values, audited while it is trained. A layer that sleeps or explodes is "
                        + "warned of at once.",
        footer = {
            "",
            "On the CPU two runs with the same options and threads give the same bits, with audits and without.",
            "While training goes on, the timeline is in DIR.timeline.jsonl beside the folder; a run that is killed leaves it there.",
            "Example: detinit train --data mnist:mnist-folder --seed 42 --epochs 5 -o run",
            "Example: detinit train --data digits --from pruned.safetensors --keep-zeros --epochs 2 -o tuned",
            "Example: detinit train --data digits --seed 42 --sleep 0.001 --threshold 0 -o asleep"
        })
final class TrainCommand extends BaseCommand {

    @Option(names = "--model", paramLabel = "M", description = ModelSpec.KNOWN + " (default: mlp:784-256-128-64-10).")
    String model = "mlp:784-256-128-64-10";

    @Option(names = "--data", required = true, paramLabel = "D", description = DataSpec.KNOWN + ".")
    String data = "";

    @Option(
            names = "--seed",
            paramLabel = "S",
            description =
                    "Seed of the weights and of the sample order. Needed but where --from names a file with a plan.")
    @Nullable
    Seed seed;

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Mixin
    SeedRuleOptions seedRules = new SeedRuleOptions();

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

    @Option(names = "--normalize", paramLabel = "NAME", description = Normalization.KNOWN + "; default: none.")
    String normalize = "none";

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "auto (a GPU if the engine sees one, default), cpu or gpu.")
    String device = "auto";

    @Option(names = "--audit-every", paramLabel = "N", description = "Audit after every N epochs (default: 1).")
    @Nullable
    Integer auditEvery;

    @Option(names = "--audit-steps", paramLabel = "K", description = "Audit after every K steps instead.")
    @Nullable
    Integer auditSteps;

    @Option(names = "--no-audit", description = "Do not audit while training; no timeline is written.")
    boolean noAudit;

    @Mixin
    ThresholdOptions thresholds = new ThresholdOptions();

    @Option(
            names = "--no-noise",
            description =
                    "Do not measure gradient noise, which 'audit --threshold auto' needs; with masks, sleep and pull it is not measured.")
    boolean noNoise;

    @Option(names = "-o", required = true, paramLabel = "DIR", description = "The folder to write.")
    Path output = Path.of("");

    @Option(names = "--force", description = "Replace an existing folder.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        config(ModelSpec.parse(model), 0, InitRules.he()); // refuses bad options before the data is read
        Normalization normalization = Normalization.parse(normalize);
        Optional<AuditSchedule> schedule = schedule();
        OutputFolder.check(output, force);
        DataSet images = DataSpec.load(data);
        ModelSpec spec = ModelSpec.parse(model, images.sampleShape(), images.classes());
        SeedRuleOptions.Start start = seedRules.start(spec, seed, rules);
        TrainConfig config = config(spec, start.seed(), start.rules());
        Path growing = output.resolveSibling(output.toAbsolutePath().normalize().getFileName() + "." + Timeline.FILE);
        start.notes().forEach(terminal()::line);
        List<StepHook> hooks = new ArrayList<>(start.hooks());
        GradientNoise noise = new GradientNoise();
        if (!noNoise && hooks.isEmpty()) { // masks, sleep and pull move weights in ways of their own
            hooks.add(noise);
        }
        try (TrainedModel trained = train(config, images, normalization, hooks, schedule, growing)) {
            if (hooks.contains(noise) && noise.record().isEmpty()) {
                terminal().line("no noise record, audit --threshold auto will not work: " + noise.reason());
            }
            OutputFolder.write(output, force, folder -> RunFolder.write(folder, trained, images, normalization, hooks));
            if (schedule.isPresent()) {
                Files.deleteIfExists(growing);
            }
            report(trained);
        }
        return ExitCode.DONE;
    }

    private TrainConfig config(ModelSpec spec, long seedValue, InitRules schemes) {
        OptimizerKind kind = OptimizerKind.parse(optimizer);
        return TrainConfig.builder(spec, seedValue)
                .rules(schemes)
                .epochs(epochs)
                .batch(batch)
                .optimizer(OptimizerConfig.of(kind)
                        .withLearningRate(learningRate == null ? kind.defaultLearningRate() : learningRate)
                        .withMomentum(momentum, false)
                        .withWeightDecay(weightDecay))
                .device(DeviceChoice.parse(device))
                .build();
    }

    private Optional<AuditSchedule> schedule() {
        if ((noAudit ? 1 : 0) + (auditEvery != null ? 1 : 0) + (auditSteps != null ? 1 : 0) > 1) {
            throw new UsageException("--audit-every, --audit-steps and --no-audit exclude each other");
        }
        if (noAudit) {
            return Optional.empty();
        }
        AuditSchedule.Unit unit = auditSteps != null ? AuditSchedule.Unit.STEP : AuditSchedule.Unit.EPOCH;
        int every = auditSteps != null ? auditSteps : auditEvery != null ? auditEvery : 1;
        return Optional.of(new AuditSchedule(thresholds.parse(), unit, every));
    }

    private TrainedModel train(
            TrainConfig config,
            DataSet images,
            Normalization normalization,
            List<StepHook> hooks,
            Optional<AuditSchedule> schedule,
            Path growing)
            throws IOException {
        Samples train = images.trainSamples(normalization);
        Samples test = images.testSamples(normalization);
        TrainingProgress progress = new TrainingProgress(terminal());
        if (schedule.isEmpty()) {
            return TrainingLoop.train(config, train, test, hooks, progress);
        }
        try (TimelineWriter writer = TimelineWriter.open(growing)) {
            return TrainingLoop.trainAudited(config, train, test, hooks, progress, schedule.get(), writer);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void report(TrainedModel trained) {
        List<EpochResult> history = trained.history();
        EpochResult last = history.get(history.size() - 1);
        if (!json) {
            trained.timeline().ifPresent(timeline -> TimelineText.print(out(), timeline));
            out().println("test accuracy " + Text.fraction(last.testAccuracy()) + "; wrote " + output);
            return;
        }
        ObjectNode object = JSON.createObjectNode();
        object.put("output", output.toString());
        object.put("model", model);
        object.put("data", data);
        object.put("seed", trained.config().seed());
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
        trained.timeline().ifPresent(timeline -> addTimeline(object, timeline));
        print(object);
    }

    private static void addTimeline(ObjectNode object, Timeline timeline) {
        ArrayNode points = object.putArray("timeline");
        for (TimelinePoint point : timeline.points()) {
            ObjectNode node = points.addObject();
            put(node, "epoch", point.epoch());
            node.put("step", point.step());
            TimelineJson.figures(node, point);
        }
        ArrayNode warnings = object.putArray("warnings");
        timeline.warnings()
                .forEach(warning -> warnings.addObject()
                        .put("kind", warning.kind().id())
                        .put("tensor", warning.tensor())
                        .put("reason", warning.reason()));
    }
}
