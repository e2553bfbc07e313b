package io.detinit.cli;

import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.mask.Selection;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How much accuracy pruning may cost, in place of how much is pruned. */
final class BudgetOptions {

    @Option(
            names = "--max-drop",
            paramLabel = "D",
            description =
                    "Prune as much as possible while the loss of accuracy on the validation part of --data is at most D, "
                            + "a fraction (0.001 is 0.1 percentage points); found by bisection in steps of 1/4096, confirmed on "
                            + "the test images. Exit code 1 if nothing meets it.")
    @Nullable
    Double maxDrop;

    boolean given() {
        return maxDrop != null;
    }

    /** Refuses options that do not go with a budget. */
    void check(SelectOptions select, ScoringOptions scoring) {
        if (!given()) {
            return;
        }
        if (select.sparsity != null || select.threshold != null) {
            throw new UsageException("give one of --sparsity P, --threshold T and --max-drop D");
        }
        if (scoring.data == null) {
            throw new UsageException("--max-drop needs --data X: on what the accuracy is measured");
        }
    }

    /**
     * The selection at a sparsity, with all that the other options of the selection say. The options keep that sparsity.
     */
    static Selection at(SelectOptions select, double sparsity) {
        select.sparsity = sparsity;
        return select.parse();
    }
}
