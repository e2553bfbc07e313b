package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.models.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which scheme a parameter gets. */
final class RuleOptions {

    private static final String BY_ROLE = "role";

    @Option(
            names = "--scheme",
            paramLabel = "NAME",
            description =
                    "Scheme of the weights that no rule fits (default: he); in training also role: he before ReLU, xavier "
                            + "for the output, orthogonal between hidden states, 1/sqrt(d_model) for Q, K, V (the default of every "
                            + "model but mlp).")
    @Nullable
    String scheme;

    @Option(
            names = "--rule",
            paramLabel = "PATTERN=SCHEME",
            description = "Scheme of the parameters whose name fits (* any characters, ? one), such as "
                    + "'*.attn.*=custom:0.0442'; the first rule that fits counts. May be given several times.")
    List<String> rules = new ArrayList<>();

    boolean given() {
        return (scheme != null && !scheme.equals("he")) || !rules.isEmpty();
    }

    /** Rules for a file, which has no blocks that tell the roles. */
    InitRules parse() {
        if (BY_ROLE.equals(scheme)) {
            throw new UsageException(
                    "--scheme role needs a model's blocks, a file has only its parameters' names; give --rule "
                            + "PATTERN=SCHEME instead");
        }
        return chosen();
    }

    /** Rules for a model. */
    InitRules parse(ModelSpec model) {
        boolean byRole = BY_ROLE.equals(scheme);
        if (!byRole && scheme != null) {
            return chosen();
        }
        boolean plain = !byRole && model.defaultRules().equals(InitRules.he());
        return plain ? chosen() : rules.isEmpty() ? model.rules() : model.rules(chosen());
    }

    private InitRules chosen() {
        InitRules chosen = InitRules.of(scheme == null || scheme.equals(BY_ROLE) ? Scheme.HE : Scheme.parse(scheme));
        for (String rule : rules) {
            chosen = chosen.with(rule);
        }
        return chosen;
    }
}
