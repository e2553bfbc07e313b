package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.TensorComparison.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifierTest {

    @TempDir
    Path folder;

    private static TensorView f32(float... values) {
        return ArrayTensor.of("t", TensorShape.of(values.length), values);
    }

    private static TensorView of(DType dtype, int... bytes) {
        ByteBuffer buffer = ByteBuffer.allocate(bytes.length);
        for (int k = 0; k < bytes.length; k++) {
            buffer.put(k, (byte) bytes[k]);
        }
        return ArrayTensor.of(
                new TensorInfo("t", dtype, TensorShape.of(bytes.length / dtype.bytes()), TensorInfo.Kind.PARAMETER),
                buffer);
    }

    private static void differs(long differing, double max, TensorView a, TensorView b) throws IOException {
        TensorComparison found = Verifier.compare(a, b);
        assertEquals(Outcome.DIFFERENT, found.outcome());
        assertEquals(differing, found.differing());
        assertEquals(max, found.maxAbsDifference());
        assertEquals(a.info().shape().elements(), found.elements());
    }

    @Test
    void elementsAreComparedBitForBit() throws IOException {
        assertEquals(
                Outcome.IDENTICAL,
                Verifier.compare(f32(1, Float.NaN), f32(1, Float.NaN)).outcome());
        differs(2, 2, f32(1, 2, 3), f32(1, 4, 2.5f));
        differs(1, 0, f32(0), f32(-0f));
        differs(1, Double.POSITIVE_INFINITY, f32(1, Float.NaN), f32(1, 2));
        differs(1, 0, f32(Float.NaN), f32(Float.intBitsToFloat(0x7FC00001)));
        differs(1, Double.POSITIVE_INFINITY, f32(Float.POSITIVE_INFINITY), f32(Float.NEGATIVE_INFINITY));
        differs(1, 254, of(DType.U8, 1, 255), of(DType.U8, 1, 1));
        differs(1, 2, of(DType.I8, 255), of(DType.I8, 1));
        differs(1, 65535, of(DType.U16, 255, 255), of(DType.U16, 0, 0));
        differs(1, 1, of(DType.I16, 255, 255), of(DType.I16, 0, 0));
        differs(1, 4294967295.0, of(DType.U32, 255, 255, 255, 255), of(DType.U32, 0, 0, 0, 0));
        differs(1, 0x1p63, of(DType.U64, 0, 0, 0, 0, 0, 0, 0, 128), of(DType.U64, 0, 0, 0, 0, 0, 0, 0, 0));
        differs(1, 1, of(DType.F16, 0, 0x3C), of(DType.F16, 0, 0));
        differs(1, 1, of(DType.BF16, 0x80, 0x3F), of(DType.BF16, 0, 0));
        differs(1, 1, of(DType.F64, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F), of(DType.F64, 0, 0, 0, 0, 0, 0, 0, 0));
        differs(1, Double.NaN, of(DType.F8_E4M3, 1), of(DType.F8_E4M3, 2));
    }

    @Test
    void largeTensorsAreComparedInChunks() throws IOException {
        float[] a = new float[100_003];
        float[] b = a.clone();
        b[16_384] = 1;
        b[100_002] = -3;
        differs(2, 3, f32(a), f32(b));
    }

    @Test
    void dtypesAndShapesAreComparedFirst() throws IOException {
        assertEquals(
                Outcome.DTYPE_MISMATCH,
                Verifier.compare(of(DType.F16, 0, 0), of(DType.BF16, 0, 0)).outcome());
        assertEquals(Outcome.SHAPE_MISMATCH, Verifier.compare(f32(1), f32(1, 2)).outcome());
    }

    private OnnxCheckpoint open(String name, OnnxMl.GraphProto.Builder graph) throws IOException {
        Path file = folder.resolve(name);
        java.nio.file.Files.write(file, TestModels.model(graph).build().toByteArray());
        return OnnxCheckpoint.open(file);
    }

    @Test
    void checkpointsAreComparedByName() throws IOException {
        OnnxMl.GraphProto.Builder other = TestModels.linear();
        other.setInitializer(0, TestModels.raw("new", new long[] {1}, 1));
        other.getInitializerBuilder(1).setRawData(TestModels.floats(3));
        try (OnnxCheckpoint a = open("a.onnx", TestModels.linear());
                OnnxCheckpoint b = open("b.onnx", other)) {
            CheckpointComparison found = Verifier.compare(a, b);
            assertFalse(found.identical());
            assertEquals(5, found.tensors().size());
            assertEquals(3, found.mismatches().size());
            TensorComparison s = found.mismatches().get(0);
            assertEquals("s", s.name());
            assertEquals(1, s.maxAbsDifference());
            TensorComparison unused = found.mismatches().get(1);
            assertEquals(Outcome.ONLY_IN_FIRST, unused.outcome());
            assertEquals(2, unused.elements());
            TensorComparison added = found.mismatches().get(2);
            assertEquals(Outcome.ONLY_IN_SECOND, added.outcome());
            assertEquals("new", added.name());
            assertTrue(Verifier.compare(a, a).identical());
        }
    }

    /** The same weight: Gemm keeps W [3, 2] outputs first, MatMul [2, 3] inputs first, under a wrapped name. */
    @Test
    void parametersOfOtherNamesAndLayoutsAreFound() throws IOException {
        OnnxMl.GraphProto.Builder other = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 2))
                .addOutput(TestModels.value("y", -1, 3))
                .addNode(TestModels.node("MatMul", "p", "x", "module.W"))
                .addNode(TestModels.node("Add", "h", "p", "module.b"))
                .addNode(TestModels.node("Mul", "y", "h", "module.s"))
                .addInitializer(TestModels.raw("module.W", new long[] {2, 3}, 1, 3, 5, 2, 4, 6))
                .addInitializer(TestModels.raw("module.b", new long[] {3}, .5f, -.5f, 0))
                .addInitializer(TestModels.raw("module.s", new long[] {1}, 2));
        OnnxMl.GraphProto.Builder first = TestModels.linear().removeInitializer(0);
        try (OnnxCheckpoint a = open("a.onnx", first);
                OnnxCheckpoint b = open("b.onnx", other)) {
            CheckpointComparison found = Verifier.compare(a, b);
            assertTrue(found.identical(), found.toString());
            assertEquals(3, found.tensors().size());
            TensorComparison w = found.tensors().get(0);
            assertEquals("W", w.name());
            assertEquals(
                    "module.W", java.util.Objects.requireNonNull(w.second()).name());
        }
        other.getInitializerBuilder(0).setRawData(TestModels.floats(1, 3, 5, 2, 4, 7));
        try (OnnxCheckpoint a = open("a.onnx", first);
                OnnxCheckpoint b = open("c.onnx", other)) {
            TensorComparison w = Verifier.compare(a, b).mismatches().get(0);
            assertEquals(1, w.differing());
            assertEquals(1, w.maxAbsDifference());
        }
    }

    @Test
    void outputsAreComparedRelativeToTheirScale() throws IOException {
        float[] samples = {1, 0, 0, 1};
        Path second = folder.resolve("second.onnx");
        byte[] model = TestModels.model(TestModels.linear()).build().toByteArray();
        try (OnnxCheckpoint a = open("a.onnx", TestModels.linear())) {
            a.rewrite(
                    second,
                    Map.of("b", ArrayTensor.of("b", TensorShape.of(3), new float[] {.5f, -.5f, .06f})),
                    Map.of());
        }
        try (OnnxScorer a = OnnxScorer.of("a", model, 1);
                OnnxScorer b = OnnxScorer.open(second, 1)) {
            OutputComparison found = Verifier.compareOutputs(a, b, samples, 2, 8, 0.02);
            assertEquals(2, found.samples());
            assertEquals(3, found.outputsPerSample());
            assertEquals(0.12, found.maxAbsDifference(), 1e-6);
            assertEquals(12, found.scale());
            assertEquals(0.01, found.maxRelativeDifference(), 1e-6);
            assertEquals(2, found.agreeing());
            assertEquals(1, found.agreement());
            assertEquals(0.04, found.meanAbsDifference(), 1e-6);
            assertTrue(found.within());
            assertFalse(Verifier.compareOutputs(a, b, samples, 2, 8, 0.005).within());
            OutputComparison same = Verifier.compareOutputs(a, a, samples, 2, 8, 0);
            assertTrue(same.within());
            assertEquals(0, same.maxRelativeDifference());
            assertThrows(
                    IllegalArgumentException.class, () -> Verifier.compareOutputs(a, b, samples, 2, 8, Double.NaN));
            assertThrows(IllegalArgumentException.class, () -> Verifier.compareOutputs(a, b, new float[0], 2, 8, 0));
        }
    }

    @Test
    void modelsOfDifferentOutputsAreRefused() throws IOException {
        OnnxMl.GraphProto.Builder narrow = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 2))
                .addOutput(TestModels.value("y", -1, 2))
                .addNode(TestModels.node("Relu", "y", "x"));
        try (OnnxScorer a = OnnxScorer.of(
                        "a", TestModels.model(TestModels.linear()).build().toByteArray(), 1);
                OnnxScorer b =
                        OnnxScorer.of("b", TestModels.model(narrow).build().toByteArray(), 1)) {
            assertThrows(
                    IllegalArgumentException.class, () -> Verifier.compareOutputs(a, b, new float[] {1, 0}, 2, 8, 0));
        }
    }
}
