package io.detinit.interop.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.SharedFiles;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A model of other people's, and copies of it: unpruned, and pruned by magnitude. */
record PrunedFixture(Path original, Path folder) {

    /** The models below some folders of the fixtures, sorted, each with a folder of its own for its copies. */
    static List<PrunedFixture> below(Path work, String... folders) throws IOException {
        Stream.Builder<Path> all = Stream.builder();
        for (String folder : folders) {
            try (Stream<Path> found = Files.walk(SharedFiles.path("fixtures/" + folder))) {
                found.filter(file -> file.toString().endsWith(".onnx")).sorted().forEach(all);
            }
        }
        List<Path> files = all.build().toList();
        Map<Path, PrunedFixture> fixtures = new LinkedHashMap<>();
        for (Path file : files) {
            Path own = Files.createDirectory(work.resolve("copies" + fixtures.size()));
            fixtures.put(file, new PrunedFixture(file, own));
        }
        return List.copyOf(fixtures.values());
    }

    /** Folder and name. */
    String name() {
        return original.getParent().getFileName() + "/" + original.getFileName();
    }

    /** A copy in which nothing is replaced. */
    Path copy() throws IOException {
        Path target = folder.resolve("copy.onnx");
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(original)) {
            checkpoint.rewrite(target, Map.of(), Map.of());
        }
        return target;
    }

    /** A copy of a model in which every tensor is replaced by itself. */
    Path rewritten(Path model, TensorStorage storage) throws IOException {
        Path target = folder.resolve("rewritten-" + storage.id() + "-" + model.getFileName());
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            Map<String, TensorView> all = new HashMap<>();
            checkpoint.tensors().forEach(tensor -> all.put(tensor.info().name(), tensor));
            checkpoint.rewrite(target, all, Map.of("detinit.note", "rewritten"), storage);
        }
        return target;
    }

    /** The names of what pruning by magnitude may prune. */
    List<String> prunable() throws IOException {
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(original)) {
            return checkpoint.tensors().stream()
                    .map(TensorView::info)
                    .filter(info -> info.kind() == TensorInfo.Kind.PARAMETER)
                    .filter(info -> info.dtype().isFloating() && info.shape().rank() >= 2)
                    .map(TensorInfo::name)
                    .filter(name -> !checkpoint.tied().containsKey(name))
                    .toList();
        }
    }

    /** A copy with the smallest weights zero. */
    Path pruned(double sparsity, TensorStorage storage) throws IOException {
        Path target = folder.resolve("pruned-" + Math.round(100 * sparsity) + "-" + storage.id() + ".onnx");
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(original)) {
            Selection selection =
                    new Selection(Criterion.MAGNITUDE, new Selection.Sparsity(sparsity), Selection.Scope.GLOBAL);
            PruneReport report = new Pruner(Baseline.none(checkpoint), 2)
                    .prune(
                            checkpoint,
                            selection,
                            Fill.ZERO,
                            new Destination(target, Map.of("detinit.prune", "{}"), storage));
            assertEquals(
                    prunable(),
                    report.tensors().stream().map(PruneReport.PrunedEntry::name).toList());
            assertEquals(Math.round(sparsity * report.prunable()), report.prunable() - report.kept(), name());
        }
        return target;
    }

    /** Exactly the smallest weights are zero, as a sort of all of them says; every other bit of the model's tensors is as it was. */
    void check(Path pruned, double sparsity) throws IOException {
        try (OnnxCheckpoint before = OnnxCheckpoint.open(original);
                OnnxCheckpoint after = OnnxCheckpoint.open(pruned)) {
            assertEquals("{}", after.metadata().get("detinit.prune"));
            assertEquals(names(before), names(after), name());
            List<String> prunable = prunable();
            float[][] weights = new float[prunable.size()][];
            float[][] kept = new float[prunable.size()][];
            int total = 0;
            for (TensorView tensor : before.tensors()) {
                String tensorName = tensor.info().name();
                TensorView now = after.find(tensorName).orElseThrow();
                assertEquals(tensor.info(), now.info(), name());
                int number = prunable.indexOf(before.tied().getOrDefault(tensorName, tensorName));
                if (number < 0) {
                    assertEquals(-1, bytes(tensor).mismatch(bytes(now)), name() + " " + tensorName);
                } else if (weights[number] == null) {
                    weights[number] = floats(tensor);
                    kept[number] = floats(now);
                    total += weights[number].length;
                }
            }
            check(weights, kept, total, (int) Math.round(sparsity * total));
        }
    }

    private void check(float[][] weights, float[][] kept, int total, int pruned) {
        float[] sorted = new float[total];
        int at = 0;
        for (float[] one : weights) {
            for (float w : one) {
                sorted[at++] = Math.abs(w);
            }
        }
        Arrays.sort(sorted);
        float limit = sorted[pruned - 1];
        int zeroed = 0;
        for (int t = 0; t < weights.length; t++) {
            for (int k = 0; k < weights[t].length; k++) {
                float size = Math.abs(weights[t][k]);
                boolean same = Float.floatToRawIntBits(weights[t][k]) == Float.floatToRawIntBits(kept[t][k]);
                boolean zero = Float.floatToRawIntBits(kept[t][k]) == 0;
                assertTrue(size < limit ? zero : size > limit ? same : same || zero, name());
                zeroed += limit > 0 && size <= limit && zero ? 1 : 0;
            }
        }
        assertTrue(limit == 0 || zeroed == pruned, name() + ": " + zeroed + " of " + pruned);
    }

    private static List<String> names(OnnxCheckpoint checkpoint) {
        return checkpoint.tensors().stream().map(tensor -> tensor.info().name()).toList();
    }

    private static ByteBuffer bytes(TensorView tensor) throws IOException {
        return tensor.view(0, Math.toIntExact(tensor.info().bytes()));
    }

    private static float[] floats(TensorView tensor) throws IOException {
        float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }
}
