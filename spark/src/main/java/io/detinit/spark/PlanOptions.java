package io.detinit.spark;

import io.detinit.cli.option.Seed;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.identify.LayerSearch;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
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
            description = "Replaces the seed of a plan of PyTorch's own initialisation, which 'detinit plan' writes.")
    @Nullable
    Seed torchSeed;

    @Option(names = "--plan", paramLabel = "P", description = "A detinit-plan/1 file.")
    @Nullable
    String plan;

    boolean given() {
        return seed != null || torchSeed != null || plan != null;
    }

    /** For an audit: where the file's order was lost, the layer ids that the weights speak for. */
    Plan choose(Checkpoint checkpoint, Path file, Configuration conf) throws IOException {
        return find(checkpoint, file, conf, true);
    }

    /** The same; nothing where that is not needed, the command line does not say and the file carries no plan. */
    Optional<Plan> choose(Checkpoint checkpoint, Path file, Configuration conf, boolean needed) throws IOException {
        boolean given = seed != null || torchSeed != null || plan != null;
        return needed || given || RemoteCheckpoints.plan(checkpoint, file, conf).isPresent()
                ? Optional.of(choose(checkpoint, file, conf))
                : Optional.empty();
    }

    /** For new weights. */
    Plan forNew(Checkpoint template, Path file, Configuration conf) throws IOException {
        return find(template, file, conf, false);
    }

    private Plan find(Checkpoint checkpoint, Path file, Configuration conf, boolean trained) throws IOException {
        if (seed != null && torchSeed != null) {
            throw new IllegalArgumentException("give one of --seed and --torch-seed");
        }
        if (plan != null) {
            return withSeed(RemoteCheckpoints.readPlan(new Path(plan), conf), plan);
        }
        Optional<Plan> own =
                trained ? RemoteCheckpoints.plan(checkpoint, file, conf).filter(this::belongs) : Optional.empty();
        if (own.isPresent()) {
            return withSeed(own.get(), "the file's plan");
        }
        if (torchSeed != null) {
            throw new IllegalArgumentException(
                    "--torch-seed needs --plan P here, a plan of PyTorch's initialisation: detinit plan writes it");
        }
        if (seed == null) {
            throw new IllegalArgumentException(
                    trained
                            ? HadoopBytes.name(file) + " carries no plan: give --seed S or --plan P"
                            : "give --seed S or --plan P");
        }
        InitPlan usual = DefaultPlan.of(checkpoint, seed.value(), InitRules.he());
        return new Plan.Addressed(
                trained
                        ? LayerSearch.of(checkpoint, usual, Runtime.getRuntime().availableProcessors())
                                .plan()
                        : usual);
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
}
