package io.detinit.interop.regenerate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.OraclePython;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models that compute their initial weights, in onnx.checker and in another ONNX Runtime. Run by {@code mvn -Poracle}, with the
 * environment variable DETINIT_ORACLE_PYTHON naming a Python that has onnx and onnxruntime (1.23 and 1.32 when this was written).
 */
@Tag("oracle")
class RegenerateOracleTest {

    private static final String COMPARE = """
            import sys, onnx, onnxruntime as ort

            onnx.checker.check_model(sys.argv[2], full_check=True)
            level = ort.GraphOptimizationLevel
            for chosen in (level.ORT_DISABLE_ALL, level.ORT_ENABLE_BASIC, level.ORT_ENABLE_EXTENDED, level.ORT_ENABLE_ALL):
                options = ort.SessionOptions()
                options.graph_optimization_level = chosen
                options.log_severity_level = 4
                outputs = []
                for path in sys.argv[1:3]:
                    session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
                    values = session.run_with_ort_values(None, {})
                    outputs.append([value.numpy().tobytes() for value in values])
                print('level', outputs[0] == outputs[1], len(outputs[0]))
            """;

    @TempDir
    Path folder;

    @Test
    void theCheckerPassesAndEveryLevelGivesTheSameBits() throws Exception {
        InitPlan plan = new InitPlan(
                11,
                List.of(
                        new PlannedTensor("matrix", TensorShape.of(300, 784), 0, Scheme.HE),
                        new PlannedTensor("turned", TensorShape.of(128, 256), 1, Scheme.XAVIER, StoredOrder.IN_OUT),
                        new PlannedTensor("conv", TensorShape.of(32, 16, 3, 3), 2, Scheme.HE_UNIFORM),
                        new PlannedTensor("signed", TensorShape.of(64, 64), 3, Scheme.SIGNED_CONSTANT)));
        RegeneratedModels models = new RegeneratedModels(folder, plan);
        Path script = Files.writeString(folder.resolve("compare.py"), COMPARE);
        for (DType dtype : List.of(DType.F32, DType.F16)) {
            for (double sparsity : new double[] {0.5, 0.9, 1}) {
                OnnxMl.ModelProto.Builder proto = models.model(dtype);
                Path model = models.write("model.onnx", proto);
                Path dense = folder.resolve("dense.onnx");
                Path regenerated = folder.resolve("regenerated.onnx");
                models.prune(model, dense, sparsity, TensorStorage.DENSE);
                models.prune(model, regenerated, sparsity, TensorStorage.REGENERATE);
                List<String> levels = OraclePython.run(script, dense, regenerated)
                        .lines()
                        .filter(line -> line.startsWith("level"))
                        .toList();
                assertEquals(
                        List.of("level True 4", "level True 4", "level True 4", "level True 4"),
                        levels,
                        dtype + " " + sparsity);
            }
        }
    }

    @Test
    void theTableOfOperatorsIsWhatTheSchemasGive() throws Exception {
        Path table = folder.resolve("operators.txt");
        OraclePython.run(Path.of("src/test/python/operator_versions.py"), table);
        assertEquals(shipped(), Files.readString(table));
    }

    private static String shipped() throws IOException {
        try (var in = Objects.requireNonNull(OperatorVersions.class.getResourceAsStream("operators.txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
