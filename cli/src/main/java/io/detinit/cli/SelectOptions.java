package io.detinit.cli;

import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.NameFilter;
import io.detinit.interop.mask.Selection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which weights to prune. */
final class SelectOptions {

    @Option(
            names = "--sparsity",
            paramLabel = "P",
            description = "Prune exactly round(P * prunable) weights; a fraction in [0, 1].")
    @Nullable
    Double sparsity;

    @Option(names = "--threshold", paramLabel = "T", description = "Prune every weight whose score is at most T.")
    @Nullable
    Double threshold;

    @Option(
            names = "--criterion",
            paramLabel = "NAME",
            description = "movement (|w - w0|, default) or magnitude (|w|).")
    @Nullable
    String criterion;

    @Option(
            names = "--scope",
            paramLabel = "NAME",
            description = "global (all weights ranked together, default) or layer.")
    @Nullable
    String scope;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            description =
                    "Prune only parameters whose name fits (* any characters, ? one). May be given several times.")
    List<String> include = new ArrayList<>();

    @Option(
            names = "--exclude",
            paramLabel = "GLOB",
            description = "Leave parameters alone whose name fits. May be given several times.")
    List<String> exclude = new ArrayList<>();

    /** Whether any of these options was given. */
    boolean given() {
        return sparsity != null
                || threshold != null
                || criterion != null
                || scope != null
                || !include.isEmpty()
                || !exclude.isEmpty();
    }

    /**
     * The selection.
     *
     * @throws UsageException if there is no amount or there are two
     */
    Selection parse() {
        return new Selection(
                criterion == null ? Criterion.MOVEMENT : Criterion.parse(criterion),
                target(),
                scope == null ? Selection.Scope.GLOBAL : Selection.Scope.parse(scope),
                new NameFilter(include, exclude));
    }

    private Selection.Target target() {
        if (sparsity != null && threshold == null) {
            return new Selection.Sparsity(sparsity);
        }
        if (threshold != null && sparsity == null) {
            return new Selection.AtMost(threshold);
        }
        throw new UsageException("give one of --sparsity P and --threshold T");
    }
}
