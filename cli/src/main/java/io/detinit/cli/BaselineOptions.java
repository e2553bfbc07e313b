package io.detinit.cli;

import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.identify.ChosenPlan;
import io.detinit.interop.identify.TorchPlans;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a file is compared with: a plan, a seed, a replayed PyTorch seed, or another file. */
final class BaselineOptions {

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "The seed of the initial weights. Not needed where the file carries its plan; with a plan it "
                    + "replaces the plan's seed.")
    @Nullable
    Seed seed;

    @Option(
            names = "--torch-seed",
            paramLabel = "S",
            description =
                    "PyTorch's own initialisation after torch.manual_seed(S), replayed; with --plan where the modules "
                            + "are not constructed in the order of the state dict.")
    @Nullable
    Seed torchSeed;

    @Option(
            names = "--init-file",
            paramLabel = "F",
            description =
                    "Another checkpoint of any format: the state before training, or the base of a fine-tuned model.")
    @Nullable
    Path initFile;

    @Option(names = "--plan", paramLabel = "P", description = "A detinit-plan/1 file.")
    @Nullable
    Path plan;

    ResolvedBaseline resolve(Checkpoint checkpoint, int threads) throws IOException {
        checkCombination();
        if (initFile != null) {
            return ofFile(initFile, checkpoint);
        }
        ChosenPlan chosen = choose(checkpoint, threads);
        Baseline baseline = Baseline.of(chosen.plan(), checkpoint);
        return new ResolvedBaseline(baseline, Optional.of(chosen.plan()), chosen.source(), chosen.notes(), null);
    }

    /** Whether the command line says what a file is compared with. */
    boolean given() {
        return seed != null || torchSeed != null || initFile != null || plan != null;
    }

    /**
     * What a file is compared with; nothing where that is not needed, the command line does not say and the file carries no plan.
     */
    ResolvedBaseline resolve(Checkpoint checkpoint, int threads, boolean needed) throws IOException {
        if (needed || given() || Checkpoints.plan(checkpoint).isPresent()) {
            return resolve(checkpoint, threads);
        }
        return new ResolvedBaseline(Baseline.none(checkpoint), Optional.empty(), "no initial weights", List.of(), null);
    }

    private void checkCombination() {
        int given = (seed != null ? 1 : 0) + (torchSeed != null ? 1 : 0) + (initFile != null ? 1 : 0);
        if (given > 1) {
            throw new UsageException("give one of --seed, --torch-seed and --init-file");
        }
        if (initFile != null && plan != null) {
            throw new UsageException("--init-file holds the initial weights itself: --plan does not go with it");
        }
    }

    private static ResolvedBaseline ofFile(Path path, Checkpoint checkpoint) throws IOException {
        Checkpoint initial = Checkpoints.open(path);
        try {
            Baseline baseline = Baseline.of(initial, checkpoint);
            return new ResolvedBaseline(baseline, Optional.empty(), path + ", " + initial.format(), List.of(), initial);
        } catch (IOException | RuntimeException e) {
            try (initial) {
                throw e;
            }
        }
    }

    private ChosenPlan choose(Checkpoint checkpoint, int threads) throws IOException {
        if (plan != null) {
            return new ChosenPlan(withSeed(Checkpoints.readPlan(plan), plan.toString()), "plan " + plan, List.of());
        }
        Optional<Plan> own = Checkpoints.plan(checkpoint);
        if (own.isPresent() && belongs(own.get())) {
            return new ChosenPlan(withSeed(own.get(), "the file's plan"), "the file's plan", List.of());
        }
        if (torchSeed != null) {
            return TorchPlans.confirmed(checkpoint, torchSeed.value());
        }
        if (seed == null) {
            throw new UsageException(checkpoint.path()
                    + " carries no plan: give --seed S, --torch-seed S or --init-file F (and --plan P where the default plan"
                    + " is not the model's)");
        }
        return ChosenPlan.addressed(checkpoint, seed.value(), threads);
    }

    /** Whether a plan that was not asked for by name is of the kind that the options ask for. */
    private boolean belongs(Plan own) {
        return own instanceof Plan.Replayed ? seed == null : torchSeed == null;
    }

    private Plan withSeed(Plan found, String name) {
        boolean replayed = found instanceof Plan.Replayed;
        if (replayed ? seed != null : torchSeed != null) {
            throw new UsageException(name + " is a plan of "
                    + (replayed ? "PyTorch's initialisation: use --torch-seed" : "addressed weights: use --seed")
                    + " to replace its seed");
        }
        Seed given = replayed ? torchSeed : seed;
        return given == null ? found : found.withSeed(given.value());
    }
}
