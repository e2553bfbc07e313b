package io.detinit.interop.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.parameter.ParameterMatcher.By;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.models.ParameterNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is loaded where, and what is said of the rest. */
class StateDictTest {

    @TempDir
    Path folder;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Map<String, Parameter> mlp(int... widths) {
        return ParameterNames.of(LoadedBlocks.initialised(LoadedBlocks.mlp(widths), manager, new Shape(1, 6)));
    }

    /** Names and shapes; the elements are different everywhere. */
    private Path file(String name, Object... namesAndShapes) throws IOException {
        List<ArrayTensor> tensors = new ArrayList<>();
        float next = 1;
        for (int k = 0; k < namesAndShapes.length; k += 2) {
            TensorShape shape = TensorShape.of((long[]) namesAndShapes[k + 1]);
            float[] values = new float[(int) shape.elements()];
            for (int e = 0; e < values.length; e++) {
                values[e] = next++;
            }
            tensors.add(ArrayTensor.of((String) namesAndShapes[k], shape, values));
        }
        Path path = folder.resolve(name);
        SafetensorsWriter.write(path, tensors, Map.of());
        return path;
    }

    private static long[] s(long... dims) {
        return dims;
    }

    private static Map<String, String> origins(LoadReport report) {
        Map<String, String> origins = new LinkedHashMap<>();
        report.loaded().forEach(one -> origins.put(one.target().name(), one.tensor()));
        return origins;
    }

    private static float first(Map<String, Parameter> parameters, String name) {
        Parameter parameter = parameters.get(name);
        return parameter == null ? Float.NaN : parameter.getArray().toFloatArray()[0];
    }

    @Test
    void namesOfEverySortAreFound() throws IOException {
        Map<String, String> expected = new LinkedHashMap<>();
        Map<String, Parameter> parameters = mlp(4, 4, 4);
        List<String> names = List.copyOf(parameters.keySet());
        for (List<String> given : List.of(
                names,
                names.stream().map(name -> "module." + name).toList(),
                names.stream().map(name -> "state_dict._orig_mod." + name).toList(),
                names.stream().map(name -> "net.body." + name).toList(),
                List.of("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"))) {
            List<Object> content = new ArrayList<>();
            for (int k = 0; k < given.size(); k++) {
                content.add(given.get(k));
                content.add(parameters.get(names.get(k)).getArray().getShape().getShape());
                expected.put(names.get(k), given.get(k));
            }
            Path path = file("named.safetensors", content.toArray());
            try (StateDict weights = StateDict.open(path)) {
                LoadReport report = weights.into(parameters);
                assertEquals(expected, origins(report));
                assertTrue(report.complete());
                assertTrue(report.summary().startsWith(path + ": 6 of 6 parameters ("), report.summary());
            }
            float next = 1;
            for (String name : names) {
                assertEquals(next, first(parameters, name));
                next += parameters.get(name).getArray().size();
            }
        }
    }

    @Test
    void theOrderDoesNotMixWhatNamesTellApart() throws IOException {
        // biases first, scales last: by shape and order alone gamma would get the bias
        Block block = new SequentialBlock()
                .add(LoadedBlocks.linear(6))
                .add(LayerNorm.builder().axis(1).build())
                .add(LayerNorm.builder().axis(1).build());
        Map<String, Parameter> parameters =
                ParameterNames.of(LoadedBlocks.initialised(block, manager, new Shape(1, 6)));
        Path path = file(
                "norms.safetensors",
                "a.bias",
                s(6),
                "b.bias",
                s(6),
                "c.bias",
                s(6),
                "a.weight",
                s(6, 6),
                "b.weight",
                s(6),
                "c.weight",
                s(6));
        try (StateDict weights = StateDict.open(path)) {
            LoadReport report = weights.into(parameters);
            assertEquals(
                    Map.of(
                            "fc1.weight", "a.weight",
                            "fc1.bias", "a.bias",
                            "ln1.gamma", "b.weight",
                            "ln1.beta", "b.bias",
                            "ln2.gamma", "c.weight",
                            "ln2.beta", "c.bias"),
                    origins(report));
            assertEquals(By.MODULE, report.loaded().get(1).by());
            assertEquals(By.PLACE, report.loaded().get(2).by());
        }
        Path wrong = file("wrong.safetensors", "x.query.weight", s(6, 6), "x.query.bias", s(6));
        Block keys = new SequentialBlock().add(LoadedBlocks.linear(6));
        Map<String, Parameter> renamed = new LinkedHashMap<>();
        ParameterNames.of(LoadedBlocks.initialised(keys, manager, new Shape(1, 6)))
                .forEach((name, parameter) -> renamed.put("y.key." + name.substring(4), parameter));
        try (StateDict weights = StateDict.open(wrong)) {
            LoadReport report = weights.match(renamed);
            assertTrue(report.loaded().stream().noneMatch(one -> one.by() == By.PLACE), report.text());
        }
    }

    /** PyTorch's encoder layers list their norms last, DJL's blocks each where it runs; all biases have one shape. */
    @Test
    void aBiasGoesWhereItsWeightDoes() throws IOException {
        Block block = new SequentialBlock()
                .add(LayerNorm.builder().axis(1).build())
                .add(LoadedBlocks.linear(6))
                .add(LayerNorm.builder().axis(1).build())
                .add(LoadedBlocks.linear(6));
        Map<String, Parameter> parameters =
                ParameterNames.of(LoadedBlocks.initialised(block, manager, new Shape(1, 6)));
        List<Object> content = new ArrayList<>();
        for (String module : List.of("linear1", "linear2", "norm1", "norm2")) {
            content.addAll(List.of(module + ".weight", module.startsWith("n") ? s(6) : s(6, 6)));
            content.addAll(List.of(module + ".bias", s(6)));
        }
        Path path = file("encoder.safetensors", content.toArray());
        try (StateDict weights = StateDict.open(path)) {
            LoadReport report = weights.into(parameters);
            assertEquals(
                    Map.of(
                            "ln1.gamma", "norm1.weight",
                            "ln1.beta", "norm1.bias",
                            "fc1.weight", "linear1.weight",
                            "fc1.bias", "linear1.bias",
                            "ln2.gamma", "norm2.weight",
                            "ln2.beta", "norm2.bias",
                            "fc2.weight", "linear2.weight",
                            "fc2.bias", "linear2.bias"),
                    origins(report));
            assertEquals(path + ": 8 of 8 parameters (4 by module, 4 by place)", report.summary());
            // what the name map says of a weight holds for its bias
            LoadReport mapped = weights.withNames(Map.of("norm2.weight", "ln1.gamma", "linear2.weight", "fc1.weight"))
                    .match(parameters);
            assertEquals("norm2.bias", origins(mapped).get("ln1.beta"));
            assertEquals("linear2.bias", origins(mapped).get("fc1.bias"));
            assertEquals("linear1.bias", origins(mapped).get("fc2.bias"));
        }
    }

    @Test
    void runningStatisticsFollowTheirNorm() throws IOException {
        Block block = new SequentialBlock()
                .add(BatchNorm.builder().build())
                .add(BatchNorm.builder().build());
        Map<String, Parameter> parameters =
                ParameterNames.of(LoadedBlocks.initialised(block, manager, new Shape(2, 3)));
        List<Object> content = new ArrayList<>();
        for (String module : List.of("a", "b")) {
            for (String own : List.of("weight", "bias", "running_mean", "running_var")) {
                content.addAll(List.of(module + "." + own, s(3)));
            }
        }
        try (StateDict weights = StateDict.open(file("norms.safetensors", content.toArray()))) {
            LoadReport report =
                    weights.withNames(Map.of("b.weight", "bn1.gamma")).match(parameters);
            assertTrue(report.complete(), report.text());
            assertEquals("b.bias", origins(report).get("bn1.beta"));
            assertEquals("b.running_mean", origins(report).get("bn1.runningMean"));
            assertEquals("a.running_var", origins(report).get("bn2.runningVar"));
        }
    }

    @Test
    void aScalarIsAVectorOfOneElement() throws IOException {
        Path vector = file("vector.safetensors", "act.weight", s(1));
        Path scalar = file("scalar.safetensors", "act.weight", s());
        for (Path path : List.of(vector, scalar)) {
            for (TensorShape shape : List.of(TensorShape.of(), TensorShape.of(1))) {
                for (String name : List.of("prelu1.alpha", "act.weight")) {
                    try (StateDict weights = StateDict.open(path)) {
                        LoadReport report = weights.match(List.of(LoadTarget.of(name, shape, false)));
                        assertTrue(report.complete(), report.text());
                        assertEquals(
                                shape, report.loaded().get(0).values().info().shape());
                        assertArrayEquals(
                                new float[] {1},
                                StateDict.floats(report.loaded().get(0).values()));
                    }
                }
            }
        }
    }

    @Test
    void runningStatisticsGoWithTheirKind() throws IOException {
        Block block = new SequentialBlock()
                .add(LoadedBlocks.linear(5))
                .add(BatchNorm.builder().build());
        Map<String, Parameter> parameters =
                ParameterNames.of(LoadedBlocks.initialised(block, manager, new Shape(2, 6)));
        List<ArrayTensor> tensors = new ArrayList<>();
        tensors.add(ArrayTensor.of("0.weight", TensorShape.of(5, 6), new float[30]));
        for (String name : List.of("0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var")) {
            tensors.add(ArrayTensor.of(name, TensorShape.of(5), new float[] {tensors.size(), 0, 0, 0, 0}));
        }
        TensorInfo counter =
                new TensorInfo("1.num_batches_tracked", DType.I64, TensorShape.of(), TensorInfo.Kind.BUFFER);
        tensors.add(ArrayTensor.of(counter, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)));
        Path path = folder.resolve("bn.safetensors");
        SafetensorsWriter.write(path, tensors, Map.of());
        try (StateDict weights = StateDict.open(path)) {
            LoadReport report = weights.into(parameters);
            assertEquals(List.of("1.num_batches_tracked"), report.ignored());
            assertEquals(
                    List.of(1f, 2f, 3f, 4f, 5f),
                    List.of(
                            first(parameters, "fc1.bias"),
                            first(parameters, "bn1.gamma"),
                            first(parameters, "bn1.beta"),
                            first(parameters, "bn1.runningMean"),
                            first(parameters, "bn1.runningVar")));
        }
    }

    @Test
    void whatDoesNotMatchIsReportedAndTheRestLoaded() throws IOException {
        Map<String, Parameter> parameters = mlp(4, 3);
        float before = first(parameters, "fc2.bias");
        Path path = file(
                "other.safetensors",
                "fc1.weight",
                s(4, 6),
                "fc1.bias",
                s(4),
                "fc2.weight",
                s(7, 4),
                "head.weight",
                s(2, 2));
        try (StateDict weights = StateDict.open(path)) {
            MalformedFileException refused = assertThrows(MalformedFileException.class, () -> weights.into(parameters));
            assertEquals(
                    path + ": tensor 'fc2.weight': found the shape [7, 4], expected 'fc2.weight' "
                            + "[3, 4] of the model",
                    refused.getMessage());
            assertFalse(first(parameters, "fc1.weight") == 1f, "nothing was loaded");
            LoadReport report = weights.intoMatching(parameters);
            assertEquals(
                    List.of("fc1.weight", "fc1.bias"),
                    List.copyOf(origins(report).keySet()));
            assertEquals("fc2.bias", report.missing().get(0).name());
            assertEquals("head.weight", report.unexpected().get(0).name());
            assertEquals(path + """
                    : 2 of 4 parameters (2 by name), 1 missing, 1 of another form, 1 unexpected
                      fc1.weight [4, 6] <- fc1.weight, by name
                      fc1.bias [4] <- fc1.bias, by name
                      missing: fc2.bias [3]
                      of another form: fc2.weight [3, 4] <- fc2.weight [7, 4]: the shapes differ
                      unexpected: head.weight F32 [2, 2]
                    """, report.text());
            assertEquals(1f, first(parameters, "fc1.weight"));
            assertEquals(before, first(parameters, "fc2.bias"));
        }
        Path missing = file("missing.safetensors", "fc1.weight", s(4, 6), "fc1.bias", s(4), "fc2.weight", s(3, 4));
        try (StateDict weights = StateDict.open(missing)) {
            String message = String.valueOf(assertThrows(MalformedFileException.class, () -> weights.into(parameters))
                    .getMessage());
            assertTrue(message.endsWith("tensors: found no more, expected 'fc2.bias' [3] of the model"), message);
        }
        Path foreign = file("foreign.safetensors", "emb.weight", s(100, 2));
        try (StateDict weights = StateDict.open(foreign)) {
            assertThrows(MalformedFileException.class, () -> weights.intoMatching(parameters));
        }
    }

    @Test
    void theNameMapComesFirst() throws IOException {
        Map<String, Parameter> parameters = mlp(6, 6);
        Path path = file("map.safetensors", "b.w", s(6, 6), "b.c", s(6), "a.w", s(6, 6), "a.c", s(6));
        try (StateDict weights = StateDict.open(path)) {
            Map<String, String> map = Map.of("a.w", "fc1.weight", "a.c", "fc1.bias");
            LoadReport report = weights.withNames(map).into(parameters);
            assertEquals(
                    Map.of("fc1.weight", "a.w", "fc1.bias", "a.c", "fc2.weight", "b.w", "fc2.bias", "b.c"),
                    origins(report));
            assertEquals("name map", report.loaded().get(0).how());
            assertEquals(43f, first(parameters, "fc1.weight"));
            LoadReport shape = weights.withNames(Map.of("a.w", "fc1.bias")).match(parameters);
            assertEquals("fc1.bias", shape.mismatched().get(0).target().name());
            for (Map<String, String> wrong : List.of(Map.of("nowhere", "fc1.weight"), Map.of("a.w", "fc9.weight"))) {
                String message = String.valueOf(assertThrows(
                                IllegalArgumentException.class,
                                () -> weights.withNames(wrong).match(parameters))
                        .getMessage());
                assertTrue(message.startsWith("the name map "), message);
            }
        }
    }

    @Test
    void valuesAreConvertedToTheTypeOfTheParameter() throws IOException {
        ByteBuffer doubles = ByteBuffer.allocate(24 * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < 24; k++) {
            doubles.putDouble(1.0 / (k + 3));
        }
        doubles.flip();
        TensorInfo info = new TensorInfo("fc1.weight", DType.F64, TensorShape.of(4, 6), TensorInfo.Kind.PARAMETER);
        Path path = folder.resolve("f64.safetensors");
        SafetensorsWriter.write(path, List.of(ArrayTensor.of(info, doubles)), Map.of());
        for (DataType type : List.of(DataType.FLOAT64, DataType.FLOAT32, DataType.FLOAT16)) {
            Block block =
                    ai.djl.nn.core.Linear.builder().setUnits(4).optBias(false).build();
            block.initialize(manager, type, new Shape(1, 6));
            Map<String, Parameter> parameters =
                    Map.of("fc1.weight", block.getParameters().get(0).getValue());
            try (StateDict weights = StateDict.open(path)) {
                weights.into(parameters);
            }
            double[] found = parameters
                    .get("fc1.weight")
                    .getArray()
                    .toType(DataType.FLOAT64, true)
                    .toDoubleArray();
            for (int k = 0; k < found.length; k++) {
                double exact = 1.0 / (k + 3);
                double expected = type == DataType.FLOAT64 ? exact : (float) exact;
                assertEquals(expected, found[k], type == DataType.FLOAT16 ? 1e-3 * exact : 0);
            }
        }
    }

    @Test
    void aBlockMustBeInitialised() throws IOException {
        Path path = file("any.safetensors", "fc1.weight", s(4, 6));
        try (StateDict weights = StateDict.open(path)) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class, () -> weights.into(ParameterNames.of(LoadedBlocks.mlp(4))));
            assertTrue(
                    String.valueOf(refused.getMessage()).contains("'fc1.weight' is not initialised"),
                    refused.getMessage());
        }
    }

    @Test
    void fusedProjectionsAreSplit() throws IOException {
        Path path = file(
                "attention.safetensors",
                "self_attn.in_proj_weight",
                s(6, 2),
                "self_attn.in_proj_bias",
                s(6),
                "self_attn.out_proj.weight",
                s(2, 2),
                "self_attn.out_proj.bias",
                s(2));
        List<LoadTarget> targets = new ArrayList<>();
        for (String part : List.of("key", "query", "value", "result")) {
            targets.add(LoadTarget.of("attention1." + part + ".weight", TensorShape.of(2, 2), false));
            targets.add(LoadTarget.of("attention1." + part + ".bias", TensorShape.of(2), false));
        }
        try (StateDict weights = StateDict.open(path)) {
            LoadReport report = weights.match(targets);
            assertTrue(report.complete(), report.text());
            assertEquals("self_attn.in_proj_weight[2:4]", origins(report).get("attention1.key.weight"));
            assertArrayEquals(
                    new float[] {1, 2, 3, 4},
                    StateDict.floats(report.loaded().get(2).values()));
            assertArrayEquals(
                    new float[] {17, 18},
                    StateDict.floats(report.loaded().get(5).values()));
        }
    }
}
