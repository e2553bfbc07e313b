package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskJson;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which weights to keep, as a file. */
@Command(
        name = "mask",
        description =
                "Write masks, 1 = keep: safetensors with one U8 tensor <name>_mask for each prunable parameter, as "
                        + "torch.nn.utils.prune.custom_from_mask takes them.",
        footer = {
            "",
            "Prunable are the floating-point parameters of rank >= 2 that have initial values. 'detinit masks' combines and",
            "compares mask files, 'detinit prune --masks' applies them.",
            "Example: detinit mask run/model.safetensors --threshold 1e-5 -o moved.safetensors",
            "Example: detinit mask net.pt --torch-seed 42 --sparsity 0.69 --exclude 'head.*' -o keep.safetensors --bitmap",
            "Example: detinit mask net.pt --pattern 2:4 --criterion magnitude -o two-of-four.safetensors",
            "Example: detinit mask net.pt --torch-seed 42 --sparsity 0.9 --criterion large_final_same_sign --protect-last -o m.safetensors"
        })
final class MaskCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "M.safetensors", description = "The mask file to write.")
    Path output = Path.of("");

    @Option(names = "--bitmap", description = "Write compressed bitmaps (RoaringBitmap) to M.safetensors.roaring, too.")
    boolean bitmap;

    @Option(names = "--force", description = "Replace existing files.")
    boolean force;

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Mixin
    BudgetOptions budget = new BudgetOptions();

    @Mixin
    ScoringOptions scoring = new ScoringOptions();

    @Option(
            names = "--fill",
            paramLabel = "NAME",
            description =
                    "With --max-drop: what stands where a weight is pruned when candidates are scored: zero (default), "
                            + "init, or init_or_zero.")
    @Nullable
    String fill;

    @Override
    public Integer call() throws IOException {
        checkOptions();
        Fill how = fill == null ? Fill.ZERO : Fill.parse(fill);
        Criterion criterion = budget.given()
                ? BudgetOptions.at(select, 1).criterion()
                : select.parse().criterion();
        Selection selection;
        MaskOutputs outputs = MaskOutputs.of(output, bitmap, force, List.of(file));
        Selected selected;
        StoredMasks masks;
        try (Checkpoint checkpoint = Checkpoints.open(file);
                ResolvedBaseline resolved =
                        baseline.resolve(checkpoint, root.threads, criterion.needsInit() || how.needsInit())) {
            if (budget.given() && !BudgetSearch.meets(this, checkpoint, resolved, select, how, budget, scoring)) {
                return ExitCode.GATE;
            }
            selection = select.parse();
            selected = selectWithCut(this, resolved, checkpoint, selection);
            masks = StoredMasks.of(selected.masks(), resolved.baseline());
            outputs.write(
                    masks,
                    MaskRecord.of(
                            selection,
                            selected,
                            resolved.baseline(),
                            String.valueOf(file.getFileName()),
                            new Detinit.Version().getVersion()[0]),
                    resolved.planForFile().map(PlanJson::write));
        }
        if (json) {
            ObjectNode object = JSON.createObjectNode();
            object.put("input", file.toString());
            MaskJson.put(object, selection);
            MaskTexts.put(object, masks, output, outputs.bitmap());
            MaskJson.put(object, selected.withoutMasks());
            print(object);
        } else {
            MaskTexts.print(out(), masks, output, outputs.bitmap());
            MaskTexts.print(out(), selection, selected);
        }
        return ExitCode.DONE;
    }

    private void checkOptions() {
        scoring.check();
        budget.check(select, scoring);
        if (!budget.given() && (scoring.data != null || fill != null)) {
            throw new UsageException("--data and --fill go with --max-drop D here: without it nothing is scored");
        }
    }

    /** Selects with progress on the terminal. */
    static Map<String, Mask> select(
            BaseCommand command, ResolvedBaseline resolved, Checkpoint checkpoint, Selection selection)
            throws IOException {
        return selectWithCut(command, resolved, checkpoint, selection).masks();
    }

    /** Selects with progress on the terminal, and says where the ranking was cut. */
    static Selected selectWithCut(
            BaseCommand command, ResolvedBaseline resolved, Checkpoint checkpoint, Selection selection)
            throws IOException {
        Terminal terminal = command.terminal();
        return new Selector(resolved.baseline(), command.root.threads)
                .selectWithCut(
                        checkpoint.tensors(),
                        selection,
                        done -> terminal.progress("selected " + Text.percent(100 * done)));
    }
}
