package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Replaced initializers that become sparse ones, and those that do not. */
class OnnxSparseWriteTest {

    @TempDir
    Path folder;

    /** 8 x 8 with the last of every so many elements not zero. */
    private static float[] every(int step) {
        float[] values = new float[64];
        for (int k = step - 1; k < 64; k += step) {
            values[k] = k + 0.5f;
        }
        return values;
    }

    private static OnnxMl.GraphProto.Builder product(String weight) {
        return OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 8))
                .addOutput(TestModels.value("y", -1, 8))
                .addNode(TestModels.node("MatMul", "y", "x", weight));
    }

    private static OnnxMl.TensorProto.Builder full(String name) {
        return TestModels.raw(name, new long[] {8, 8}, every(1));
    }

    private Path rewrite(Path file, Map<String, float[]> values, TensorStorage storage) throws IOException {
        Path copy = folder.resolve(storage.id() + ".onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            Map<String, TensorView> replacements = new HashMap<>();
            values.forEach((name, now) -> replacements.put(
                    name,
                    ArrayTensor.of(
                            c.find(name).orElseThrow().info(),
                            ByteBuffer.wrap(TestModels.floats(now).toByteArray()))));
            c.rewrite(copy, replacements, Map.of(), storage);
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            for (Map.Entry<String, float[]> entry : values.entrySet()) {
                assertArrayEquals(entry.getValue(), floats(c, entry.getKey()));
            }
            assertEquals(List.of(), c.warnings());
        }
        return copy;
    }

    private Path sparse(Path file, Map<String, float[]> values) throws IOException {
        return rewrite(file, values, TensorStorage.SPARSE);
    }

    private static float[] floats(OnnxCheckpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        float[] values = new float[(int) tensor.info().shape().elements()];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private static OnnxMl.ModelProto model(Path file) throws IOException {
        return OnnxMl.ModelProto.parseFrom(Files.readAllBytes(file));
    }

    private static long count(Path file) throws IOException {
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            return c.sparseInitializers();
        }
    }

    private static OrtSession.SessionOptions quiet(OrtSession.SessionOptions options) throws OrtException {
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        options.setIntraOpNumThreads(1);
        return options;
    }

    /** The bytes of the first output for given inputs. */
    private static ByteBuffer run(Path file, Map<String, float[]> inputs) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> tensors = new HashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
                OrtSession session = environment.createSession(file.toString(), quiet(options))) {
            for (Map.Entry<String, float[]> input : inputs.entrySet()) {
                Object value = input.getValue();
                if (input.getKey().equals("c")) {
                    value = input.getValue()[0] != 0;
                } else {
                    float[][] rows = new float[input.getValue().length / 8][];
                    for (int row = 0; row < rows.length; row++) {
                        rows[row] = java.util.Arrays.copyOfRange(input.getValue(), 8 * row, 8 * row + 8);
                    }
                    value = rows;
                }
                tensors.put(input.getKey(), OnnxTensor.createTensor(environment, value));
            }
            try (OrtSession.Result result = session.run(tensors)) {
                ByteBuffer bytes = ((OnnxTensor) result.get(0)).getByteBuffer();
                return ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
            }
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    private static void runsTheSame(Path first, Path second) throws OrtException {
        assertEquals(run(first, Map.of("x", every(3))), run(second, Map.of("x", every(3))));
    }

    private static long[] longs(ByteString bytes) {
        long[] values = new long[bytes.size() / 8];
        bytes.asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asLongBuffer()
                .get(values);
        return values;
    }

    @Test
    void linearAscendingIndicesInThePlaceOfTheInitializer() throws Exception {
        OnnxMl.GraphProto.Builder graph = product("w")
                .addInitializer(TestModels.raw("before", new long[] {1}, 1))
                .addInitializer(full("w").setDocString("kept").setUnknownFields(TestModels.unknown()))
                .addInitializer(TestModels.raw("after", new long[] {1}, 2));
        Path file = TestModels.write(folder, graph);
        float[] values = new float[64];
        values[3] = 1.5f;
        values[10] = -0f;
        values[63] = Float.NaN;
        Path copy = sparse(file, Map.of("w", values));
        OnnxMl.GraphProto written = model(copy).getGraph();
        assertEquals(
                List.of("before", "after"),
                written.getInitializerList().stream()
                        .map(OnnxMl.TensorProto::getName)
                        .toList());
        OnnxMl.SparseTensorProto sparse = written.getSparseInitializer(0);
        assertEquals(List.of(8L, 8L), sparse.getDimsList());
        assertEquals(List.of(3L), sparse.getValues().getDimsList());
        assertEquals("w", sparse.getValues().getName());
        assertEquals("kept", sparse.getValues().getDocString());
        assertEquals(TestModels.unknown(), sparse.getValues().getUnknownFields());
        assertEquals(TestModels.floats(1.5f, -0f, Float.NaN), sparse.getValues().getRawData());
        assertEquals(7, sparse.getIndices().getDataType());
        assertEquals(List.of(3L), sparse.getIndices().getDimsList());
        assertArrayEquals(new long[] {3, 10, 63}, longs(sparse.getIndices().getRawData()));
        assertEquals(1, count(copy));
        runsTheSame(rewrite(file, Map.of("w", values), TensorStorage.DENSE), copy);
    }

    /** Around the break-even the smaller form is taken, to the byte. */
    @Test
    void whereThatIsSmaller() throws IOException {
        Path file = TestModels.write(folder, product("w").addInitializer(full("w")));
        int smaller = 0;
        long last = 0;
        for (int count = 0; count <= 64; count++) {
            float[] values = new float[64];
            java.util.Arrays.fill(values, 64 - count, 64, 2);
            long dense = Files.size(rewrite(file, Map.of("w", values), TensorStorage.DENSE));
            Path copy = sparse(file, Map.of("w", values));
            assertEquals(count(copy) == 1, Files.size(copy) < dense, count + " values");
            assertTrue(Files.size(copy) <= dense);
            assertTrue(Files.size(copy) >= last, count + " values");
            last = Files.size(copy);
            smaller += (int) count(copy);
        }
        // 12 bytes a value and 28 around them against 256 and 15: up to 20 values.
        assertEquals(21, smaller);
    }

    @Test
    void noValuesAtAll() throws Exception {
        Path file = TestModels.write(folder, product("w").addInitializer(full("w")));
        Path copy = sparse(file, Map.of("w", new float[64]));
        assertEquals(1, count(copy));
        assertTrue(model(copy).getGraph().getSparseInitializer(0).hasIndices());
        runsTheSame(rewrite(file, Map.of("w", new float[64]), TensorStorage.DENSE), copy);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,2", "3,3", "4,6", "5,6", "6,6", "7,7", "8,8", "10,10"})
    void theVersionThatBroughtThem(int before, int after) throws Exception {
        OnnxMl.ModelProto.Builder old = TestModels.model(
                        product("w").addInput(TestModels.value("w", 8, 8)).addInitializer(full("w")))
                .setIrVersion(before);
        old.getOpsetImportBuilder(0).setVersion(9);
        Path file = TestModels.write(folder, old);
        Path copy = sparse(file, Map.of("w", every(10)));
        assertEquals(1, count(copy));
        assertEquals(after, model(copy).getIrVersion());
        if (before >= 3) { // older ones ONNX Runtime does not load
            runsTheSame(rewrite(file, Map.of("w", every(10)), TensorStorage.DENSE), copy);
        }
        assertEquals(before, model(sparse(file, Map.of("w", every(1)))).getIrVersion(), "none is sparse");
        assertEquals(before, model(sparse(file, Map.of())).getIrVersion());
    }

    private static OnnxMl.AttributeProto.Builder body(String name, OnnxMl.GraphProto.Builder graph) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.GRAPH)
                .setG(graph);
    }

    private static OnnxMl.ValueInfoProto condition() {
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName("c")
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(9)
                                .setShape(OnnxMl.TensorShapeProto.newBuilder())))
                .build();
    }

    /** y = x w, w in a branch or around it; else w2, which is an output of its branch. */
    private static OnnxMl.GraphProto.Builder branches(boolean inside) {
        OnnxMl.GraphProto.Builder then = OnnxMl.GraphProto.newBuilder()
                .setName("then")
                .addOutput(TestModels.value("t", 8, 8))
                .addNode(TestModels.node("MatMul", "t", "x", "w"));
        OnnxMl.GraphProto.Builder otherwise = OnnxMl.GraphProto.newBuilder()
                .setName("else")
                .addOutput(TestModels.value("w2", 8, 8))
                .addInitializer(full("w2"));
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", 8, 8))
                .addInput(condition())
                .addOutput(TestModels.value("y", 8, 8));
        (inside ? then : graph).addInitializer(full("w"));
        return graph.addNode(TestModels.node("If", "y", "c")
                .setName("if")
                .addAttribute(body("then_branch", then))
                .addAttribute(body("else_branch", otherwise)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void inABody(boolean inside) throws Exception {
        Path file = TestModels.write(folder, branches(inside));
        String weight = inside ? "if/then_branch/w" : "w";
        Map<String, float[]> values = Map.of(weight, every(10), "if/else_branch/w2", every(9));
        Path copy = sparse(file, values);
        assertEquals(1, count(copy), "the one that is an output of its branch stays");
        Path dense = rewrite(file, values, TensorStorage.DENSE);
        for (float branch : new float[] {0, 1}) {
            Map<String, float[]> inputs = Map.of("x", every(1), "c", new float[] {branch});
            assertEquals(run(dense, inputs), run(copy, inputs));
        }
    }

    @Test
    void anOutputOfTheGraphStaysDense() throws Exception {
        OnnxMl.GraphProto.Builder graph =
                product("w").addOutput(TestModels.value("w", 8, 8)).addInitializer(full("w"));
        assertEquals(0, count(sparse(TestModels.write(folder, graph), Map.of("w", every(32)))));
    }

    @Test
    void whatTrainingInformationNamesStaysDense() throws Exception {
        OnnxMl.ModelProto.Builder model = TestModels.model(product("w").addInitializer(full("w")))
                .addTrainingInfo(OnnxMl.TrainingInfoProto.newBuilder()
                        .addUpdateBinding(OnnxMl.StringStringEntryProto.newBuilder()
                                .setKey("w")
                                .setValue("w_next")));
        assertEquals(0, count(sparse(TestModels.write(folder, model), Map.of("w", every(32)))));
    }

    @Test
    void aConstantNodeKeepsItsForm() throws Exception {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 8))
                .addOutput(TestModels.value("y", -1, 8))
                .addNode(TestModels.node("Constant", "w")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("value")
                                .setType(OnnxMl.AttributeProto.AttributeType.TENSOR)
                                .setT(full(""))))
                .addNode(TestModels.node("MatMul", "y", "x", "w"));
        Path copy = sparse(TestModels.write(folder, graph), Map.of("w", every(32)));
        assertEquals(0, count(copy));
        assertTrue(model(copy).getGraph().getNode(0).getAttribute(0).hasT());
    }

    /** What is not replaced stays as it is, however many zeros it has. */
    @Test
    void onlyWhatIsReplaced() throws Exception {
        OnnxMl.GraphProto.Builder graph = product("w")
                .addInitializer(full("w"))
                .addInitializer(TestModels.raw("zeros", new long[] {64}, new float[64]))
                .addInitializer(TestModels.raw("scalar", new long[0], 1))
                .addInitializer(TestModels.tensor("empty", 1, 0, 8));
        Path file = TestModels.write(folder, graph);
        Path copy = sparse(file, Map.of("w", every(10), "scalar", new float[1], "empty", new float[0]));
        assertEquals(1, count(copy));
        assertEquals(
                List.of("zeros", "scalar", "empty"),
                model(copy).getGraph().getInitializerList().stream()
                        .map(OnnxMl.TensorProto::getName)
                        .toList());
    }

    /** One initializer that two nodes use, in a typed field. */
    @Test
    void usedTwice() throws Exception {
        OnnxMl.TensorProto.Builder typed = TestModels.tensor("w", 1, 8, 8);
        for (float value : every(1)) {
            typed.addFloatData(value);
        }
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 8))
                .addOutput(TestModels.value("y", -1, 8))
                .addNode(TestModels.node("MatMul", "h", "x", "w"))
                .addNode(TestModels.node("MatMul", "y", "h", "w"))
                .addInitializer(typed);
        Path file = TestModels.write(folder, graph);
        Path copy = sparse(file, Map.of("w", every(10)));
        assertEquals(1, count(copy));
        runsTheSame(rewrite(file, Map.of("w", every(10)), TensorStorage.DENSE), copy);
    }

    private static OnnxMl.TensorProto.Builder outside(String name) {
        return TestModels.tensor(name, 1, 8, 8)
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue("w.bin"));
    }

    /** Two initializers that share the bytes of a data file: sparse where both together are smaller than one dense copy. */
    @Test
    void tiedInADataFile() throws Exception {
        Files.write(folder.resolve("w.bin"), TestModels.floats(every(1)).toByteArray());
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 8))
                .addOutput(TestModels.value("y", -1, 8))
                .addNode(TestModels.node("MatMul", "h", "x", "w"))
                .addNode(TestModels.node("MatMul", "y", "h", "tied"))
                .addInitializer(outside("w"))
                .addInitializer(outside("tied"));
        Path file = TestModels.write(folder, graph);
        Path both = sparse(file, Map.of("w", every(10)));
        assertEquals(2, count(both));
        assertFalse(Files.exists(folder.resolve("sparse.onnx.data")), "nothing is left for a data file");
        Path dense = rewrite(file, Map.of("w", every(10)), TensorStorage.DENSE);
        runsTheSame(dense, both);
        try (OnnxCheckpoint c = OnnxCheckpoint.open(both)) {
            assertArrayEquals(every(10), floats(c, "tied"));
        }
        // At 16 of 64 values one sparse copy is smaller than 256 bytes, two are not.
        Path neither = sparse(file, Map.of("w", every(4)));
        assertEquals(0, count(neither));
        assertEquals(256, Files.size(folder.resolve("sparse.onnx.data")));
        Path alone = TestModels.write(
                Files.createDirectory(folder.resolve("alone")), product("w").addInitializer(full("w")));
        assertEquals(1, count(sparse(alone, Map.of("w", every(4)))));
        // One of them an output of the graph, which has to be dense.
        graph.addOutput(TestModels.value("tied", 8, 8));
        assertEquals(0, count(sparse(TestModels.write(folder, graph), Map.of("w", every(10)))));
    }

    /** What finds no room in a protobuf message goes to the data file, dense. */
    @Test
    void aModelThatIsTooLarge() throws Exception {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 64))
                .addOutput(TestModels.value("y", -1, 64));
        Map<String, TensorView> replacements = new HashMap<>();
        float[] few = new float[4096];
        for (int k = 0; k < few.length; k += 10) {
            few[k] = k + 1;
        }
        List<String> names = List.of("x", "a", "b", "c", "y");
        for (int k = 1; k < 4; k++) {
            graph.addInitializer(TestModels.raw(names.get(k) + "w", new long[] {64, 64}, new float[4096]))
                    .addNode(TestModels.node(
                            "MatMul", k == 3 ? "y" : names.get(k), names.get(k - 1), names.get(k) + "w"));
        }
        Path file = TestModels.write(folder, graph);
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            for (TensorView tensor : c.tensors()) {
                ByteBuffer bytes = ByteBuffer.wrap(TestModels.floats(few).toByteArray());
                replacements.put(tensor.info().name(), ArrayTensor.of(tensor.info(), bytes));
            }
            c.rewrite(copy, replacements, Map.of(), TensorStorage.SPARSE, 12_000);
            assertThrows(
                    IOException.class,
                    () -> c.rewrite(folder.resolve("no.onnx"), replacements, Map.of(), TensorStorage.SPARSE, 100));
        }
        assertTrue(Files.size(copy) <= 12_000);
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertEquals(2, c.sparseInitializers(), "of 5,000 bytes each");
            for (TensorView tensor : c.tensors()) {
                assertArrayEquals(few, floats(c, tensor.info().name()));
            }
        }
        assertEquals(16384, Files.size(folder.resolve("copy.onnx.data")));
        assertFalse(Files.exists(folder.resolve("no.onnx")));
    }

    /** A file with sparse initializers, written again in either form. */
    @Test
    void writtenAgain() throws Exception {
        Path file = TestModels.write(folder, product("w").addInitializer(full("w")));
        Path first = Files.move(sparse(file, Map.of("w", every(10))), folder.resolve("first.onnx"));
        for (TensorStorage storage : List.of(TensorStorage.DENSE, TensorStorage.SPARSE)) {
            assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(rewrite(first, Map.of(), storage)));
            assertEquals(1, count(rewrite(first, Map.of("w", every(20)), storage)));
            Path dense = rewrite(first, Map.of("w", every(1)), storage);
            assertEquals(0, count(dense));
            runsTheSame(file, dense);
        }
    }

    /** The elements of a weight as ONNX Runtime sees them: w reshaped to [256], cast to float. */
    private static OnnxMl.ModelProto.Builder seen(OnnxMl.TensorProto.Builder weight) {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addOutput(TestModels.value("y", 256))
                .addInitializer(weight)
                .addInitializer(TestModels.tensor("shape", 7, 1).addInt64Data(256))
                .addNode(TestModels.node("Reshape", "flat", "w", "shape"))
                .addNode(TestModels.node("Cast", "y", "flat")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("to")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)));
        OnnxMl.ModelProto.Builder model = TestModels.model(graph).setIrVersion(10);
        model.getOpsetImportBuilder(0).setVersion(21);
        return model;
    }

    @ParameterizedTest
    @EnumSource(OnnxType.class)
    void everyType(OnnxType type) throws Exception {
        Random random = new Random(11);
        byte[] bytes = new byte[(int) type.dtype().bytesOf(256)];
        for (int k = 0; k < bytes.length / 16; k++) {
            bytes[random.nextInt(bytes.length)] = (byte) (type == OnnxType.BOOL ? 1 : 1 + random.nextInt(60));
        }
        OnnxMl.TensorProto.Builder weight =
                TestModels.tensor("w", type.number(), 16, 16).setRawData(ByteString.copyFrom(bytes));
        Path file = TestModels.write(folder, seen(weight));
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of("w", c.find("w").orElseThrow()), Map.of(), TensorStorage.SPARSE);
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertEquals(ByteBuffer.wrap(bytes), c.find("w").orElseThrow().view(0, bytes.length));
        }
        boolean dense = switch (type) {
            case COMPLEX64, COMPLEX128, FLOAT8E8M0, UINT4, INT4, UINT2, INT2, FLOAT4E2M1 -> true;
            default -> false;
        };
        assertEquals(dense ? 0 : 1, count(copy));
        if (!dense) {
            assertEquals(run(file, Map.of()), run(copy, Map.of()));
        }
    }
}
