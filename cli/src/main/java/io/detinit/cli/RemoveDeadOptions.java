package io.detinit.cli;

import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.shrink.StructuredUnits;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether what is dead is removed, and whether whole units are pruned. */
final class RemoveDeadOptions {

    @Option(
            names = "--remove-dead",
            description =
                    "ONNX: remove units and inputs that are certified dead after pruning, so that the model gets smaller and "
                            + "faster; the outputs are shown to be equal or nothing is written. Without a selection nothing is "
                            + "pruned first.")
    boolean removeDead;

    @Option(
            names = "--structured",
            paramLabel = "units",
            description =
                    "ONNX: prune whole units of hidden layers (neurons, channels; 'channels' is another name) and remove them: "
                            + "those whose rows have the smallest norm, by --criterion movement or magnitude. --sparsity is a "
                            + "fraction of those units.")
    @Nullable
    String structured;

    @Option(
            names = "--keep-inputs",
            description = "With --remove-dead: leave dead inputs alone, so that the first weights keep their shape and "
                    + "'detinit train --from' goes on from the smaller net.")
    boolean keepInputs;

    @Option(
            names = "--latency-runs",
            paramLabel = "N",
            description =
                    "Timed runs of each model, in turns, with --remove-dead (default 50; 0: none), at batch 64 where "
                            + "the batch is free.")
    int runs = 50;

    boolean given() {
        return removeDead || structured != null;
    }

    boolean wholeUnits() {
        return structured != null;
    }

    /** Refuses what does not go together. */
    void check(SelectOptions select, boolean masks, boolean budget, Fill fill) {
        if (runs < 0) {
            throw new UsageException("--latency-runs " + runs + ": at least 0 is needed");
        }
        if (structured == null) {
            return;
        }
        if (!structured.equals("units") && !structured.equals("channels")) {
            throw new UsageException(
                    "--structured " + structured + ": 'units' is known, and 'channels', its other name");
        }
        if (masks || budget || !(select.parse().target() instanceof Selection.Sparsity)) {
            throw new UsageException("--structured goes with --sparsity P, the fraction of units that go");
        }
        if (select.vectors || select.protectFirst || select.protectLast) {
            throw new UsageException("--structured prunes units of hidden layers, never outputs or vectors alone: "
                    + "leave --prune-vectors, --protect-first and --protect-last away");
        }
        if (fill != Fill.ZERO) {
            throw new UsageException("--structured needs --fill zero: a unit whose weights go back to w0 still answers "
                    + "its inputs and cannot be removed");
        }
        amount(select.parse());
    }

    /** How many units go. */
    static StructuredUnits.Amount amount(Selection selection) {
        double sparsity = selection.target() instanceof Selection.Sparsity target ? target.sparsity() : 0;
        return new StructuredUnits.Amount(selection.criterion(), sparsity, selection.scope());
    }
}
