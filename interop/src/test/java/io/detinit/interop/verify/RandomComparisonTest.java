package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RandomComparisonTest {

    private static final RandomInputs RANDOM = RandomInputs.of(3);

    private static RandomComparison compare(OnnxRunner a, OnnxRunner b, double tolerance) throws IOException {
        return Verifier.compareRandom(a, b, RANDOM, 8, tolerance, done -> {});
    }

    /** The difference of the models is x * (2 - 1.5), so it is known from the inputs. */
    @Test
    void allInputsAndOutputsTakePart() throws IOException {
        try (OnnxRunner a = VerifyModels.runner(VerifyModels.two(2));
                OnnxRunner b = VerifyModels.runner(VerifyModels.two(1.5f))) {
            List<Integer> progress = new ArrayList<>();
            RandomComparison found = Verifier.compareRandom(a, b, RANDOM, 8, 1e-3, progress::add);
            assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8), progress);
            double max = 0;
            double sum = 0;
            for (int sample = 0; sample < 8; sample++) {
                for (double x : RANDOM.sample("m", RANDOM.fill("m", a.inputs()), sample)
                        .get(0)
                        .values()) {
                    max = Math.max(max, Math.abs(x) / 2);
                    sum += Math.abs(x) / 2;
                }
            }
            NamedComparison y = found.outputs().get(0);
            assertEquals("y", y.first());
            assertEquals(6, y.comparison().outputsPerSample());
            assertEquals(max, y.comparison().maxAbsDifference(), 1e-5);
            assertEquals(sum / 24, y.comparison().meanAbsDifference(), 1e-5);
            assertEquals(16, y.comparison().rows(), "two rows of three classes in each of eight samples");
            assertFalse(found.within());
            NamedComparison z = found.outputs().get(1);
            assertEquals("INT64", z.type());
            assertEquals(0, z.comparison().maxAbsDifference());
            assertEquals(0, z.comparison().rows());
            assertTrue(Double.isNaN(z.comparison().agreement()));
            assertTrue(z.comparison().within());
        }
    }

    @Test
    void aModelAgreesWithItselfHoweverOften() throws IOException {
        for (int k = 0; k < 30; k++) {
            try (OnnxRunner a = VerifyModels.runner(VerifyModels.two(2));
                    OnnxRunner b = VerifyModels.runner(VerifyModels.two(2))) {
                RandomComparison found = compare(a, b, 0);
                assertTrue(found.within());
                OutputComparison y = found.outputs().get(0).comparison();
                assertEquals(1, y.agreement());
                assertEquals(0, y.meanDivergence());
            }
        }
    }

    @Test
    void integersAreComparedExactly() throws IOException {
        OnnxMl.GraphProto.Builder more = VerifyModels.two(1);
        more.setNode(3, TestModels.node("Add", "z", "n", "one"))
                .addInitializer(TestModels.tensor("one", 7, 1).addInt64Data(1L << 62));
        try (OnnxRunner a = VerifyModels.runner(VerifyModels.two(1));
                OnnxRunner b = VerifyModels.runner(more)) {
            RandomComparison found = compare(a, b, Double.POSITIVE_INFINITY);
            assertFalse(found.within());
            OutputComparison z = found.outputs().get(1).comparison();
            assertEquals(0, z.tolerance());
            assertEquals(0x1p62, z.maxAbsDifference());
        }
        OutputSums sums = new OutputSums();
        sums.add(new long[] {1L << 60}, new long[] {(1L << 60) + 1});
        assertEquals(1, sums.result(1, 0).maxAbsDifference(), "though both are the same double");
    }

    /** A free axis of one model is as the other fixes it; names may differ; float16 gets the rounded values. */
    @Test
    void inputsArePairedByNameThenByOrder() throws IOException {
        OnnxMl.GraphProto.Builder fixed = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("image", 4, 2))
                .addOutput(TestModels.value("scores", 4, 2))
                .addNode(TestModels.node("Identity", "scores", "image"));
        try (OnnxRunner a = VerifyModels.runner(VerifyModels.identity(1, -1, 2));
                OnnxRunner b = VerifyModels.runner(fixed);
                OnnxRunner half = VerifyModels.runner(VerifyModels.identity(10, -1, 2));
                OnnxRunner flat = VerifyModels.runner(VerifyModels.identity(1, -1, 1, 2))) {
            NamedComparison found = compare(a, b, 0).outputs().get(0);
            assertEquals("scores", found.second());
            assertEquals(8, found.comparison().outputsPerSample());
            assertTrue(found.comparison().within());
            assertTrue(compare(b, a, 0).within());
            OutputComparison rounded = compare(a, half, 1e-3).outputs().get(0).comparison();
            assertTrue(rounded.within() && rounded.maxAbsDifference() > 0, rounded.toString());
            assertTrue(compare(a, flat, 0).within(), "another shape of as many values");
        }
    }

    @Test
    void modelsOfOtherInputsOrOutputsAreRefused() throws IOException {
        OnnxMl.GraphProto.Builder fewer = VerifyModels.two(1).removeOutput(1);
        try (OnnxRunner two = VerifyModels.runner(VerifyModels.two(1));
                OnnxRunner one = VerifyModels.runner(VerifyModels.identity(1, -1, 3));
                OnnxRunner wide = VerifyModels.runner(VerifyModels.identity(1, -1, 4));
                OnnxRunner ids = VerifyModels.runner(VerifyModels.identity(7, -1, 3));
                OnnxRunner other = VerifyModels.runner(fewer)) {
            assertThrows(IllegalArgumentException.class, () -> compare(two, one, 0));
            assertThrows(IllegalArgumentException.class, () -> compare(two, other, 0));
            assertThrows(IllegalArgumentException.class, () -> compare(one, ids, 0));
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> compare(one, wide, 0));
            assertEquals(
                    "input 'x' is F32 [1, 3] in m and F32 [1, 4] in m; the models do not take the same inputs",
                    e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> compare(one, one, -1));
            assertThrows(
                    IllegalArgumentException.class, () -> Verifier.compareRandom(one, one, RANDOM, 0, 0, done -> {}));
        }
    }

    /** Outputs whose size depends on the values differ where the sizes do. */
    @Test
    void outputsOfOtherSizesDiffer() throws IOException {
        OnnxMl.GraphProto.Builder twice = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 2))
                .addOutput(TestModels.value("y", -1, 4))
                .addNode(TestModels.node("Concat", "y", "x", "x")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("axis")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)));
        try (OnnxRunner a = VerifyModels.runner(VerifyModels.identity(1, -1, 2));
                OnnxRunner b = VerifyModels.runner(twice)) {
            OutputComparison found = compare(a, b, 1e6).outputs().get(0).comparison();
            assertEquals(Double.POSITIVE_INFINITY, found.maxAbsDifference());
            assertFalse(found.within());
        }
    }

    /** A sparse initializer that is an output: the one thing that ONNX Runtime leaves sparse. */
    @Test
    void sparseOutputsAreComparedAsDenseOnes() throws IOException {
        OnnxMl.GraphProto.Builder graph = VerifyModels.identity(1, -1, 2)
                .addOutput(OnnxMl.ValueInfoProto.newBuilder()
                        .setName("s")
                        .setType(OnnxMl.TypeProto.newBuilder()
                                .setSparseTensorType(OnnxMl.TypeProto.SparseTensor.newBuilder()
                                        .setElemType(1)
                                        .setShape(TestModels.value("s", 2, 3)
                                                .getType()
                                                .getTensorType()
                                                .getShape()))))
                .addSparseInitializer(OnnxMl.SparseTensorProto.newBuilder()
                        .addDims(2)
                        .addDims(3)
                        .setValues(TestModels.raw("s", new long[] {2}, 7, 8))
                        .setIndices(TestModels.tensor("i", 7, 2).addInt64Data(1).addInt64Data(5)));
        try (OnnxRunner runner = VerifyModels.runner(graph)) {
            OutputValues found = runner.run(RANDOM.sample("m", RANDOM.fill("m", runner.inputs()), 0))
                    .get(1);
            assertEquals(List.of(2L, 3L), found.shape());
            assertArrayEquals(new double[] {0, 7, 0, 0, 0, 8}, found.floats());
        }
    }

    @Test
    void typesThatCannotBeFedAreUnsupported() {
        for (int type : new int[] {8, 12, 13}) { // string, uint32, uint64
            MalformedFileException e = assertThrows(
                    MalformedFileException.class, () -> VerifyModels.runner(VerifyModels.identity(type, -1)));
            assertTrue(String.valueOf(e.getMessage()).startsWith("m: input 'x': "), e.getMessage());
        }
    }

    @Test
    void timedRunsGoInTurns() throws IOException {
        List<String> order = new ArrayList<>();
        List<Integer> progress = new ArrayList<>();
        LatencyProbe a = run -> {
            order.add("a" + run);
            return 2_000_000L * (run + 1);
        };
        LatencyProbe b = run -> {
            order.add("b" + run);
            return 5_000_000;
        };
        List<Latency> found = Latencies.interleaved(List.of(a, b), 1, 3, progress::add);
        assertEquals(List.of("a-1", "b-1", "a0", "b0", "a1", "b1", "a2", "b2"), order);
        assertEquals(List.of(new Latency(3, 4, 6), new Latency(3, 5, 5)), found);
        assertEquals(List.of(1, 2, 3, 4), progress);
        assertThrows(IllegalArgumentException.class, () -> Latencies.interleaved(List.of(a), -1, 1, done -> {}));
        assertThrows(IllegalArgumentException.class, () -> Latencies.interleaved(List.of(a), 0, 0, done -> {}));
        try (OnnxRunner runner = VerifyModels.runner(VerifyModels.two(1))) {
            List<LatencyProbe> probes = new ArrayList<>(Verifier.probes(runner, runner, RANDOM));
            probes.add(runner.probe(
                    new RandomInputs(0, RandomInputs.Distribution.UNIFORM, 1, Map.of("x", List.of(2L, 3L)))));
            for (Latency latency : Latencies.interleaved(probes, 2, 20, done -> {})) {
                assertEquals(20, latency.runs());
                assertTrue(latency.median() > 0);
            }
        }
    }
}
