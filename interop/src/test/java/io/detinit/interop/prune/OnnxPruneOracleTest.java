package io.detinit.interop.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.OraclePython;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * onnx.checker on real models, copied and pruned: what passed passes. Run by {@code mvn -Poracle}, with the environment variable
 * DETINIT_ORACLE_PYTHON naming a Python that has onnx and onnxruntime (1.23 and 1.32 when this was written).
 */
@Tag("oracle")
class OnnxPruneOracleTest {

    /** One line a model: whether it passes, whether with shape inference too, and how many sparse initializers it has. */
    private static final String CHECK = """
            import sys, onnx

            def passes(path, full):
                try:
                    onnx.checker.check_model(path, full_check=full)
                    return 'passes'
                except Exception:
                    return 'fails'

            def sparse(graph):
                count = len(graph.sparse_initializer)
                for node in graph.node:
                    for a in node.attribute:
                        for g in list(a.graphs) + ([a.g] if a.type == onnx.AttributeProto.GRAPH else []):
                            count += sparse(g)
                return count

            for path in open(sys.argv[1], encoding='utf-8').read().splitlines():
                model = onnx.load(path, load_external_data=False)
                print('model', passes(path, False), passes(path, True), sparse(model.graph), path, sep='\\t')
            """;

    /** Runs a model on eight ones, once with its own w and once with one of twos. */
    private static final String OVERRIDE = """
            import sys, numpy, onnxruntime
            onnxruntime.set_default_logger_severity(4)
            for path in sys.argv[1:]:
                session = onnxruntime.InferenceSession(path)
                x = numpy.ones((1, 8), numpy.float32)
                own = session.run(None, {'x': x})[0]
                twos = session.run(None, {'x': x, 'w': numpy.full((8, 8), 2, numpy.float32)})[0]
                print('outputs', own.tobytes().hex(), twos.tobytes().hex())
            """;

    @TempDir
    Path folder;

    private record Verdict(boolean passes, boolean passesInference, long sparse) {
        static Verdict of(String line) {
            String[] parts = line.split("\t", -1);
            return new Verdict(parts[1].equals("passes"), parts[2].equals("passes"), Long.parseLong(parts[3]));
        }
    }

    private Map<Path, Verdict> check(List<Path> models) throws IOException, InterruptedException {
        Path script = Files.writeString(folder.resolve("check.py"), CHECK);
        Path list = Files.write(
                folder.resolve("models.txt"),
                models.stream().map(Path::toString).toList());
        List<String> lines = OraclePython.run(script, list)
                .lines()
                .filter(line -> line.startsWith("model\t"))
                .toList();
        assertEquals(models.size(), lines.size());
        Map<Path, Verdict> verdicts = new HashMap<>();
        for (int k = 0; k < lines.size(); k++) {
            assertTrue(lines.get(k).endsWith("\t" + models.get(k)), lines.get(k));
            verdicts.put(models.get(k), Verdict.of(lines.get(k)));
        }
        return verdicts;
    }

    /** A model, its copies that are dense, and its copies that may have sparse initializers. */
    private record Copies(Path original, List<Path> dense, List<Path> sparse) {}

    private static Copies copies(PrunedFixture fixture) throws IOException {
        Path original = fixture.original();
        List<Path> dense = new ArrayList<>(List.of(fixture.copy(), fixture.rewritten(original, TensorStorage.DENSE)));
        List<Path> sparse = new ArrayList<>(List.of(fixture.rewritten(original, TensorStorage.SPARSE)));
        if (!fixture.prunable().isEmpty()) {
            dense.add(fixture.pruned(0.5, TensorStorage.DENSE));
            dense.add(fixture.pruned(0.9, TensorStorage.DENSE));
            sparse.add(fixture.pruned(0.9, TensorStorage.SPARSE));
        }
        return new Copies(original, dense, sparse);
    }

    @Test
    void whatPassedTheCheckerPassesItPruned() throws Exception {
        List<Copies> all = new ArrayList<>();
        List<Path> models = new ArrayList<>();
        for (PrunedFixture fixture : PrunedFixture.below(folder, "onnx", "onnx-external", "onnx-sparse")) {
            try {
                Copies copies = copies(fixture);
                all.add(copies);
                models.add(copies.original());
                models.addAll(copies.dense());
                models.addAll(copies.sparse());
            } catch (NoSuchFileException e) {
                assertTrue(fixture.original().toString().contains("onnx-external"), e.getMessage());
            }
        }
        Map<Path, Verdict> verdicts = check(models);
        int passed = 0;
        long sparse = 0;
        for (Copies copies : all) {
            Verdict before = verdicts.get(copies.original());
            for (Path copy : copies.dense()) {
                assertEquals(before.passes(), verdicts.get(copy).passes(), copy + " of " + copies.original());
                assertEquals(
                        before.passesInference(),
                        verdicts.get(copy).passesInference(),
                        copy + " of " + copies.original());
            }
            for (Path copy : copies.sparse()) {
                Verdict after = verdicts.get(copy);
                assertEquals(before.passes(), after.passes(), copy + " of " + copies.original());
                try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(copy)) {
                    assertEquals(checkpoint.sparseInitializers(), after.sparse(), copy.toString());
                }
                sparse += after.sparse();
            }
            passed += before.passes() ? 1 : 0;
        }
        assertTrue(passed >= 40, passed + " of " + all.size() + " models pass");
        assertTrue(sparse >= 150, sparse + " sparse initializers");
    }

    /** An initializer that is an input as well is its default, sparse or not. */
    @Test
    void aSparseDefaultCanBeOverridden() throws Exception {
        float[] weights = new float[64];
        weights[7] = 3;
        weights[40] = -1.5f;
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", 1, 8))
                .addInput(TestModels.value("w", 8, 8))
                .addOutput(TestModels.value("y", 1, 8))
                .addNode(TestModels.node("MatMul", "y", "x", "w"))
                .addInitializer(TestModels.raw("w", new long[] {8, 8}, weights));
        Path dense = TestModels.write(folder, graph);
        Path sparse = folder.resolve("sparse.onnx");
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(dense)) {
            TensorView w = checkpoint.find("w").orElseThrow();
            ByteBuffer bytes = ByteBuffer.wrap(TestModels.floats(weights).toByteArray());
            checkpoint.rewrite(sparse, Map.of("w", ArrayTensor.of(w.info(), bytes)), Map.of(), TensorStorage.SPARSE);
        }
        Path script = Files.writeString(folder.resolve("override.py"), OVERRIDE);
        List<String> lines = OraclePython.run(script, dense, sparse)
                .lines()
                .filter(line -> line.startsWith("outputs"))
                .toList();
        assertEquals(2, lines.size());
        assertEquals(lines.get(0), lines.get(1));
        String[] outputs = lines.get(0).split(" ", -1);
        assertFalse(outputs[1].equals(outputs[2]));
    }
}
