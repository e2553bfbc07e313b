package io.detinit.cli.option;

import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which scheme a parameter of a file gets. */
public class SchemeOptions {

    /** The scheme that goes by a model's blocks. */
    protected static final String BY_ROLE = "role";

    @Option(
            names = "--scheme",
            paramLabel = "NAME",
            description =
                    "Scheme of the weights that no rule fits (default: he); in training also role: he before ReLU, xavier "
                            + "for the output, orthogonal between hidden states, 1/sqrt(d_model) for Q, K, V (the default of every "
                            + "model but mlp).")
    @Nullable
    public String scheme;

    @Option(
            names = "--rule",
            paramLabel = "PATTERN=SCHEME",
            description = "Scheme of the parameters whose name fits (* any characters, ? one), such as "
                    + "'*.attn.*=custom:0.0442'; the first rule that fits counts. May be given several times.")
    public List<String> rules = new ArrayList<>();

    /** Whether they ask for anything but he. */
    public boolean given() {
        return (scheme != null && !scheme.equals("he")) || !rules.isEmpty();
    }

    /** Rules for a file, which has no blocks that tell the roles. */
    public InitRules parse() {
        if (BY_ROLE.equals(scheme)) {
            throw new UsageException(
                    "--scheme role needs a model's blocks, a file has only its parameters' names; give --rule "
                            + "PATTERN=SCHEME instead");
        }
        return chosen();
    }

    /** The rules as given, {@code role} aside. */
    protected final InitRules chosen() {
        InitRules chosen = InitRules.of(scheme == null || scheme.equals(BY_ROLE) ? Scheme.HE : Scheme.parse(scheme));
        for (String rule : rules) {
            chosen = chosen.with(rule);
        }
        return chosen;
    }
}
