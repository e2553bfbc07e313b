package io.detinit.cli;

import io.detinit.cli.option.IdentifyOptions;
import io.detinit.generator.InitPlan;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.identify.IdentifiedSeed;
import io.detinit.interop.identify.IdentifyJson;
import io.detinit.interop.identify.IdentifyOutcome;
import io.detinit.interop.identify.IdentifySearch;
import io.detinit.interop.identify.SeedEngine;
import io.detinit.interop.identify.SeedIdentify;
import io.detinit.interop.identify.TorchEngine;
import io.detinit.interop.identify.TorchIdentify;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which seed made a file. */
@Command(
        name = "identify",
        description =
                "Which seed made a trained model: regenerate the initial weights of many seeds and correlate them with "
                        + "the trained ones. Says so where none did.",
        footer = {
            "",
            "Seeds are decimal or 0x hex, from -2^63 to 2^64-1; A..B includes both ends; a",
            "range that begins with a minus is given as --seeds=-5..5. Several ranges go",
            "after commas, or in several options. Without --seeds and --torch-seeds both",
            "kinds are searched: 0..9999, of PyTorch's also the seeds that people use.",
            "Example: detinit identify model.safetensors --seeds 0..999999 -o model.plan.json"
        })
final class IdentifyCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Mixin
    IdentifyOptions options = new IdentifyOptions();

    @Option(names = "-o", paramLabel = "PLAN", description = "Write the plan of the seed that is found.")
    @Nullable
    Path output;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    /** What came of it, with a few words for each search that found nothing. */
    private record Answer(IdentifyOutcome outcome, List<String> nothing) {}

    @Override
    public Integer call() throws IOException {
        IdentifyOptions.Wanted wanted = options.parse();
        if (output != null) {
            Outputs.check(output, force);
        }
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            Answer answer = search(checkpoint, wanted);
            if (output != null) {
                writePlan(output, answer.outcome().best());
            }
            if (json) {
                print(IdentifyJson.of(file.toString(), checkpoint.format(), answer.outcome()));
            } else {
                printText(checkpoint.format(), answer);
            }
        }
        return ExitCode.DONE;
    }

    private Answer search(Checkpoint checkpoint, IdentifyOptions.Wanted wanted) throws IOException {
        Optional<Plan> given = options.plan == null
                ? Checkpoints.plan(checkpoint)
                : Optional.of(Checkpoints.readPlan(Path.of(options.plan)));
        List<IdentifySearch> searches = new ArrayList<>();
        List<String> nothing = new ArrayList<>();
        if (!wanted.seeds().isEmpty()) {
            Optional<InitPlan> addressed = options.addressed(given);
            IdentifyProgress progress = new IdentifyProgress(terminal(), "seeds");
            IdentifySearch result = new SeedIdentify(
                            checkpoint, addressed, wanted.rules(), SeedEngine.threads(root.threads))
                    .search(wanted.seeds(), progress);
            progress.done(result.tried());
            searches.add(result);
            nothing.add(IdentifyText.none(result.tried(), "seed"));
        }
        if (wanted.torchSeeds().isPresent()) {
            IdentifyProgress progress = new IdentifyProgress(terminal(), "PyTorch seeds");
            IdentifySearch result = new TorchIdentify(checkpoint, TorchEngine.threads(root.threads))
                    .search(wanted.torchSeeds().get(), progress::tried);
            progress.done(result.tried());
            searches.add(result);
            nothing.add(IdentifyText.none(result.tried(), "PyTorch seed"));
        }
        return new Answer(IdentifyOutcome.of(searches), nothing);
    }

    private void writePlan(Path target, Optional<IdentifiedSeed> best) throws IOException {
        if (best.isEmpty()) {
            terminal().line(target + " was not written: no seed was found");
            return;
        }
        String text = PlanJson.write(best.get().plan());
        AtomicFile.write(target, (text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void printText(String format, Answer answer) {
        IdentifyOutcome outcome = answer.outcome();
        out().println(file + " (" + format + ")");
        if (outcome.best().isEmpty()) {
            out().println(IdentifyText.none(answer.nothing()));
            out().println("(or training erased every trace of it, or the layer ids or schemes are others: see --plan, "
                    + "--scheme)");
            return;
        }
        IdentifiedSeed best = outcome.best().get();
        out().println(IdentifyText.verdict(best, outcome.tried()));
        if (!best.otherSeeds().isEmpty()) {
            out().println("other parts of it were made by the seeds " + best.otherSeeds());
        }
        out().println();
        IdentifyText.table(best).print(out());
        out().println();
        if (output != null) {
            out().println("wrote " + output);
        }
        out().println("next: " + next(best));
    }

    /** The command that audits the file against what was found. */
    private String next(IdentifiedSeed best) {
        String audit = "detinit audit " + IdentifyText.quoted(file);
        if (output != null) {
            return audit + " --plan " + IdentifyText.quoted(output);
        }
        if (best.ordinary()) {
            String plan = options.plan;
            return audit + " " + best.option() + (plan == null ? "" : " --plan " + IdentifyText.quoted(Path.of(plan)));
        }
        return "the same command with -o PLAN.json, then " + audit
                + " --plan PLAN.json (the default plan is not its own)";
    }
}
