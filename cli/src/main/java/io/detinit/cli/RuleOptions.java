package io.detinit.cli;

import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which scheme a parameter gets. */
final class RuleOptions {

    @Option(
            names = "--scheme",
            paramLabel = "NAME",
            description = "Scheme of the weights that no rule fits (default: he).")
    String scheme = "he";

    @Option(
            names = "--rule",
            paramLabel = "PATTERN=SCHEME",
            description = "Scheme of the parameters whose name fits (* any characters, ? one), such as "
                    + "'*.attn.*=custom:0.0442'; the first rule that fits counts. May be given several times.")
    List<String> rules = new ArrayList<>();

    boolean given() {
        return !scheme.equals("he") || !rules.isEmpty();
    }

    InitRules parse() {
        InitRules chosen = InitRules.of(Scheme.parse(scheme));
        for (String rule : rules) {
            chosen = chosen.with(rule);
        }
        return chosen;
    }
}
