package io.detinit.spark;

import io.detinit.cli.option.SchemeOptions;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.identify.ChosenPlan;
import io.detinit.interop.identify.TorchPlans;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which initial weights: the options of the command line as far as they make sense for many machines. */
final class PlanOptions {

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

    @Option(names = "--plan", paramLabel = "P", description = "A detinit-plan/1 file.")
    @Nullable
    String plan;

    /** For an audit: where the file's order was lost, the layer ids that the weights speak for. */
    Plan choose(Checkpoint checkpoint, Path file, Configuration conf) throws IOException {
        return chosen(checkpoint, file, conf).plan();
    }

    /** The same, and what people call the plan. */
    ChosenPlan chosen(Checkpoint checkpoint, Path file, Configuration conf) throws IOException {
        Optional<Plan> named = named(conf);
        if (named.isPresent()) {
            return new ChosenPlan(named.get(), "plan " + plan, List.of());
        }
        Optional<Plan> own = RemoteCheckpoints.plan(checkpoint, file, conf).filter(this::belongs);
        if (own.isPresent()) {
            return new ChosenPlan(withSeed(own.get(), "the file's plan"), "the file's plan", List.of());
        }
        if (torchSeed != null) {
            return TorchPlans.confirmed(checkpoint, torchSeed.value());
        }
        if (seed == null) {
            throw new IllegalArgumentException(
                    HadoopBytes.name(file) + " carries no plan: give --seed S, --torch-seed S or --plan P");
        }
        int threads = Runtime.getRuntime().availableProcessors();
        return ChosenPlan.addressed(checkpoint, seed.value(), threads);
    }

    /** For new weights. */
    Plan forNew(Checkpoint template, Configuration conf, SchemeOptions rules) throws IOException {
        Optional<Plan> named = named(conf);
        if (named.isPresent()) {
            if (rules.given()) {
                throw new UsageException("--plan names every scheme: --scheme and --rule do not go with it");
            }
            return named.get();
        }
        if (torchSeed != null) {
            if (rules.given()) {
                throw new UsageException("--torch-seed replays PyTorch: --scheme and --rule do not go with it");
            }
            return new Plan.Replayed(TorchPlans.sequence(template, torchSeed.value()));
        }
        if (seed == null) {
            throw new UsageException("give --seed S, --torch-seed S or --plan P");
        }
        return new Plan.Addressed(DefaultPlan.of(template, seed.value(), rules.parse()));
    }

    private Optional<Plan> named(Configuration conf) throws IOException {
        if (seed != null && torchSeed != null) {
            throw new IllegalArgumentException("give one of --seed and --torch-seed");
        }
        return plan == null
                ? Optional.empty()
                : Optional.of(withSeed(RemoteCheckpoints.readPlan(new Path(plan), conf), plan));
    }

    /** Whether a plan that was not asked for by name is of the kind that the options ask for. */
    private boolean belongs(Plan own) {
        return own instanceof Plan.Replayed ? seed == null : torchSeed == null;
    }

    private Plan withSeed(Plan found, String name) {
        boolean replayed = found instanceof Plan.Replayed;
        if (replayed ? seed != null : torchSeed != null) {
            throw new IllegalArgumentException(name + " is a plan of "
                    + (replayed ? "PyTorch's initialisation: use --torch-seed" : "addressed weights: use --seed")
                    + " to replace its seed");
        }
        Seed given = replayed ? torchSeed : seed;
        return given == null ? found : found.withSeed(given.value());
    }

    /** The same; nothing where that is not needed, the command line does not say and the file carries no plan. */
    Optional<ChosenPlan> chosen(Checkpoint checkpoint, Path file, Configuration conf, boolean needed)
            throws IOException {
        return needed
                        || given()
                        || RemoteCheckpoints.plan(checkpoint, file, conf).isPresent()
                ? Optional.of(chosen(checkpoint, file, conf))
                : Optional.empty();
    }

    /** Whether the command line says which. */
    boolean given() {
        return seed != null || torchSeed != null || plan != null;
    }
}
