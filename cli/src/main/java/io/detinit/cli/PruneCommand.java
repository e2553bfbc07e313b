package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.budget.SparsitySearch;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskFit;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The pruned model in the format that came in. */
@Command(
        name = "prune",
        description = "Prune a trained model by what its weights learned; writes the format that came in.",
        footer = {
            "",
            "Zeros are what a runtime could skip; w0 is what a file need not hold. Going",
            "back to w0 keeps far more accuracy than zeros, which need fine-tuning.",
            "",
            "With --data the accuracy on the test images is reported, before and after;",
            "they are scored for nothing else. --max-drop looks for its sparsity on the",
            "validation part. A training on all training images has seen that part: its",
            "accuracies are optimistic, but both sides of the difference are measured on",
            "the same images. Accuracy does not fall strictly with sparsity: what is found",
            "is within D and the next step is not, yet a larger one further up may be.",
            "",
            "Example: detinit prune run/model.onnx -o pruned.onnx --sparsity 0.69 --fill init --data digits",
            "Example: detinit prune run/model.onnx -o small.onnx --structured units --sparsity 0.5 --fill zero --data digits",
            "Example: detinit prune run/model.onnx -o pruned.onnx --max-drop 0.001 --fill init --data digits",
            "Example: detinit prune run/model.onnx -o small.onnx --sparsity 0.9 --fill init --storage regenerate",
            "Example: detinit prune run/model.safetensors -o pruned.safetensors --masks keep.safetensors --fill zero"
        })
final class PruneCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "OUT", description = "The file to write.")
    Path output = Path.of("");

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Mixin
    BudgetOptions budget = new BudgetOptions();

    @Mixin
    ScoringOptions scoringOptions = new ScoringOptions();

    @Mixin
    RemoveDeadOptions dead = new RemoveDeadOptions();

    @Option(
            names = "--masks",
            paramLabel = "M",
            description =
                    "Prune what the masks of this file prune, in place of a selection; a file of 'detinit mask', or its "
                            + "bitmaps. With --fill zero no baseline is needed.")
    @Nullable
    Path masks;

    @Option(
            names = "--fill",
            paramLabel = "NAME",
            description = "What stands where a weight was pruned: "
                    + "zero, init (back to w0), or init_or_zero (w0, but zero where the weight was moving towards zero). "
                    + "Needed wherever something is pruned.")
    String fill = "";

    @Option(
            names = "--storage",
            paramLabel = "NAME",
            description =
                    "dense (default); sparse: ONNX sparse initializers wherever that is smaller; regenerate: an ONNX model that "
                            + "computes w0 from the seed when it is loaded and holds the kept weights alone (--fill init).")
    String storage = "dense";

    @Override
    public Integer call() throws IOException {
        if (fill.isEmpty() && !removesOnly()) {
            throw new UsageException("--fill NAME is needed: what stands where a weight was pruned");
        }
        fill = fill.isEmpty() ? Fill.ZERO.id() : fill;
        Fill how = Fill.parse(fill);
        checkOptions(how);
        Outputs.check(output, force);
        Optional<MaskFile> given = masks == null ? Optional.empty() : Optional.of(MaskFile.read(masks));
        try (Checkpoint checkpoint = Checkpoints.open(file);
                @Nullable
                        Scoring scoring =
                                scoringOptions.data == null ? null : Scoring.open(checkpoint, scoringOptions, this);
                @Nullable
                        DeadRemoval between =
                                dead.given() ? DeadRemoval.of(checkpoint, output, root.threads, dead) : null) {
            PruneWriting writing = new PruneWriting(this, scoring, between);
            if (TensorStorage.parse(storage) != TensorStorage.DENSE && !(checkpoint instanceof OnnxCheckpoint)) {
                throw new UsageException(
                        "--storage " + storage + " is for ONNX files; " + file + " is " + checkpoint.format());
            }
            if (given.isPresent() && how == Fill.ZERO && !baseline.given()) {
                return zero(checkpoint, given.get(), writing);
            }
            return removesOnly() ? removeOnly(checkpoint, writing) : prune(checkpoint, given, how, writing);
        }
    }

    /** Whether what is dead is removed and nothing is pruned before. */
    boolean removesOnly() {
        return dead.removeDead && !dead.wholeUnits() && masks == null && !select.given() && !budget.given();
    }

    private int removeOnly(Checkpoint checkpoint, PruneWriting writing) throws IOException {
        try (ResolvedBaseline resolved = baseline.resolve(checkpoint, root.threads, false)) {
            Destination destination = writing.destination(writing.metadata(resolved, Optional.empty(), Fill.ZERO));
            return writing.finish(
                    checkpoint,
                    resolved.baseline(),
                    Set.of(),
                    Optional.empty(),
                    () -> Pruner.zero(checkpoint, Map.of(), destination));
        }
    }

    private void checkOptions(Fill how) {
        if (masks != null && (select.given() || budget.given())) {
            throw new UsageException("--masks says what is pruned: leave the options of a selection away");
        }
        if (TensorStorage.parse(storage) == TensorStorage.REGENERATE && Fill.parse(fill) != Fill.INIT) {
            throw new UsageException(
                    "--storage regenerate computes initial weights: it takes --fill init, not " + fill);
        }
        if (TensorStorage.parse(storage) == TensorStorage.REGENERATE && dead.given()) {
            throw new UsageException(
                    "--storage regenerate keeps every unit: leave --remove-dead and --structured away");
        }
        scoringOptions.check();
        budget.check(select, scoringOptions);
        if (masks == null && !budget.given() && !removesOnly()) {
            select.parse();
        }
        dead.check(select, masks != null, budget.given(), how);
    }

    /** By masks that are there, without initial values. */
    private int zero(Checkpoint checkpoint, MaskFile given, PruneWriting writing) throws IOException {
        StoredMasks fitted = MaskFit.fit(given, checkpoint, Optional.empty());
        ObjectNode provenance = JSON.createObjectNode();
        provenance.put("masks", String.valueOf(given.path().getFileName()));
        provenance.put("fill", Fill.ZERO.id());
        provenance.put("tool", new Detinit.Version().getVersion()[0]);
        Destination destination = writing.destination(Map.of("detinit.prune", provenance.toString()));
        return writing.finish(
                checkpoint,
                Baseline.none(checkpoint),
                fitted.masks().keySet(),
                Optional.empty(),
                () -> Pruner.zero(checkpoint, fitted.masks(), destination));
    }

    private int prune(Checkpoint checkpoint, Optional<MaskFile> given, Fill how, PruneWriting writing)
            throws IOException {
        SparsitySearch search = budget.maxDrop == null ? null : new SparsitySearch(budget.maxDrop);
        Criterion criterion =
                search == null ? criterion() : BudgetOptions.at(select, 1).criterion();
        boolean needed = how.needsInit() || given.isPresent() || criterion.needsInit();
        try (ResolvedBaseline resolved = baseline.resolve(checkpoint, root.threads, needed)) {
            PlanSidecar sidecar = PlanSidecar.of(checkpoint, output, force);
            Scoring scoring = writing.scoring();
            Optional<SearchResult> searched = search == null || scoring == null
                    ? Optional.empty()
                    : Optional.of(BudgetSearch.run(this, checkpoint, resolved, select, how, scoring, search));
            if (searched.isPresent() && searched.get().found().isEmpty()) {
                return writing.unmet(searched.get());
            }
            return given.isPresent()
                    ? byMasks(checkpoint, resolved, given.get(), how, writing, sidecar)
                    : bySelection(checkpoint, resolved, how, writing, searched, sidecar);
        }
    }

    Criterion criterion() {
        return masks == null ? select.parse().criterion() : Criterion.MOVEMENT;
    }

    private int bySelection(
            Checkpoint checkpoint,
            ResolvedBaseline resolved,
            Fill how,
            PruneWriting writing,
            Optional<SearchResult> searched,
            PlanSidecar sidecar)
            throws IOException {
        Selection selection = select.parse();
        Baseline base = resolved.baseline();
        String source = String.valueOf(file.getFileName());
        String tool = new Detinit.Version().getVersion()[0];
        Pruner pruner = new Pruner(base, root.threads);
        DeadRemoval removal = writing.removal();
        if (dead.wholeUnits() && removal != null) {
            Map<String, Mask> units = removal.choose(checkpoint, base, selection);
            MaskRecord record = MaskRecord.of(selection, base, source, tool);
            Destination destination = writing.destination(writing.metadata(resolved, Optional.of(record), how));
            return writing.finish(
                    checkpoint, base, units.keySet(), searched, () -> Pruner.zero(checkpoint, units, destination));
        }
        if (selection.target() instanceof Selection.AtMost && writing.scoring() == null) {
            // selected while it is written; the threshold is the cut
            MaskRecord record = MaskRecord.of(selection, base, source, tool);
            Destination destination = writing.destination(writing.metadata(resolved, Optional.of(record), how));
            Terminal terminal = terminal();
            DoubleConsumer progress = done -> terminal.progress("selected " + Text.percent(100 * done));
            return writing.finish(checkpoint, base, Set.of(), searched, () -> {
                PruneReport report = pruner.prune(checkpoint, selection, how, destination, progress);
                writePlan(resolved, sidecar);
                return report;
            });
        }
        Selected selected = MaskCommand.selectWithCut(this, resolved, checkpoint, selection);
        MaskRecord record = MaskRecord.of(selection, selected, base, source, tool);
        Destination destination = writing.destination(writing.metadata(resolved, Optional.of(record), how));
        return writing.finish(checkpoint, base, selected.masks().keySet(), searched, () -> {
            PruneReport report = pruner.prune(checkpoint, selected.masks(), how, destination);
            writePlan(resolved, sidecar);
            return report;
        });
    }

    private int byMasks(
            Checkpoint checkpoint,
            ResolvedBaseline resolved,
            MaskFile given,
            Fill how,
            PruneWriting writing,
            PlanSidecar sidecar)
            throws IOException {
        Baseline base = resolved.baseline();
        StoredMasks fitted = MaskFit.fit(given, checkpoint, Optional.of(base));
        Destination destination = writing.destination(writing.metadata(resolved, Optional.empty(), how));
        return writing.finish(checkpoint, base, fitted.masks().keySet(), Optional.empty(), () -> {
            PruneReport report = how == Fill.ZERO
                    ? Pruner.zero(checkpoint, fitted.masks(), destination)
                    : new Pruner(base, root.threads).prune(checkpoint, fitted.logical(), how, destination);
            writePlan(resolved, sidecar);
            return report;
        });
    }

    private static void writePlan(ResolvedBaseline resolved, PlanSidecar sidecar) throws IOException {
        Optional<String> plan = resolved.planForFile().map(PlanJson::write);
        if (plan.isPresent()) {
            sidecar.write(plan.get());
        }
    }
}
