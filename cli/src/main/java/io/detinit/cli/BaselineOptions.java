package io.detinit.cli;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.plan.DefaultPlan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a file is compared with: the plan it carries, a plan file, or the default plan of a seed. */
final class BaselineOptions {

    @Option(
            names = "--seed",
            paramLabel = "S",
            description =
                    "The seed of the initial weights. Not needed where the file carries its plan; with a plan it replaces "
                            + "the plan's seed.")
    @Nullable
    Seed seed;

    @Option(names = "--plan", paramLabel = "P", description = "A detinit-plan/1 file.")
    @Nullable
    Path plan;

    /**
     * A plan and where it comes from.
     *
     * @param plan the plan
     * @param source {@code file}, {@code plan} or {@code default}
     */
    record Resolved(InitPlan plan, String source) {}

    Resolved resolve(Checkpoint checkpoint) throws IOException {
        if (plan != null) {
            return new Resolved(withSeed(Checkpoints.readPlan(plan)), "plan");
        }
        Optional<InitPlan> own = Checkpoints.plan(checkpoint);
        if (own.isPresent()) {
            return new Resolved(withSeed(own.get()), "file");
        }
        if (seed == null) {
            throw new UsageException(checkpoint.path()
                    + " carries no plan: give --seed S (and --plan P where the default plan is" + " not the model's)");
        }
        return new Resolved(DefaultPlan.of(checkpoint, seed.value(), InitRules.he()), "default");
    }

    private InitPlan withSeed(InitPlan found) {
        return seed == null ? found : new InitPlan(seed.value(), found.tensors());
    }
}
