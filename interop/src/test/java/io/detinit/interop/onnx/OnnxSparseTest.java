package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sparse tensors as the dense ones they stand for. */
class OnnxSparseTest {

    @TempDir
    Path folder;

    private static OnnxMl.TensorProto.Builder indices(int type, long[] dims, long... values) {
        OnnxMl.TensorProto.Builder tensor = TestModels.tensor("", type, dims);
        for (long value : values) {
            if (type == 7) {
                tensor.addInt64Data(value);
            } else {
                tensor.addInt32Data((int) value);
            }
        }
        return tensor;
    }

    private static OnnxMl.TensorProto.Builder linear(long... values) {
        return indices(7, new long[] {values.length}, values);
    }

    private static OnnxMl.SparseTensorProto.Builder sparse(
            long[] dims, OnnxMl.TensorProto.Builder indices, float... values) {
        OnnxMl.SparseTensorProto.Builder sparse = OnnxMl.SparseTensorProto.newBuilder()
                .setValues(TestModels.raw("w", new long[] {values.length}, values))
                .setIndices(indices);
        for (long dim : dims) {
            sparse.addDims(dim);
        }
        return sparse;
    }

    private Path model(OnnxMl.SparseTensorProto.Builder sparse) throws IOException {
        return TestModels.write(
                folder, OnnxMl.GraphProto.newBuilder().setName("g").addSparseInitializer(sparse));
    }

    private static float[] floats(OnnxCheckpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        float[] values = new float[(int) tensor.info().shape().elements()];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private void reads(OnnxMl.SparseTensorProto.Builder sparse, float... dense) throws IOException {
        try (OnnxCheckpoint c = OnnxCheckpoint.open(model(sparse))) {
            assertArrayEquals(dense, floats(c, "w"));
            assertEquals(List.of(), c.warnings());
        }
    }

    private void refused(OnnxMl.SparseTensorProto.Builder sparse, String... parts) throws IOException {
        Path file = model(sparse);
        MalformedFileException e = assertThrows(
                MalformedFileException.class, () -> OnnxCheckpoint.open(file).close());
        for (String part : parts) {
            assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
        }
    }

    private static final long[] DIMS = {2, 3};

    @Test
    void linearAndByAxis() throws IOException {
        reads(sparse(DIMS, linear(1, 5), 7, 8), 0, 7, 0, 0, 0, 8);
        reads(sparse(DIMS, indices(7, new long[] {2, 2}, 0, 1, 1, 2), 7, 8), 0, 7, 0, 0, 0, 8);
        reads(sparse(new long[] {4}, indices(7, new long[] {1, 1}, 3), 7), 0, 0, 0, 7);
        reads(sparse(DIMS, linear()), 0, 0, 0, 0, 0, 0);
        reads(sparse(DIMS, linear()).clearIndices(), 0, 0, 0, 0, 0, 0);
        reads(sparse(DIMS, linear(0, 1, 2, 3, 4, 5), 1, 2, 3, 4, 5, 6), 1, 2, 3, 4, 5, 6);
    }

    @Test
    void smallerIntegersAsOnnxRuntimeTakesThem() throws IOException {
        for (int type : new int[] {3, 5, 6}) {
            reads(sparse(DIMS, indices(type, new long[] {2}, 1, 5), 7, 8), 0, 7, 0, 0, 0, 8);
        }
        refused(sparse(DIMS, indices(2, new long[] {2}, 1, 5), 7, 8), "indices", "found UINT8, expected INT64");
    }

    @Test
    void anyOrder() throws IOException {
        Path file = model(sparse(DIMS, linear(5, 1, 2), 8, 7, 9));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {0, 7, 9, 0, 0, 8}, floats(c, "w"));
            assertEquals(1, c.warnings().size());
            assertTrue(
                    c.warnings().get(0).contains("not in ascending order"),
                    c.warnings().get(0));
        }
    }

    @Test
    void whatIsWrongIsRefused() throws IOException {
        refused(sparse(DIMS, linear(1, 1), 7, 8), "position 1 twice");
        refused(sparse(DIMS, linear(5, 1, 5), 7, 8, 9), "position 5 twice");
        refused(sparse(DIMS, linear(6), 7), "index 6 of value 0", "0 to 5");
        refused(sparse(DIMS, linear(-1), 7), "index -1");
        refused(sparse(DIMS, indices(7, new long[] {1, 2}, 0, 3), 7), "index 3", "0 to 2");
        refused(sparse(DIMS, linear(1, 2), 7), "[2]", "[1] or [1, 2]");
        refused(sparse(DIMS, linear(1), 7).clearIndices(), "no indices");
        refused(sparse(DIMS, linear(1), 7).clearValues(), "initializer 0", "no name");
        refused(sparse(new long[] {}, linear(0), 7), "at least one axis");
        refused(sparse(new long[] {0}, linear()), "none empty");
        refused(sparse(new long[] {1}, linear(0, 0), 7, 8), "2 values", "at most 1");
        refused(sparse(new long[] {1L << 40}, linear(5), 7), "more than 2147483647 bytes when dense");
        refused(sparse(DIMS, linear(1), 7).setValues(TestModels.raw("w", new long[] {1, 1}, 7)), "values", "one axis");
        refused(
                sparse(DIMS, linear(1))
                        .setValues(TestModels.tensor("w", 22, 1).setRawData(ByteString.copyFrom(new byte[] {1}))),
                "sparse tensor of INT4");
        OnnxMl.GraphProto.Builder twice = OnnxMl.GraphProto.newBuilder()
                .addInitializer(TestModels.raw("w", new long[] {1}, 1))
                .addSparseInitializer(sparse(DIMS, linear(1), 7));
        Path file = TestModels.write(folder, twice);
        assertThrows(MalformedFileException.class, () -> OnnxCheckpoint.open(file));
    }

    /** A few bytes cannot ask for the reading of terabytes. */
    @Test
    void theWorkThatAFileAsksForIsBounded() throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder();
        for (int k = 0; k < 20; k++) {
            OnnxMl.SparseTensorProto.Builder huge = sparse(new long[] {1L << 28}, linear(5), 7);
            huge.getValuesBuilder().setName("w" + k);
            graph.addSparseInitializer(huge);
        }
        Path file = TestModels.write(folder, graph);
        assertThrows(MalformedFileException.class, () -> OnnxCheckpoint.open(file));
    }

    /** Every range of bytes is that of the dense tensor, whatever the size of the elements. */
    @Test
    void everyRange() throws IOException {
        Random random = new Random(5);
        for (int[] type : new int[][] {{2, 1}, {10, 2}, {1, 4}, {11, 8}, {15, 16}}) {
            int size = type[1];
            byte[] dense = new byte[5000 * size];
            ByteBuffer values = ByteBuffer.allocate(dense.length);
            OnnxMl.TensorProto.Builder positions = TestModels.tensor("", 7);
            int count = 0;
            for (int k = 0; k < 5000; k++) {
                if (random.nextInt(3) == 0) {
                    byte[] element = new byte[size];
                    random.nextBytes(element);
                    System.arraycopy(element, 0, dense, k * size, size);
                    values.put(element);
                    positions.addInt64Data(k);
                    count++;
                }
            }
            OnnxMl.SparseTensorProto.Builder sparse = OnnxMl.SparseTensorProto.newBuilder()
                    .addDims(50)
                    .addDims(100)
                    .setIndices(positions.addDims(count))
                    .setValues(TestModels.tensor("w", type[0], count).setRawData(ByteString.copyFrom(values.flip())));
            try (OnnxCheckpoint c = OnnxCheckpoint.open(model(sparse))) {
                TensorView tensor = c.find("w").orElseThrow();
                assertEquals(dense.length, tensor.info().bytes());
                for (int n = 0; n < 300; n++) {
                    int from = random.nextInt(dense.length);
                    int length = random.nextInt(Math.min(9000, dense.length - from) + 1);
                    byte[] expected = java.util.Arrays.copyOfRange(dense, from, from + length);
                    byte[] found = new byte[length];
                    tensor.view(from, length).get(found);
                    assertArrayEquals(expected, found);
                    ByteBuffer part =
                            ByteBuffer.allocate(length + 2).position(1).limit(length + 1);
                    tensor.readBytes(from, part);
                    assertArrayEquals(expected, java.util.Arrays.copyOfRange(part.array(), 1, length + 1));
                }
                assertThrows(IndexOutOfBoundsException.class, () -> tensor.view(dense.length - 1, 2));
            }
        }
    }

    private Path rewritten(Path file, float... values) throws IOException {
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            TensorInfo info = c.tensors().get(0).info();
            TensorView now = ArrayTensor.of(
                    info, ByteBuffer.wrap(TestModels.floats(values).toByteArray()));
            c.rewrite(copy, Map.of(info.name(), now), Map.of());
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertArrayEquals(values, floats(c, c.tensors().get(0).info().name()));
            assertEquals(List.of(), c.warnings());
        }
        return copy;
    }

    private static OnnxMl.GraphProto graph(Path file) throws IOException {
        return OnnxMl.ModelProto.parseFrom(Files.readAllBytes(file)).getGraph();
    }

    @Test
    void aReplacementStaysSparseWhereThatIsSmaller() throws IOException {
        Path file = model(sparse(DIMS, indices(6, new long[] {2, 2}, 1, 2, 0, 1), 7, 8));
        OnnxMl.GraphProto few = graph(rewritten(file, 0, -0f, 0, 0, 0, 0));
        assertEquals(List.of(2L, 3L), few.getSparseInitializer(0).getDimsList());
        OnnxMl.TensorProto indices = few.getSparseInitializer(0).getIndices();
        assertEquals(List.of(1L), indices.getDimsList());
        assertEquals(7, indices.getDataType());
        assertEquals(
                1,
                indices.getRawData()
                        .asReadOnlyByteBuffer()
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong());
        assertEquals("w", few.getSparseInitializer(0).getValues().getName());

        OnnxMl.GraphProto none = graph(rewritten(file, 0, 0, 0, 0, 0, 0));
        assertEquals(List.of(0L), none.getSparseInitializer(0).getValues().getDimsList());
        assertTrue(none.getSparseInitializer(0).hasIndices());

        OnnxMl.GraphProto many = graph(rewritten(file, 1, 2, 0, 0, 0, 0));
        assertEquals(0, many.getSparseInitializerCount());
        assertEquals("w", many.getInitializer(0).getName());
        assertEquals(List.of(2L, 3L), many.getInitializer(0).getDimsList());
    }

    /** Before IR version 4 a dense initializer had to be an input of the graph as well. */
    @Test
    void inOldModelsAReplacementStaysSparse() throws IOException {
        OnnxMl.GraphProto.Builder graph =
                OnnxMl.GraphProto.newBuilder().setName("g").addSparseInitializer(sparse(DIMS, linear(1), 7));
        Path file = TestModels.write(folder, TestModels.model(graph).setIrVersion(3));
        assertEquals(1, graph(rewritten(file, 1, 2, 3, 4, 5, 6)).getSparseInitializerCount());
    }

    @Test
    void aSparseConstantNodeToo() throws IOException {
        OnnxMl.AttributeProto.Builder attribute = OnnxMl.AttributeProto.newBuilder()
                .setName("sparse_value")
                .setType(OnnxMl.AttributeProto.AttributeType.SPARSE_TENSOR)
                .setDocString("kept")
                .setSparseTensor(sparse(DIMS, linear(1), 7));
        Path file = TestModels.write(
                folder,
                OnnxMl.GraphProto.newBuilder()
                        .addNode(OnnxMl.NodeProto.newBuilder()
                                .setOpType("Constant")
                                .addOutput("c")
                                .addAttribute(attribute)));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {0, 7, 0, 0, 0, 0}, floats(c, "c"));
            assertEquals(DType.F32, c.find("c").orElseThrow().info().dtype());
            assertEquals(TensorShape.of(2, 3), c.find("c").orElseThrow().info().shape());
        }
        OnnxMl.AttributeProto few =
                graph(rewritten(file, 0, 0, 0, 0, 0, 5)).getNode(0).getAttribute(0);
        assertTrue(few.hasSparseTensor());
        OnnxMl.AttributeProto many =
                graph(rewritten(file, 1, 2, 3, 0, 0, 5)).getNode(0).getAttribute(0);
        assertEquals(4, many.getSparseTensor().getValues().getDims(0));
        assertEquals("sparse_value", many.getName());
        assertEquals("kept", many.getDocString());
    }

    /** Values may lie in a data file, as ONNX Runtime allows; indices may not. */
    @Test
    void externalValues() throws IOException {
        OnnxMl.StringStringEntryProto location = OnnxMl.StringStringEntryProto.newBuilder()
                .setKey("location")
                .setValue("v.bin")
                .build();
        Files.write(folder.resolve("v.bin"), TestModels.floats(7, 8).toByteArray());
        OnnxMl.SparseTensorProto.Builder sparse = sparse(DIMS, linear(1, 5), 7, 8);
        sparse.getValuesBuilder()
                .clearRawData()
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(location);
        Path file = model(sparse);
        Path out = Files.createDirectory(folder.resolve("out"));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {0, 7, 0, 0, 0, 8}, floats(c, "w"));
            c.rewrite(out.resolve("c.onnx"), Map.of(), Map.of());
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(out.resolve("c.onnx"))) {
            assertArrayEquals(new float[] {0, 7, 0, 0, 0, 8}, floats(c, "w"));
        }
        rewritten(file, 0, 0, 3, 0, 0, 0);
        OnnxMl.SparseTensorProto.Builder outside = sparse(DIMS, linear(1), 7);
        outside.getIndicesBuilder()
                .clearInt64Data()
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(location);
        refused(outside, "indices in another file");
    }
}
