package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskOverlap;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.MaskSets;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Set algebra on mask files. */
@Command(
        name = "masks",
        description = "Combine and compare mask files of one model.",
        footer = {
            "",
            "and: what both keep; or: what one of them keeps; xor: what exactly one keeps; difference: what A keeps and B does not;",
            "not: what A prunes; overlap: how far A and B agree, beside what chance alone gives. Files of 'detinit mask', its bitmaps,",
            "and any safetensors file of U8 or BOOL tensors <name>_mask are read.",
            "Example: detinit masks and a.safetensors b.safetensors -o both.safetensors",
            "Example: detinit masks not a.safetensors -o pruned.safetensors",
            "Example: detinit masks overlap a.safetensors b.safetensors --json",
            "Example: detinit masks overlap --audit A.pt B.pt --seed 42 --threshold 1e-3"
        })
final class MasksCommand extends BaseCommand {

    /** What is done with the files. */
    enum Action {
        AND,
        OR,
        XOR,
        DIFFERENCE,
        NOT,
        OVERLAP;

        String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(index = "0", paramLabel = "OPERATION", description = "and, or, xor, difference, not or overlap.")
    Action action = Action.OVERLAP;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "FILE",
            description = "Mask files; checkpoints with --audit.")
    List<Path> files = new ArrayList<>();

    @Option(names = "-o", paramLabel = "C", description = "The mask file to write; not for overlap.")
    @Nullable
    Path output;

    @Option(names = "--bitmap", description = "Write compressed bitmaps (RoaringBitmap) to C.roaring, too.")
    boolean bitmap;

    @Option(names = "--force", description = "Replace existing files.")
    boolean force;

    @Option(
            names = "--audit",
            description = "overlap: the files are trained models; select in both with the same options, and compare.")
    boolean audit;

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Override
    public Integer call() throws IOException {
        check();
        if (action == Action.OVERLAP) {
            overlap();
        } else {
            combine(output == null ? Path.of("") : output);
        }
        return ExitCode.DONE;
    }

    private void check() {
        int wanted = action == Action.NOT ? 1 : 2;
        if (files.size() != wanted) {
            throw new UsageException("masks " + action.id() + " takes " + (wanted == 1 ? "one file" : "two files")
                    + ", found " + files.size());
        }
        if ((action == Action.OVERLAP) != (output == null)) {
            throw new UsageException(
                    output == null
                            ? "masks " + action.id() + " needs -o, the file to write"
                            : "masks overlap prints and writes no file: leave -o away");
        }
        if (audit && action != Action.OVERLAP) {
            throw new UsageException("--audit goes with overlap only; 'detinit mask' writes the masks of a model");
        }
        if (bitmap && action == Action.OVERLAP) {
            throw new UsageException("--bitmap goes with -o");
        }
        if (!audit && (select.given() || baseline.given())) {
            throw new UsageException("baseline and selection go with overlap --audit only");
        }
    }

    private void combine(Path target) throws IOException {
        MaskOutputs outputs = MaskOutputs.of(target, bitmap, force, files);
        MaskFile first = MaskFile.read(files.get(0));
        StoredMasks masks = action == Action.NOT ? not(first.stored()) : combined(first, MaskFile.read(files.get(1)));
        List<String> sources =
                files.stream().map(file -> String.valueOf(file.getFileName())).toList();
        MaskRecord record = MaskRecord.of(action.id(), sources, new Detinit.Version().getVersion()[0]);
        outputs.write(masks, record, Optional.ofNullable(first.metadata().get(Checkpoint.PLAN_KEY)));
        if (json) {
            ObjectNode object = JSON.createObjectNode().put("operation", action.id());
            files.stream().map(Path::toString).forEach(object.putArray("inputs")::add);
            MaskTexts.put(object, masks, target, outputs.bitmap());
            print(object);
        } else {
            MaskTexts.print(out(), masks, target, outputs.bitmap());
        }
    }

    private static StoredMasks not(StoredMasks masks) {
        return new StoredMasks(MaskSets.not(masks.masks()), masks.inOut(), masks.orderKnown());
    }

    /** The combination in the order of the first. */
    private StoredMasks combined(MaskFile first, MaskFile second) throws MalformedFileException {
        Map<String, Mask> left = comparable(first, second);
        Map<String, Mask> right = comparable(second, first);
        requireSameModel(left, right);
        Map<String, Mask> combined = MaskSets.combine(MaskSets.Operation.valueOf(action.name()), left, right);
        StoredMasks stored = first.stored();
        return orderOfBothIsKnown(first, second)
                ? stored.withLogical(combined)
                : new StoredMasks(combined, stored.inOut(), stored.orderKnown());
    }

    private void overlap() throws IOException {
        Map<String, Mask> left;
        Map<String, Mask> right;
        if (audit) {
            Selection selection = select.parse();
            left = audited(files.get(0), selection);
            right = audited(files.get(1), selection);
        } else {
            MaskFile first = MaskFile.read(files.get(0));
            MaskFile second = MaskFile.read(files.get(1));
            left = comparable(first, second);
            right = comparable(second, first);
        }
        requireSameModel(left, right);
        List<MaskOverlap> overlaps = MaskSets.overlap(left, right);
        if (json) {
            ObjectNode object = JSON.createObjectNode();
            object.put("a", files.get(0).toString()).put("b", files.get(1).toString());
            overlaps.stream().map(MaskTexts::json).forEach(object.putArray("tensors")::add);
            ObjectNode total = MaskTexts.json(MaskOverlap.total(overlaps));
            total.remove("name");
            object.set("total", total);
            print(object);
        } else {
            MaskTexts.print(out(), overlaps);
        }
    }

    /** The masks of a trained model, by the names that the baseline has for the parameters. */
    private Map<String, Mask> audited(Path file, Selection selection) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(file);
                ResolvedBaseline resolved = baseline.resolve(
                        checkpoint, root.threads, selection.criterion().needsInit())) {
            Map<String, Mask> masks = new LinkedHashMap<>();
            MaskCommand.select(this, resolved, checkpoint, selection)
                    .forEach((name, mask) -> masks.put(
                            resolved.baseline()
                                    .find(name)
                                    .map(Baseline.Initial::name)
                                    .orElse(name),
                            mask));
            return masks;
        }
    }

    /** In the logical order where both files say which way round they lie, else as they lie. */
    private static Map<String, Mask> comparable(MaskFile file, MaskFile other) {
        return orderOfBothIsKnown(file, other)
                ? file.stored().logical()
                : file.stored().masks();
    }

    private static boolean orderOfBothIsKnown(MaskFile first, MaskFile second) {
        return first.stored().orderKnown() && second.stored().orderKnown();
    }

    private void requireSameModel(Map<String, Mask> left, Map<String, Mask> right) throws MalformedFileException {
        Optional<MaskSets.Difference> difference = MaskSets.differenceOfModels(left, right);
        if (difference.isPresent()) {
            MaskSets.Difference found = difference.get();
            throw MalformedFileException.of(
                    files.get(1),
                    "tensor '" + found.name() + "'",
                    found.second(),
                    found.first() + " as in " + files.get(0) + "; they are masks of different models");
        }
    }
}
