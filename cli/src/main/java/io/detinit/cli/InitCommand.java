package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.identify.TorchPlans;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** An untrained checkpoint in the format of a template. */
@Command(
        name = "init",
        description =
                "Write a copy of a checkpoint with every parameter replaced by its initial value, in the same format and "
                        + "with its plan: load it, train it, and audit what comes out.",
        footer = {
            "",
            "Buffers (running statistics) and integers stay as they are. A format that cannot carry the plan gets OUT.plan.json",
            "beside it.",
            "Example: detinit init model.pt -o seeded.pt --seed 42 --rule '*.attn.*=custom:0.0442'"
        })
final class InitCommand extends BaseCommand {

    @Parameters(paramLabel = "TEMPLATE", description = "A checkpoint of any format that this program writes.")
    Path template = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "OUT", description = "The file to write.")
    Path output = Path.of("");

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "The seed, decimal or 0x hex; with --plan it replaces the plan's seed.")
    @Nullable
    Seed seed;

    @Option(
            names = "--torch-seed",
            paramLabel = "S",
            description = "PyTorch's own initialisation after torch.manual_seed(S), replayed.")
    @Nullable
    Seed torchSeed;

    @Option(names = "--plan", paramLabel = "P", description = "A detinit-plan/1 file instead of the default plan.")
    @Nullable
    Path plan;

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        Outputs.check(output, force);
        try (Checkpoint checkpoint = Checkpoints.open(template)) {
            Plan chosen = plan(checkpoint);
            String text = PlanJson.write(chosen);
            PlanSidecar sidecar = PlanSidecar.of(checkpoint, output, force);
            int replaced = Untrained.write(checkpoint, chosen, output, Map.of(Checkpoint.PLAN_KEY, text));
            sidecar.write(text);
            report(checkpoint, chosen, replaced, sidecar);
        }
        return ExitCode.DONE;
    }

    private Plan plan(Checkpoint checkpoint) throws IOException {
        if (plan != null) {
            if (rules.given()) {
                throw new UsageException("--plan names every scheme: --scheme and --rule do not go with it");
            }
            Plan read = Checkpoints.readPlan(plan);
            boolean replayed = read instanceof Plan.Replayed;
            if (replayed ? seed != null : torchSeed != null) {
                throw new UsageException(plan + " is a plan of "
                        + (replayed ? "PyTorch's initialisation: --torch-seed" : "addressed weights: --seed")
                        + " replaces its seed");
            }
            Seed given = replayed ? torchSeed : seed;
            return given == null ? read : read.withSeed(given.value());
        }
        if (torchSeed != null) {
            if (seed != null || rules.given()) {
                throw new UsageException("--torch-seed replays PyTorch: --seed, --scheme and --rule do not go with it");
            }
            return new Plan.Replayed(TorchPlans.sequence(checkpoint, torchSeed.value()));
        }
        if (seed == null) {
            throw new UsageException("give --seed S, --torch-seed S or --plan P");
        }
        return new Plan.Addressed(DefaultPlan.of(checkpoint, seed.value(), rules.parse()));
    }

    private void report(Checkpoint checkpoint, Plan chosen, int replaced, PlanSidecar sidecar) {
        if (json) {
            ObjectNode object = JSON.createObjectNode();
            object.put("template", template.toString());
            object.put("output", output.toString());
            object.put("format", checkpoint.format());
            object.put("seed", chosen.seed());
            object.put("replaced", replaced);
            object.put("kept", checkpoint.tensors().size() - replaced);
            if (sidecar.needed()) {
                object.put("planFile", sidecar.path().toString());
            }
            print(object);
            return;
        }
        out().println("wrote " + output + " (" + checkpoint.format() + "): " + replaced + " parameters from seed "
                + chosen.seed() + ", " + (checkpoint.tensors().size() - replaced) + " other tensors kept");
        if (sidecar.needed()) {
            out().println("wrote " + sidecar.path() + ", since the format has no place for the plan");
        }
    }
}
