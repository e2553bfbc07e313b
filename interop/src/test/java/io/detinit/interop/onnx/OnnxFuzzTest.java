package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged models of every kind: one exception type, bounded time, bounded memory. */
class OnnxFuzzTest {

    private static final long MAX_NANOS = 10_000_000_000L; // a damaged file of 2 kB takes well under a millisecond
    private static final long MAX_ALLOCATED = 64L << 20;
    private static final int READ = 1 << 16;

    @TempDir
    Path folder;

    @BeforeEach
    void data() throws IOException {
        Files.write(folder.resolve("a.bin"), new byte[64]);
    }

    private static OnnxMl.AttributeProto.Builder attribute(String name) {
        return OnnxMl.AttributeProto.newBuilder().setName(name);
    }

    private static OnnxMl.NodeProto.Builder constant(String output, OnnxMl.AttributeProto.Builder attribute) {
        return TestModels.node("Constant", output).addAttribute(attribute);
    }

    private static OnnxMl.SparseTensorProto.Builder sparse(boolean byAxis, boolean sorted) {
        OnnxMl.TensorProto.Builder indices = TestModels.tensor("", 7, byAxis ? new long[] {2, 2} : new long[] {2});
        for (long index : byAxis ? new long[] {0, 1, 1, 0} : sorted ? new long[] {1, 3} : new long[] {3, 1}) {
            indices.addInt64Data(index);
        }
        return OnnxMl.SparseTensorProto.newBuilder()
                .addDims(2)
                .addDims(3)
                .setIndices(indices)
                .setValues(TestModels.raw("sp" + byAxis + sorted, new long[] {2}, 1, 2));
    }

    private static OnnxMl.TensorProto.Builder external(OnnxMl.TensorProto.Builder tensor, String offset) {
        return tensor.setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue("a.bin"))
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("offset")
                        .setValue(offset))
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("length")
                        .setValue("8"));
    }

    /** Small models that together have everything the reader knows. */
    static Map<String, byte[]> models() {
        OnnxMl.GraphProto.Builder body = OnnxMl.GraphProto.newBuilder()
                .addInitializer(TestModels.raw("bw", new long[] {2}, 1, 2))
                .addNode(constant("bc", attribute("value_ints").addInts(5).addInts(-6)))
                .addNode(TestModels.node("Add", "z", "bw", "bc"));
        OnnxMl.ModelProto.Builder typed = TestModels.model(TestModels.linear()
                        .addInitializer(
                                TestModels.tensor("i", 7, 2).addInt64Data(-1).addInt64Data(300))
                        .addInitializer(
                                TestModels.tensor("h", 10, 2).addInt32Data(1).addInt32Data(2))
                        .addInitializer(TestModels.tensor("d", 11, 1).addDoubleData(3))
                        .addInitializer(TestModels.tensor("q", 22, 5)
                                .addInt32Data(1)
                                .addInt32Data(2)
                                .addInt32Data(3))
                        .addInitializer(TestModels.tensor("t", 8, 1).addStringData(ByteString.copyFromUtf8("x"))))
                .addMetadataProps(
                        OnnxMl.StringStringEntryProto.newBuilder().setKey("k").setValue("v"))
                .setUnknownFields(TestModels.unknown());
        OnnxMl.ModelProto.Builder outside = TestModels.model(TestModels.linear()
                .addInitializer(external(TestModels.tensor("e", 1, 2), "4"))
                .addInitializer(external(TestModels.tensor("f", 7, 1), "0")));
        OnnxMl.ModelProto.Builder thin = TestModels.model(TestModels.linear()
                .addSparseInitializer(sparse(false, true))
                .addSparseInitializer(sparse(false, false))
                .addSparseInitializer(sparse(true, true))
                .addNode(constant("cs", attribute("sparse_value").setSparseTensor(sparse(false, true)))));
        OnnxMl.ModelProto.Builder nested = TestModels.model(TestModels.linear()
                        .addNode(constant(
                                "cf", attribute("value_floats").addFloats(1).addFloats(2)))
                        .addNode(constant("ct", attribute("value").setT(TestModels.raw("", new long[] {2}, 1, 2))))
                        .addNode(TestModels.node("Transpose", "wt", "W")
                                .addAttribute(attribute("perm").addInts(1).addInts(0)))
                        .addNode(TestModels.node("MatMul", "m", "x", "wt"))
                        .addNode(TestModels.node("If", "l", "c")
                                .addAttribute(attribute("g").setG(body))
                                .addAttribute(attribute("gs").addGraphs(body).addGraphs(body)))
                        .addNode(TestModels.node("F", "r", "W").setDomain("local")))
                .addFunctions(OnnxMl.FunctionProto.newBuilder()
                        .setName("F")
                        .setDomain("local")
                        .addInput("a")
                        .addOutput("b")
                        .addNode(constant("k", attribute("value_float").setF(1)))
                        .addNode(TestModels.node("MatMul", "b", "a", "k")));
        Map<String, byte[]> models = new TreeMap<>();
        models.put("typed", typed.build().toByteArray());
        models.put("outside", outside.build().toByteArray());
        models.put("thin", thin.build().toByteArray());
        models.put("nested", nested.build().toByteArray());
        return models;
    }

    /** Reads all, as opening a file does; true where it is well-formed. Any other exception fails the test. */
    private boolean read(byte[] model) throws IOException {
        MemoryBytes bytes = new MemoryBytes("damaged.onnx", model);
        try (ExternalFiles externals = new ExternalFiles(folder.resolve("damaged.onnx"))) {
            ModelLayout layout = ModelLayout.read(new ModelSource(bytes, externals));
            for (ModelLayout.Entry entry : layout.tensors()) {
                TensorView tensor = entry.view(bytes);
                long size = tensor.info().bytes();
                tensor.view(0, (int) Math.min(size, READ));
                tensor.view(Math.max(0, size - READ), (int) Math.min(size, READ));
            }
            return true;
        } catch (MalformedFileException e) {
            assertEquals(1, String.valueOf(e.getMessage()).lines().count(), e.getMessage());
            return false;
        } catch (NoSuchFileException e) {
            assertTrue(String.valueOf(e.getMessage()).contains(": no such file; it holds "), e.getMessage());
            return false;
        }
    }

    @Test
    void theModelsAreWellFormed() throws IOException {
        for (Map.Entry<String, byte[]> model : models().entrySet()) {
            assertTrue(read(model.getValue()), model.getKey());
        }
    }

    /** A cut is seen unless it falls between two fields of the top level, behind the graph. */
    @Test
    void everyTruncationOfEveryKind() throws IOException {
        for (Map.Entry<String, byte[]> model : models().entrySet()) {
            byte[] whole = model.getValue();
            int wellFormed = 0;
            for (int length = 0; length < whole.length; length++) {
                wellFormed += read(Arrays.copyOf(whole, length)) ? 1 : 0;
            }
            assertTrue(wellFormed <= 7, model.getKey() + ": " + wellFormed + " truncations were read");
        }
    }

    private static byte[] damaged(List<byte[]> seeds, Random random) {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int n = random.nextInt(4); n >= 0; n--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> bytes[at] = (byte) 0xFF;
                case 3 -> bytes = splice(bytes, at, at, extreme(random));
                case 4 -> {
                    int to = Math.min(bytes.length, at + random.nextInt(40));
                    bytes = splice(bytes, at, random.nextBoolean() ? at : to, Arrays.copyOfRange(bytes, at, to));
                }
                default -> {
                    byte[] other = seeds.get(random.nextInt(seeds.size()));
                    int from = random.nextInt(other.length);
                    int to = Math.min(other.length, from + random.nextInt(60));
                    bytes = splice(
                            bytes, at, Math.min(bytes.length, at + to - from), Arrays.copyOfRange(other, from, to));
                }
            }
            if (bytes.length == 0) {
                return bytes;
            }
        }
        return bytes;
    }

    /** A number at an edge, as protobuf writes it. */
    private static byte[] extreme(Random random) {
        long[] edges = {0, 1, 127, 128, 1 << 16, Integer.MAX_VALUE, 1L << 31, 1L << 32, Long.MAX_VALUE, -1, 1L << 62};
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Piece.varint(out, edges[random.nextInt(edges.length)]);
        return out.toByteArray();
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] middle) {
        byte[] result = new byte[from + middle.length + bytes.length - to];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(middle, 0, result, from, middle.length);
        System.arraycopy(bytes, to, result, from + middle.length, bytes.length - to);
        return result;
    }

    @Test
    void damagedModels() throws IOException {
        long seed = Long.getLong("detinit.fuzz.seed", 20260101L);
        int count = Integer.getInteger("detinit.fuzz.count", 20_000);
        List<byte[]> seeds = new ArrayList<>(models().values());
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int wellFormed = 0;
        for (int k = 0; k < count; k++) {
            byte[] model = damaged(seeds, new Random(seed + k));
            long nanos = System.nanoTime();
            long allocated = thread.getCurrentThreadAllocatedBytes();
            try {
                wellFormed += read(model) ? 1 : 0;
            } catch (Throwable e) {
                throw new AssertionError("-Ddetinit.fuzz.seed=" + (seed + k) + " -Ddetinit.fuzz.count=1", e);
            }
            assertTrue(
                    thread.getCurrentThreadAllocatedBytes() - allocated < MAX_ALLOCATED,
                    "memory of seed " + (seed + k));
            assertTrue(System.nanoTime() - nanos < MAX_NANOS, "time of seed " + (seed + k));
        }
        assertTrue(count < 1000 || (wellFormed > 0 && wellFormed < count), wellFormed + " of " + count);
    }

    /** A damaged model that is read all the same is written too, and read again with the same tensors. */
    @Test
    void damagedModelsThatAreReadAreWritten() throws IOException {
        long seed = Long.getLong("detinit.fuzz.seed", 20260101L);
        List<byte[]> seeds = new ArrayList<>(models().values());
        Path file = folder.resolve("damaged.onnx");
        Path out = Files.createDirectory(folder.resolve("out"));
        int written = 0;
        for (int k = 0; k < 2000; k++) {
            byte[] model = damaged(seeds, new Random(seed + k));
            if (!read(model)) {
                continue;
            }
            Path copy = out.resolve(k + ".onnx");
            Files.write(file, model);
            try (OnnxCheckpoint before = OnnxCheckpoint.open(file)) {
                Map<String, TensorView> all = new TreeMap<>();
                before.tensors().forEach(tensor -> all.put(tensor.info().name(), tensor));
                for (TensorStorage storage : List.of(TensorStorage.DENSE, TensorStorage.SPARSE)) {
                    rewritten(before, all, copy, storage);
                }
                written++;
            } catch (Throwable e) {
                throw new AssertionError("-Ddetinit.fuzz.seed=" + (seed + k), e);
            }
        }
        assertTrue(written > 50, written + " models");
    }

    private static void rewritten(OnnxCheckpoint before, Map<String, TensorView> all, Path copy, TensorStorage storage)
            throws IOException {
        try {
            before.rewrite(copy, all, Map.of("k", "w"), storage);
        } catch (MalformedFileException e) {
            assertEquals(TensorStorage.SPARSE, storage, "which looks at the outputs of the graph too");
            return;
        }
        try (OnnxCheckpoint after = OnnxCheckpoint.open(copy)) {
            assertEquals(
                    all.keySet(),
                    new TreeSet<>(after.tensors().stream()
                            .map(tensor -> tensor.info().name())
                            .toList()));
            for (TensorView tensor : before.tensors()) {
                TensorView again = after.find(tensor.info().name()).orElseThrow();
                int length = (int) Math.min(READ, tensor.info().bytes());
                assertEquals(tensor.view(0, length), again.view(0, length));
            }
        }
    }

    /** Messages nested 100,000 deep: the depth is refused before the stack is used up. */
    @Test
    void bodiesNestedAHundredThousandDeep() {
        int depth = 100_000;
        int[] fields = {ModelField.GRAPH_NODE, ModelField.NODE_ATTRIBUTE, ModelField.ATTRIBUTE_G};
        byte[][] headers = new byte[3 * depth][];
        long length = 0;
        for (int k = headers.length - 1; k >= 0; k--) { // from the inside, since a length is known then
            headers[k] = Piece.header(fields[k % 3], length).bytes();
            length += headers[k].length;
        }
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        model.writeBytes(Piece.number(ModelField.IR_VERSION, 8).bytes());
        model.writeBytes(Piece.header(ModelField.GRAPH, length).bytes());
        for (byte[] header : headers) {
            model.writeBytes(header);
        }
        MalformedFileException e = assertThrows(
                MalformedFileException.class,
                () -> ModelLayout.read(
                        new ModelSource(new MemoryBytes("deep.onnx", model.toByteArray()), new ExternalFiles(folder))));
        assertTrue(String.valueOf(e.getMessage()).contains("nested more than 32 deep"), e.getMessage());
    }

    /** Counts and lengths that a small file claims are not believed. */
    @Test
    void hugeCounts() throws IOException {
        long huge = 1L << 31;
        for (OnnxMl.TensorProto.Builder tensor : List.of(
                TestModels.tensor("w", 1, huge),
                TestModels.tensor("w", 7, huge).addInt64Data(1),
                TestModels.tensor("w", 22, huge).addInt32Data(1),
                TestModels.tensor("w", 8, huge),
                external(TestModels.tensor("w", 1, huge), "0"))) {
            OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder().addInitializer(tensor);
            assertEquals(
                    tensor.getDataType() == 8,
                    read(TestModels.model(graph).build().toByteArray()));
        }
        OnnxMl.SparseTensorProto.Builder many = sparse(false, true);
        many.getValuesBuilder().clearDims().addDims(huge);
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder().addSparseInitializer(many);
        assertEquals(false, read(TestModels.model(graph).build().toByteArray()));
    }
}
