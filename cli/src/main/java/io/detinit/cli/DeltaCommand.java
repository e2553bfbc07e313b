package io.detinit.cli;

import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaOptions;
import io.detinit.interop.delta.DeltaPacker;
import io.detinit.interop.delta.DeltaReport;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checkpoints as seed, mask and moved values, and back. */
@Command(
        name = "delta",
        description = "Pack a trained model as the difference from its initial weights, and unpack it.",
        footer = {
            "",
            "pack: writes one safetensors file with the plan (seed), a compressed mask and the kept values. Without a selection, and",
            "with --threshold 0, every weight is kept whose bits differ from w0: the model comes back to the last bit. Else what is",
            "not kept comes back as w0. Biases and whatever else is not pruned come back exactly in any case.",
            "unpack: the ending of FILE chooses the format: .safetensors always, .pt a new state dict, and the packed file's own",
            "format with everything else that it held (graph, code). --template takes another checkpoint of the model instead.",
            "Example: detinit delta pack run/model.safetensors --sparsity 0.8 --values fp16 -o model.delta",
            "Example: detinit delta pack net.onnx --seed 42 -o net.delta",
            "Example: detinit delta unpack net.delta -o net.onnx"
        })
final class DeltaCommand extends BaseCommand {

    /** What is done. */
    enum Action {
        PACK,
        UNPACK
    }

    @Parameters(index = "0", paramLabel = "ACTION", description = "pack or unpack.")
    Action action = Action.PACK;

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            description = "pack: a checkpoint of any format that this program reads; unpack: a delta file.")
    Path file = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "OUT", description = "The file to write.")
    Path output = Path.of("");

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Option(
            names = "--values",
            paramLabel = "TYPE",
            description =
                    "pack: how wide the kept values of pruned tensors are: file (bit for bit, default), fp32, fp16 or "
                            + "bf16; never wider than in FILE.")
    @Nullable
    String values;

    @Option(
            names = "--template",
            paramLabel = "F",
            description = "unpack: write a copy of this checkpoint with the tensors of the delta.")
    @Nullable
    Path template;

    @Mixin
    BudgetOptions budget = new BudgetOptions();

    @Mixin
    ScoringOptions scoring = new ScoringOptions();

    @Override
    public Integer call() throws IOException {
        if (action == Action.PACK) {
            return pack();
        }
        unpack();
        return ExitCode.DONE;
    }

    private int pack() throws IOException {
        if (template != null) {
            throw new UsageException("--template goes with unpack");
        }
        if (baseline.initFile != null) {
            throw new UsageException(
                    "a delta holds a seed, not a file to compare with: --init-file cannot be packed; give "
                            + "--seed or --torch-seed");
        }
        ValueType type = values == null ? ValueType.FILE : ValueType.parse(values);
        scoring.check();
        budget.check(select, scoring);
        if (!budget.given()) {
            select.forDelta();
        }
        refuseInput(file);
        Outputs.check(output, force);
        try (Checkpoint checkpoint = Checkpoints.open(file);
                ResolvedBaseline resolved = baseline.resolve(checkpoint, root.threads)) {
            Plan plan = resolved.planForFile()
                    .orElseThrow(() -> new UsageException(file + ": no plan; give --seed S or --torch-seed S"));
            resolved.notes().forEach(terminal()::line);
            if (budget.given() && !BudgetSearch.meets(this, checkpoint, resolved, select, Fill.INIT, budget, scoring)) {
                return ExitCode.GATE;
            }
            Optional<Selection> selection = select.forDelta();
            DeltaReport report = selection.isPresent()
                    ? packed(checkpoint, resolved, plan, selection.get(), type)
                    : packer(type, Optional.empty()).pack(checkpoint, plan, output, packing());
            DeltaTexts texts = new DeltaTexts(report, file, CheckpointBytes.of(checkpoint, file), output);
            report.notes().forEach(terminal()::line);
            if (json) {
                print(texts.json());
            } else {
                texts.print(out());
            }
            return ExitCode.DONE;
        }
    }

    private DeltaReport packed(
            Checkpoint checkpoint, ResolvedBaseline resolved, Plan plan, Selection selection, ValueType type)
            throws IOException {
        Selected selected = MaskCommand.selectWithCut(this, resolved, checkpoint, selection);
        var record =
                MaskRecord.of(selection, selected, resolved.baseline(), "", "").fields();
        record.remove("source");
        record.remove("tool");
        return packer(type, Optional.of(record.toString()))
                .pack(
                        checkpoint,
                        plan,
                        StoredMasks.of(selected.masks(), resolved.baseline()).masks(),
                        output,
                        packing());
    }

    private DeltaPacker packer(ValueType type, Optional<String> record) {
        return new DeltaPacker(new DeltaOptions(type, root.threads, new Detinit.Version().getVersion()[0], record));
    }

    private DoubleConsumer packing() {
        Terminal terminal = terminal();
        return done -> terminal.progress("packed " + Text.percent(100 * done));
    }

    private void refuseInput(Path input) throws IOException {
        if (Files.exists(output) && Files.exists(input) && Files.isSameFile(output, input)) {
            throw new UsageException("-o " + output + " is a file that is read; the output needs another name");
        }
    }

    private void unpack() throws IOException {
        if (baseline.given() || select.given() || budget.given() || scoring.data != null || values != null) {
            throw new UsageException(
                    "the delta file says what it holds: baseline, selection and --values go with pack");
        }
        refuseInput(file);
        if (template != null) {
            refuseInput(template);
        }
        Outputs.check(output, force);
        try (DeltaFile delta = DeltaFile.open(file)) {
            if (template == null) {
                DeltaUnpacker.Container container = DeltaUnpacker.containerFor(delta, output);
                boolean own = container == DeltaUnpacker.Container.SKELETON;
                PlanSidecar sidecar = sidecar(!own || delta.keepsMetadata());
                written(delta, DeltaUnpacker.unpack(delta, container, output), sidecar);
            } else {
                try (Checkpoint taken = Checkpoints.open(template)) {
                    PlanSidecar sidecar = sidecar(taken.keepsMetadata());
                    written(delta, DeltaUnpacker.unpack(delta, taken, output), sidecar);
                }
            }
        }
    }

    private PlanSidecar sidecar(boolean keepsPlan) throws IOException {
        PlanSidecar sidecar = new PlanSidecar(Checkpoints.sidecar(output), !keepsPlan);
        if (sidecar.needed()) {
            Outputs.check(sidecar.path(), force);
        }
        return sidecar;
    }

    private void written(DeltaFile delta, DeltaUnpacker.Unpacked unpacked, PlanSidecar sidecar) throws IOException {
        sidecar.write(PlanJson.write(delta.plan()));
        if (json) {
            print(DeltaTexts.json(delta, unpacked, output, sidecar));
        } else {
            DeltaTexts.print(out(), delta, unpacked, output, sidecar);
        }
    }
}
