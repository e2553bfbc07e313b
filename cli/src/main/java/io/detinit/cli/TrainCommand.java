package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.ThresholdOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.generator.InitRules;
import io.detinit.interop.file.OutputFolder;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.EngineMemory;
import io.detinit.training.EpochResult;
import io.detinit.training.RunFolder;
import io.detinit.training.Score;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingLoop;
import io.detinit.training.TrainingState;
import io.detinit.training.TrainingStoppedException;
import io.detinit.training.WorkFolder;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import io.detinit.training.noise.GradientNoise;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelineJson;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
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
                        + "plan inside), model.params (DJL's own), plan.json, history.jsonl, run.json, checkpoint.safetensors (to go on from) and timeline.jsonl: how far each "
                        + "layer moved from its initial values, audited while it is trained. A layer that sleeps or explodes is "
                        + "warned of at once.",
        footer = {
            "",
            "On the CPU two runs with the same options and threads give the same bits, with audits and without.",
            "While training goes on, checkpoint and timeline are in DIR.partial beside the folder; a training that is killed leaves "
                    + "them there, and --resume goes on from the last epoch, with the same bits on the CPU. Ctrl-C lets the step end, "
                    + "keeps its state too, and exits with 130.",
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

    @Mixin
    OptimizerOptions optimizer = new OptimizerOptions();

    @Mixin
    ValidationOptions validation = new ValidationOptions();

    @Option(names = "--normalize", paramLabel = "NAME", description = Normalization.KNOWN + "; default: none.")
    String normalize = "none";

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description =
                    "auto (a GPU if the engine sees one, default), cpu, gpu (one), or GPUs by number, such as gpu:0,1, that share "
                            + "every batch. A GPU needs DETINIT_GPU=1 in the environment.")
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

    @Option(names = "--force", description = "Replace an existing folder, and what an unfinished training left.")
    boolean force;

    @Option(
            names = "--resume",
            description =
                    "Go on with a training that was stopped or killed, or with more epochs than a finished one had; all "
                            + "other options as they were.")
    boolean resume;

    @Option(names = "--no-checkpoint", description = "Keep no checkpoint: the training cannot be resumed.")
    boolean noCheckpoint;

    @Override
    public Integer call() throws IOException {
        if (resume && (force || noCheckpoint)) {
            throw new UsageException("--resume excludes --force and --no-checkpoint");
        }
        config(ModelSpec.parse(model), 0, InitRules.he()).build(); // refuses bad options before the data is read
        Normalization normalization = Normalization.parse(normalize);
        Optional<AuditSchedule> schedule = schedule();
        OutputFolder.check(output, force || resume);
        WorkFolder work = resume ? WorkFolder.resume(output) : WorkFolder.begin(output, force);
        try {
            DataSet images = DataSpec.load(data);
            ModelSpec spec = ModelSpec.parse(model, images.sampleShape(), images.classes());
            SeedRuleOptions.Start start = seedRules.start(spec, seed, rules);
            TrainConfig config = config(spec, start.seed(), start.rules()).build();
            int kept = images.trainCount() - config.held(images.trainCount());
            TrainConfig whole = config.toBuilder()
                    .schedule(optimizer.schedule((kept + batch - 1) / batch))
                    .build();
            start.notes().forEach(terminal()::line);
            try (StopSignal signal = StopSignal.listen()) {
                int code = train(whole, images, normalization, start.hooks(), schedule, work, signal);
                if (code == ExitCode.DONE) {
                    work.remove();
                }
                return code;
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            work.removeIfEmpty();
        }
    }

    private int train(
            TrainConfig config,
            DataSet images,
            Normalization normalization,
            List<StepHook> rulesOfSeed,
            Optional<AuditSchedule> schedule,
            WorkFolder work,
            StopSignal signal)
            throws IOException {
        EngineMemory.keepFreed();
        Terminal terminal = terminal();
        List<StepHook> hooks = new ArrayList<>(rulesOfSeed);
        GradientNoise noise = new GradientNoise();
        if (!noNoise && hooks.isEmpty()) { // masks, sleep and pull move weights in ways of their own
            hooks.add(noise);
        }
        TrainingLoop loop = TrainingLoop.of(
                        config, images.trainSamples(normalization), images.testSamples(normalization))
                .hooks(hooks)
                .listener(new TrainingProgress(terminal))
                .setting("data", images.name())
                .setting("normalize", normalization.id())
                .stopWhen(signal::asked);
        if (!noCheckpoint) {
            loop.checkpoint(work.checkpoint());
        }
        try (TrainingState state = work.state().isPresent()
                        ? TrainingState.open(work.state().get())
                        : null;
                TimelineWriter writer = writer(loop, config, schedule, work, state)) {
            if (writer != null && schedule.isPresent()) {
                loop.audit(schedule.get(), writer);
            }
            try (TrainedModel trained = loop.train()) {
                if (hooks.contains(noise) && noise.record().isEmpty()) {
                    terminal.line("no noise record, audit --threshold auto will not work: " + noise.reason());
                }
                OutputFolder.write(output, force || resume, folder -> {
                    RunFolder.write(folder, trained, images, normalization, hooks);
                    work.copyCheckpoint(folder);
                });
                report(trained);
                return ExitCode.DONE;
            }
        } catch (TrainingStoppedException e) {
            terminal.line(e.getMessage() + "; "
                    + (e.checkpoint().isPresent()
                            ? "the same command with --resume goes on from there (" + work.folder() + ")"
                            : "nothing is kept, because of --no-checkpoint"));
            return ExitCode.INTERRUPTED;
        }
    }

    private TrainConfig.Builder config(ModelSpec spec, long seedValue, InitRules schemes) {
        TrainConfig.Builder builder = TrainConfig.builder(spec, seedValue)
                .rules(schemes)
                .epochs(epochs)
                .batch(batch)
                .device(DeviceChoice.parse(device));
        optimizer.apply(builder);
        validation.apply(builder);
        return builder;
    }

    /** Gives the loop the state to go on from, and opens the timeline. */
    private @Nullable TimelineWriter writer(
            TrainingLoop loop,
            TrainConfig config,
            Optional<AuditSchedule> schedule,
            WorkFolder work,
            @Nullable TrainingState state)
            throws IOException {
        Optional<Timeline> before = work.timelineBefore();
        List<TimelinePoint> points = List.of();
        if (state != null) {
            points = before.map(timeline -> state.pointsOf(timeline, config)).orElse(List.of());
            loop.resume(state, points);
            Terminal terminal = terminal();
            terminal.line("resuming after step " + state.steps() + ", "
                    + state.history().size() + " epochs done");
            List<String> differences = state.environmentDifferences(config);
            if (!differences.isEmpty()) {
                terminal.line("note: begun with " + String.join("; ", differences) + ": the last bits may differ");
            }
        }
        if (schedule.isEmpty()) {
            return null;
        }
        return before.isPresent()
                ? TimelineWriter.resume(
                        work.timeline(), new Timeline(before.get().header(), points))
                : TimelineWriter.open(work.timeline());
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

    private void report(TrainedModel trained) {
        List<EpochResult> history = trained.history();
        EpochResult kept = trained.result();
        if (!json) {
            trained.timeline().ifPresent(timeline -> TimelineText.print(out(), timeline));
            String epoch = trained.config().earlyStopping().isOn()
                    ? " (epoch " + kept.epoch() + " of " + history.size() + ")"
                    : "";
            out().println("test accuracy " + Text.fraction(kept.testAccuracy()) + epoch + "; wrote " + output);
            return;
        }
        ObjectNode object = JSON.createObjectNode();
        object.put("output", output.toString());
        object.put("model", model);
        object.put("data", data);
        object.put("seed", trained.config().seed());
        object.put("epoch", kept.epoch());
        put(object, "testAccuracy", kept.testAccuracy());
        put(object, "testLoss", kept.testLoss());
        ArrayNode epochsNode = object.putArray("epochs");
        for (EpochResult result : history) {
            ObjectNode node = epochsNode.addObject().put("epoch", result.epoch());
            put(node, "trainLoss", result.trainLoss());
            put(node, "testLoss", result.testLoss());
            put(node, "testAccuracy", result.testAccuracy());
            put(node, "seconds", result.seconds());
            put(node, "learningRate", result.learningRate());
            Score validated = result.validation();
            if (validated != null) {
                put(node, "validationLoss", validated.loss());
                put(node, "validationAccuracy", validated.accuracy());
            }
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
