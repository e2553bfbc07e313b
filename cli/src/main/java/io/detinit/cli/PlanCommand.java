package io.detinit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.generator.InitPlan;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.identify.ChosenPlan;
import io.detinit.interop.identify.TorchPlans;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The plan that would be used. */
@Command(
        name = "plan",
        description = "Show, or write, the plan that a file's parameters get: layer ids and schemes.",
        footer = {
            "",
            "It is what an audit of the file would use: where the file's order was lost, the weights say which layer ids they have.",
            "Example: detinit plan model.safetensors --seed 42 --rule '*.attn.*=custom:0.0442' -o model.plan.json",
            "Example: detinit plan net.pt --torch-seed 1234 -o net.plan.json"
        })
final class PlanCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Option(names = "--seed", paramLabel = "S", description = "The seed, decimal or 0x hex.")
    @Nullable
    Seed seed;

    @Option(
            names = "--torch-seed",
            paramLabel = "S",
            description = "PyTorch's own initialisation after torch.manual_seed(S), as far as the weights confirm it.")
    @Nullable
    Seed torchSeed;

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Option(names = "-o", paramLabel = "P", description = "The file to write; without it the plan goes to stdout.")
    @Nullable
    Path output;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        if (output != null) {
            Outputs.check(output, force);
        }
        ChosenPlan chosen;
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            chosen = choose(checkpoint);
        }
        chosen.notes().forEach(terminal()::line);
        Plan plan = chosen.plan();
        String text = PlanJson.write(plan);
        if (output != null) {
            AtomicFile.write(output, (text + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (json) {
            out().println(text);
        } else if (output == null) {
            out().println(indented(text));
        } else {
            List<Plan.Entry> entries = plan.entries();
            long random =
                    entries.stream().filter(entry -> entry.values().isRandom()).count();
            out().println("wrote " + output + ": " + entries.size() + " parameters, " + random + " of them random");
        }
        return ExitCode.DONE;
    }

    private ChosenPlan choose(Checkpoint checkpoint) throws IOException {
        if ((seed == null) == (torchSeed == null)) {
            throw new UsageException("give one of --seed S and --torch-seed S");
        }
        if (torchSeed != null) {
            if (rules.given()) {
                throw new UsageException("--torch-seed replays PyTorch: --scheme and --rule do not go with it");
            }
            return TorchPlans.confirmed(checkpoint, torchSeed.value());
        }
        long value = Objects.requireNonNull(seed).value();
        if (rules.given()) {
            InitPlan plan = DefaultPlan.of(checkpoint, value, rules.parse());
            return new ChosenPlan(new Plan.Addressed(plan), "the rules", List.of());
        }
        return ChosenPlan.addressed(checkpoint, value, root.threads);
    }

    private static String indented(String text) {
        try {
            return JSON.readTree(text).toPrettyString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
