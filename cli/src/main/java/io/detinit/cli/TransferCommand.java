package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.transfer.Content;
import io.detinit.interop.transfer.MaskTransfer;
import io.detinit.interop.transfer.TransferredMask;
import io.detinit.interop.transfer.UnmatchedMask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Masks found on one file, applied to another file of the same model. */
@Command(
        name = "transfer",
        description = "Apply masks that were found on one file to another file of the same model, of any format: "
                + "renamed and transposed weights are found by their values.",
        footer = {
            "",
            "A match by name alone, whose values differ, is a warning: the model was trained further. A mask that finds no place is",
            "listed; then nothing is written and the exit code is 1, unless --partial says that the rest will do.",
            "Example: detinit transfer --masks keep.safetensors --from net.pt --to net.onnx -o pruned.onnx"
        })
final class TransferCommand extends BaseCommand {

    @Option(
            names = "--masks",
            required = true,
            paramLabel = "M",
            description = "Masks made for the file --from: a file of 'detinit mask', or its bitmaps.")
    Path masks = Path.of("");

    @Option(
            names = "--from",
            required = true,
            paramLabel = "A",
            description = "The trained model that the masks were made for; any format.")
    Path from = Path.of("");

    @Option(
            names = "--to",
            required = true,
            paramLabel = "B",
            description = "Another file of the same model, to be pruned; any format.")
    Path to = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "OUT", description = "The file to write, in the format of B.")
    Path output = Path.of("");

    @Option(
            names = "--masks-out",
            paramLabel = "M2.safetensors",
            description = "Write the masks, too, as they fit the file B.")
    @Nullable
    Path masksOut;

    @Option(names = "--partial", description = "Write what was matched although some masks were not.")
    boolean partial;

    @Option(names = "--force", description = "Replace existing files.")
    boolean force;

    @Option(
            names = "--fill",
            paramLabel = "NAME",
            description =
                    "What stands where a weight was pruned: zero (default), init (back to w0), or init_or_zero "
                            + "(w0, but zero where the weight was moving towards zero). Initial weights are those of the file B.")
    String fill = "zero";

    @Option(
            names = "--storage",
            paramLabel = "NAME",
            description = "dense (default), or sparse: ONNX sparse initializers wherever that is smaller.")
    String storage = "dense";

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Override
    public Integer call() throws IOException {
        Fill how = Fill.parse(fill);
        TensorStorage stored = TensorStorage.parse(storage);
        checkOutputs();
        MaskFile given = MaskFile.read(masks);
        long before = CheckpointBytes.of(to);
        try (Checkpoint source = Checkpoints.open(from);
                Checkpoint target = Checkpoints.open(to)) {
            MaskTransfer found = MaskTransfer.of(given, source, target, root.threads);
            try (ResolvedBaseline resolved = resolve(target, how)) {
                MaskTransfer transfer = how.needsInit() ? found.withInitialValues(resolved.baseline()) : found;
                tell(transfer);
                boolean written = !transfer.transferred().isEmpty()
                        && (partial || transfer.unmatched().isEmpty());
                if (written) {
                    write(target, transfer, resolved, how, stored);
                }
                report(transfer, before, written);
                return written ? ExitCode.DONE : ExitCode.GATE;
            }
        }
    }

    private ResolvedBaseline resolve(Checkpoint target, Fill how) throws IOException {
        return how.needsInit() || baseline.given()
                ? baseline.resolve(target, root.threads)
                : new ResolvedBaseline(Baseline.none(target), Optional.empty(), "no initial weights", List.of(), null);
    }

    private void checkOutputs() throws IOException {
        for (Path target : masksOut == null ? List.of(output) : List.of(output, masksOut)) {
            for (Path input : List.of(masks, from)) {
                if (Files.exists(target) && Files.exists(input) && Files.isSameFile(target, input)) {
                    throw new UsageException(target + " is a file that is read; the output needs another name");
                }
            }
            Outputs.check(target, force);
        }
        if (masksOut != null && (masksOut.toAbsolutePath().equals(output.toAbsolutePath()) || same(masksOut, to))) {
            throw new UsageException("--masks-out " + masksOut + " is the model; masks need another name");
        }
    }

    private static boolean same(Path one, Path other) throws IOException {
        return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
    }

    /** What a reader should know, on stderr. */
    private void tell(MaskTransfer transfer) {
        Terminal terminal = terminal();
        transfer.warnings().forEach(line -> terminal.line("detinit: warning: " + TextTable.printable(line)));
        for (UnmatchedMask one : transfer.unmatched()) {
            terminal.line(TextTable.printable("detinit: not matched: " + one.name() + ": " + one.reason()));
        }
        if (transfer.transferred().isEmpty()) {
            terminal.line("detinit: no mask of " + masks + " found a place in " + to + "; nothing was written");
        } else if (!transfer.unmatched().isEmpty() && !partial) {
            terminal.line("detinit: " + transfer.unmatched().size() + " of the masks found no place in " + to
                    + "; nothing was written (--partial writes the rest)");
        }
    }

    private void write(
            Checkpoint target, MaskTransfer transfer, ResolvedBaseline resolved, Fill how, TensorStorage stored)
            throws IOException {
        Optional<String> plan = resolved.planForFile().map(PlanJson::write);
        PlanSidecar sidecar = PlanSidecar.of(target, output, force);
        Destination destination = new Destination(output, metadata(plan, resolved, how, transfer), stored);
        PruneReport report = how == Fill.ZERO
                ? Pruner.zero(target, transfer.masks().masks(), destination)
                : new Pruner(resolved.baseline(), root.threads)
                        .prune(target, transfer.logical(resolved.baseline()), how, destination);
        if (report.tensors().size() != transfer.transferred().size()) {
            throw new IllegalStateException(report.tensors() + " of " + transfer.transferred());
        }
        if (plan.isPresent()) {
            sidecar.write(plan.get());
        }
        if (masksOut != null) {
            MaskRecord record = MaskRecord.of("transfer", List.of(name(masks), name(from)), tool());
            MaskFile.write(masksOut, transfer.masks(), record, plan);
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    private static String tool() {
        return new Detinit.Version().getVersion()[0];
    }

    private Map<String, String> metadata(
            Optional<String> plan, ResolvedBaseline resolved, Fill how, MaskTransfer transfer) {
        ObjectNode provenance = JSON.createObjectNode();
        provenance.put("masks", name(masks));
        provenance.put("from", name(from));
        if (how.needsInit()) {
            provenance.put("baseline", resolved.baseline().kind().id());
            resolved.baseline().seed().ifPresent(seed -> provenance.put("seed", seed));
        }
        if (!transfer.unmatched().isEmpty()) {
            ArrayNode unmatched = provenance.putArray("unmatched");
            transfer.unmatched().forEach(one -> unmatched.add(one.name()));
        }
        provenance.put("tool", tool());
        provenance.put("fill", how.id());
        Map<String, String> metadata = new LinkedHashMap<>();
        plan.ifPresent(text -> metadata.put(Checkpoint.PLAN_KEY, text));
        metadata.put("detinit.prune", provenance.toString());
        return metadata;
    }

    private void report(MaskTransfer transfer, long before, boolean written) throws IOException {
        if (json) {
            print(jsonOf(transfer, before, written));
        } else {
            printText(transfer, before, written);
        }
    }

    private ObjectNode jsonOf(MaskTransfer transfer, long before, boolean written) throws IOException {
        ObjectNode object = JSON.createObjectNode();
        object.put("masks", masks.toString());
        object.put("from", from.toString());
        object.put("to", to.toString());
        object.put("output", written ? output.toString() : null);
        object.put("masksOutput", written && masksOut != null ? masksOut.toString() : null);
        object.put("fill", fill);
        object.put("storage", storage);
        ArrayNode tensors = object.putArray("tensors");
        for (TransferredMask one : transfer.transferred()) {
            ObjectNode tensor = tensors.addObject();
            tensor.put("name", source(one));
            tensor.put("to", one.name());
            tensor.put("how", one.how().id());
            tensor.put("transposed", one.transposed());
            tensor.put("content", one.content().id());
            put(tensor, "correlation", one.correlation());
            tensor.put("elements", one.mask().size());
            tensor.put("kept", one.mask().kept());
        }
        ArrayNode unmatched = object.putArray("unmatched");
        for (UnmatchedMask one : transfer.unmatched()) {
            unmatched.addObject().put("name", one.name()).put("reason", one.reason());
        }
        ArrayNode warnings = object.putArray("warnings");
        transfer.warnings().forEach(warnings::add);
        ObjectNode bytes = object.putObject("bytes").put("before", before);
        if (written) {
            bytes.put("after", CheckpointBytes.of(output));
        } else {
            bytes.putNull("after");
        }
        return object;
    }

    /** The parameter that a mask was made for; several, joined by plus signs, where an exporter joined them. */
    private static String source(TransferredMask one) {
        return String.join(" + ", one.sources());
    }

    private void printText(MaskTransfer transfer, long before, boolean written) throws IOException {
        TextTable table = new TextTable("mask of", "goes to", "matched by", "content", "elements", "kept", "sparsity");
        for (TransferredMask one : transfer.transferred()) {
            table.row(
                    source(one),
                    one.name(),
                    one.how().id() + (one.transposed() ? ", transposed" : ""),
                    content(one),
                    Text.count(one.mask().size()),
                    Text.count(one.mask().kept()),
                    Text.fraction(one.mask().sparsity()));
        }
        table.print(out());
        if (written) {
            out().println();
            out().println("bytes " + Text.count(before) + " -> " + Text.count(CheckpointBytes.of(output)) + " ("
                    + storage + ")");
            out().println("wrote " + output);
            if (masksOut != null) {
                out().println("wrote " + masksOut);
            }
        }
    }

    private static String content(TransferredMask one) {
        return one.content() == Content.DIFFERS
                ? "differs, r " + Text.fraction(one.correlation())
                : one.content().id();
    }
}
