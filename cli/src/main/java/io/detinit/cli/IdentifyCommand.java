package io.detinit.cli;

import io.detinit.cli.option.SeedRange;
import io.detinit.cli.option.UsageException;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
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

    @Option(names = "--seeds", paramLabel = "A..B", description = "Seeds of this program's addressable initialisation.")
    List<String> seeds = new ArrayList<>();

    @Option(
            names = "--torch-seeds",
            paramLabel = "A..B",
            description = "Seeds of torch.manual_seed, for models that PyTorch initialised.")
    List<String> torchSeeds = new ArrayList<>();

    @Option(
            names = "--plan",
            paramLabel = "P",
            description =
                    "A detinit-plan/1 file that says the layer ids and schemes; its seed counts for nothing. Without it "
                            + "the plan that the file carries, else the default plan; the ids of that are corrected where the "
                            + "weights say so.")
    @Nullable
    Path plan;

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Option(names = "-o", paramLabel = "PLAN", description = "Write the plan of the seed that is found.")
    @Nullable
    Path output;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    /** What is searched. */
    private record Task(List<SeedRange> seeds, boolean torch, List<SeedRange> torchSeeds, InitRules rules) {}

    /** What came of it, with a few words for each search that found nothing. */
    private record Outcome(Optional<IdentifiedSeed> best, long tried, List<String> nothing) {}

    @Override
    public Integer call() throws IOException {
        Task task = task();
        if (output != null) {
            Outputs.check(output, force);
        }
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            Outcome outcome = search(checkpoint, task);
            if (output != null) {
                writePlan(output, outcome.best());
            }
            if (json) {
                print(IdentifyJson.of(file.toString(), checkpoint.format(), outcome.best(), outcome.tried()));
            } else {
                printText(checkpoint.format(), outcome);
            }
        }
        return ExitCode.DONE;
    }

    private Task task() {
        List<SeedRange> ranges = SeedRange.parse("--seeds", seeds);
        List<SeedRange> torchRanges = SeedRange.parse("--torch-seeds", torchSeeds);
        if (plan != null && rules.given()) {
            throw new UsageException("--plan names every scheme: --scheme and --rule do not go with it");
        }
        boolean usual = ranges.isEmpty() && torchRanges.isEmpty();
        return new Task(
                usual ? List.of(SeedRange.SMALL) : ranges, usual || !torchRanges.isEmpty(), torchRanges, rules.parse());
    }

    private Outcome search(Checkpoint checkpoint, Task task) throws IOException {
        Optional<Plan> given = plan == null ? Checkpoints.plan(checkpoint) : Optional.of(Checkpoints.readPlan(plan));
        List<IdentifiedSeed> found = new ArrayList<>();
        List<String> nothing = new ArrayList<>();
        long tried = 0;
        if (!task.seeds().isEmpty()) {
            SeedIdentify search = new SeedIdentify(checkpoint, addressed(given), task.rules(), root.threads);
            IdentifySearch result = search.search(task.seeds(), new IdentifyProgress(terminal(), "seeds"));
            tried += result.tried();
            result.found().ifPresentOrElse(found::add, () -> nothing.add(IdentifyText.none(result.tried(), "seed")));
        }
        if (task.torch()) {
            TorchIdentify search = new TorchIdentify(checkpoint, root.threads);
            IdentifySearch result = search.search(task.torchSeeds(), new IdentifyProgress(terminal(), "PyTorch seeds"));
            tried += result.tried();
            result.found()
                    .ifPresentOrElse(found::add, () -> nothing.add(IdentifyText.none(result.tried(), "PyTorch seed")));
        }
        return new Outcome(found.stream().min(Comparator.comparingDouble(IdentifiedSeed::logPValue)), tried, nothing);
    }

    /** The addressable plan that was given; rules replace the one that the file carries. */
    private Optional<InitPlan> addressed(Optional<Plan> given) {
        if (plan != null && given.filter(Plan.Replayed.class::isInstance).isPresent()) {
            throw new UsageException(plan + ": is a plan of PyTorch's initialisation, which has no layer ids; it goes "
                    + "with --torch-seeds");
        }
        return given.filter(p -> !rules.given())
                .filter(Plan.Addressed.class::isInstance)
                .map(p -> ((Plan.Addressed) p).plan());
    }

    private void writePlan(Path target, Optional<IdentifiedSeed> best) throws IOException {
        if (best.isEmpty()) {
            terminal().line(target + " was not written: no seed was found");
            return;
        }
        String text = PlanJson.write(best.get().plan());
        AtomicFile.write(target, (text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void printText(String format, Outcome outcome) {
        out().println(file + " (" + format + ")");
        if (outcome.best().isEmpty()) {
            out().println(IdentifyText.none(outcome.nothing()));
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
            return audit + " " + best.option() + (plan == null ? "" : " --plan " + IdentifyText.quoted(plan));
        }
        return "the same command with -o PLAN.json, then " + audit
                + " --plan PLAN.json (the default plan is not its own)";
    }
}
