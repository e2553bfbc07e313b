package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.ToolVersion;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaOptions;
import io.detinit.interop.delta.DeltaPacker;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.mask.Candidates;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.NameFilter;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one machine packs of a file of a set, and unpacks again.
 *
 * @param plan of the whole set
 * @param values how wide kept values are
 * @param record how the masks were made; empty for none
 * @param masks those of the whole set
 */
record AloneDelta(Plan plan, ValueType values, Optional<String> record, Optional<Map<String, Mask>> masks) {

    /** Packs without a selection. */
    static AloneDelta exact(Plan plan) {
        return new AloneDelta(plan, ValueType.FILE, Optional.empty(), Optional.empty());
    }

    /** Packs what is left of a model by {@code --sparsity}. */
    static AloneDelta sparse(Path file, Plan plan, double sparsity, ValueType values) throws IOException {
        Selection selection = new Selection(
                Criterion.MOVEMENT,
                new Selection.Sparsity(sparsity),
                Selection.Scope.GLOBAL,
                new Candidates(new NameFilter(List.of(), List.of()), false, false, false),
                0);
        try (Checkpoint checkpoint = Samples.open(file)) {
            Baseline baseline = Baseline.of(plan, checkpoint);
            Selected selected = new Selector(baseline, 2).selectWithCut(checkpoint.tensors(), selection, done -> {});
            ObjectNode fields =
                    MaskRecord.of(selection, selected, baseline, "", "").fields();
            fields.remove("source");
            fields.remove("tool");
            Map<String, Mask> masks = StoredMasks.of(selected.masks(), baseline).masks();
            return new AloneDelta(plan, values, Optional.of(fields.toString()), Optional.of(masks));
        }
    }

    /** The delta of a file, with the plan of the file's own tensors. */
    void assertPacked(Path file, Path delta) throws IOException {
        Path alone = delta.resolveSibling("alone-" + delta.getFileName());
        try (Checkpoint shard = Samples.open(file)) {
            Map<String, String> names = new LinkedHashMap<>();
            Map<String, StoredOrder> orders = new HashMap<>();
            Map<String, Mask> own = new LinkedHashMap<>();
            for (TensorView tensor : shard.tensors()) {
                String name = tensor.info().name();
                plan.find(name).ifPresent(entry -> {
                    names.put(name, name);
                    orders.put(name, entry.stored());
                });
                masks.map(all -> all.get(name)).ifPresent(mask -> own.put(name, mask));
            }
            Plan part = plan.forFile(names, orders);
            DeltaPacker packer = new DeltaPacker(new DeltaOptions(values, 2, ToolVersion.name(), record));
            if (masks.isPresent()) {
                packer.pack(shard, part, own, alone, done -> {});
            } else {
                packer.pack(shard, part, alone, done -> {});
            }
        }
        assertArrayEquals(Files.readAllBytes(alone), Files.readAllBytes(delta), delta.toString());
        Files.delete(alone);
    }

    /** What one machine unpacks of a delta under the name of a file, the same bytes. */
    static void assertUnpacked(Path delta, Path file) throws IOException {
        Path alone = file.resolveSibling("alone-" + file.getFileName());
        try (DeltaFile open = DeltaFile.open(delta)) {
            DeltaUnpacker.unpack(open, DeltaUnpacker.containerFor(open, file), alone, TorchFile::open);
        }
        assertArrayEquals(Files.readAllBytes(alone), Files.readAllBytes(file), file.toString());
        Files.delete(alone);
    }

    /** The same tensors with the same bits, tied in the same way, and the same text. */
    static void assertSameTensors(Path expected, Path found) throws IOException {
        try (Checkpoint a = Samples.open(expected);
                Checkpoint b = Samples.open(found)) {
            assertEquals(a.format(), b.format());
            assertEquals(a.metadata(), b.metadata());
            assertEquals(a.tied(), b.tied());
            assertEquals(a.tensors().size(), b.tensors().size());
            for (TensorView tensor : a.tensors()) {
                TensorView other = b.find(tensor.info().name()).orElseThrow();
                assertEquals(tensor.info(), other.info());
                assertArrayEquals(bytes(tensor), bytes(other), tensor.info().name());
            }
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, bytes);
        return bytes.array();
    }
}
