package io.detinit.interop.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import io.detinit.generator.TensorShape;
import io.detinit.interop.OraclePython;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * onnx.checker with shape inference on what is written here. Run by {@code mvn -Poracle}, with the environment variable
 * DETINIT_ORACLE_PYTHON naming a Python that has onnx (1.23 when this was written).
 */
@Tag("oracle")
class OnnxOracleTest {

    private static final String CHECK = """
            import sys, onnx, onnx.numpy_helper
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
            for output in inferred.graph.output:
                print(output.name, [d.dim_param or d.dim_value for d in output.type.tensor_type.shape.dim])
            for tensor in model.graph.initializer:
                a = onnx.numpy_helper.to_array(tensor)
                print(tensor.name, list(a.shape), a.dtype, a.tobytes()[:8].hex())
            for p in model.metadata_props:
                print(p.key, p.value)
            """;

    @TempDir
    Path folder;

    private static List<String> check(Path model) throws IOException, InterruptedException {
        return OraclePython.lines(CHECK, model);
    }

    @Test
    void anExportedAndARewrittenModelPassTheChecker() throws Exception {
        Path exported = folder.resolve("exported.onnx");
        try (NDManager manager = NDManager.newBaseManager()) {
            Block block = TestBlocks.initialised(
                    new SequentialBlock()
                            .add(TestBlocks.mlp())
                            .add(Activation.leakyReluBlock(0.1f))
                            .add(Activation.softPlusBlock())
                            .add(Activation.softSignBlock())
                            .add(Activation.sigmoidBlock())
                            .add(LambdaBlock.singleton(x -> x.softmax(-1), "softmax")),
                    manager,
                    DataType.FLOAT32,
                    1,
                    4,
                    4);
            OnnxExporter.write(
                    exported, block, new Shape(1, 4, 4), TestBlocks.names(block), Map.of(Checkpoint.PLAN_KEY, "{}"));
        }
        List<String> lines = check(exported);
        assertEquals("output ['N', 3]", lines.get(0));
        assertEquals(
                List.of("fc1.weight", "[7,", "16]", "float32"),
                List.of(lines.get(1).split(" ")).subList(0, 4));
        assertEquals("detinit.plan {}", lines.get(lines.size() - 1));

        Path rewritten = folder.resolve("rewritten.onnx");
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(exported)) {
            TensorView bias = ArrayTensor.of("fc3.bias", TensorShape.of(3), new float[] {1, -2, 3});
            checkpoint.rewrite(rewritten, Map.of("fc3.bias", bias), Map.of(Checkpoint.PLAN_KEY, "{\"seed\":1}"));
        }
        List<String> again = check(rewritten);
        assertEquals(lines.size(), again.size());
        assertEquals("detinit.plan {\"seed\":1}", again.get(again.size() - 1));
        assertEquals("fc3.bias [3] float32 0000803f000000c0", again.get(5));
        assertEquals(lines.subList(0, 5), again.subList(0, 5));
    }

    /** Every initializer of real models written anew as raw_data: what passed before passes after, with the same elements. */
    @Test
    void rewrittenRealModelsHaveTheSameElements() throws Exception {
        Path root = TestModels.fixtures().map(f -> f.resolve("onnx")).orElse(Path.of("none"));
        assumeTrue(Files.isDirectory(root), "no fixtures");
        Path copy = folder.resolve("copy.onnx");
        int compared = 0;
        try (Stream<Path> files = Files.list(root)) {
            for (Path file : files.filter(f -> f.toString().matches(".*(burn-|cntk|matmul|gs-lstm|Linear|fuse).*"))
                    .toList()) {
                List<String> before;
                try {
                    before = check(file);
                } catch (AssertionError e) {
                    continue; // the checker refuses the original
                }
                try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                    Map<String, TensorView> all = new HashMap<>();
                    checkpoint.tensors().forEach(t -> all.put(t.info().name(), t));
                    checkpoint.rewrite(copy, all, Map.of());
                }
                assertEquals(before, check(copy), file.toString());
                compared++;
            }
        }
        assertTrue(compared >= 8, compared + " models");
    }
}
