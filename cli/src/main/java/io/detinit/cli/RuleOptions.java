package io.detinit.cli;

import io.detinit.cli.option.SchemeOptions;
import io.detinit.generator.InitRules;
import io.detinit.models.ModelSpec;

/** Which scheme a parameter of a file or of a model gets. */
final class RuleOptions extends SchemeOptions {

    /** Rules for a model. */
    InitRules parse(ModelSpec model) {
        boolean byRole = BY_ROLE.equals(scheme);
        if (!byRole && scheme != null) {
            return chosen();
        }
        boolean plain = !byRole && model.defaultRules().equals(InitRules.he());
        return plain ? chosen() : rules.isEmpty() ? model.rules() : model.rules(chosen());
    }
}
