package io.detinit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
            "Example: detinit plan model.safetensors --seed 42 --rule '*.attn.*=custom:0.0442' -o model.plan.json"
        })
final class PlanCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Option(names = "--seed", required = true, paramLabel = "S", description = "The seed, decimal or 0x hex.")
    Seed seed = new Seed(0);

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Option(names = "-o", paramLabel = "P", description = "The file to write; without it the plan goes to stdout.")
    @Nullable
    Path output;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        InitRules chosen = rules.parse();
        if (output != null) {
            Outputs.check(output, force);
        }
        InitPlan plan;
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            plan = DefaultPlan.of(checkpoint, seed.value(), chosen);
        }
        String text = PlanJson.write(plan);
        if (output != null) {
            AtomicFile.write(output, (text + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (json) {
            out().println(text);
        } else if (output == null) {
            out().println(indented(text));
        } else {
            long random = plan.tensors().stream()
                    .filter(tensor -> tensor.layer() != PlannedTensor.NO_LAYER)
                    .count();
            out().println("wrote " + output + ": " + plan.tensors().size() + " parameters, " + random
                    + " of them random");
        }
        return ExitCode.DONE;
    }

    private static String indented(String text) {
        try {
            return JSON.readTree(text).toPrettyString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
