package io.detinit.interop.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each certificate, each way on which constants travel, and what is left alone. Equality is what the shrinker itself proves. */
class ShrinkTest {

    @TempDir
    Path folder;

    private Path target = Path.of("");

    @BeforeEach
    void target() {
        target = folder.resolve("small.onnx");
    }

    private ShrinkReport shrink(Nets nets) throws IOException {
        return Nets.shrink(nets.write(folder), target);
    }

    private static boolean isLeftAlone(ShrinkReport report, String words) {
        return report.leftAlone().stream().anyMatch(left -> left.reason().contains(words));
    }

    /** x [N, 4] - Gemm 6 - Relu - Gemm 3 - y, with the first weights given. */
    private static Nets mlp(Nets nets, float[] weights, float[] bias) {
        return nets.input("x", -1, 4)
                .output("y", -1, 3)
                .tensor("W", weights, 6, 4)
                .tensor("b", bias, 6)
                .tensor("V", 3, 6)
                .tensor("c", 3)
                .node("Gemm h x W b", Nets.integer("transB", 1))
                .node("Relu a h")
                .node("Gemm y a V c", Nets.integer("transB", 1));
    }

    @Test
    void constantUnitsGoIntoTheNextBias() throws IOException {
        Nets nets = new Nets(1);
        float[] bias = {1, -1, .5f, .25f, -.5f, 2};
        ShrinkReport report = shrink(mlp(nets, Nets.zeroRows(nets.weights(24), 6, 0, 1, 5), bias));
        assertEquals(
                new ShrunkLayer("h", "Gemm", 6, 3, 3, 0, 0), report.layers().get(0));
        assertEquals(List.of(3L, 4L), Nets.dims(target, "W"));
        assertEquals(List.of(3L), Nets.dims(target, "b"));
        assertEquals(List.of(3L, 3L), Nets.dims(target, "V"));
        assertEquals(4 * 6 + 6 * 3, report.before().orElseThrow().macs());
        assertEquals(4 * 3 + 3 * 3, report.after().orElseThrow().macs());
        assertEquals(Files.size(target), report.after().orElseThrow().bytes());
        assertTrue(report.assumptions().isEmpty());
        assertTrue(isLeftAlone(report, "'y' is an output"));
    }

    @Test
    void copiesAreMerged() throws IOException {
        Nets nets = new Nets(2);
        float[] bias = {1, 1, .5f, .25f, .5f, 2};
        float[] weights = Nets.copyRow(Nets.copyRow(nets.weights(24), 6, 0, 1), 6, 2, 4);
        ShrinkReport report = shrink(mlp(nets, weights, bias));
        assertEquals(
                new ShrunkLayer("h", "Gemm", 6, 4, 0, 2, 0), report.layers().get(0));
        bias[4] = .75f; // no longer a copy
        nets = new Nets(2);
        report = shrink(mlp(nets, Nets.copyRow(Nets.copyRow(nets.weights(24), 6, 0, 1), 6, 2, 4), bias));
        assertEquals(1, report.removedUnits());
    }

    /** What nobody reads goes, and then what only it read. */
    @Test
    void unreadUnitsGoLayerByLayer() throws IOException {
        Nets nets = new Nets(3);
        float[] second = nets.weights(5 * 6);
        for (int row = 1; row < 5; row++) {
            second[row * 6 + 2] = 0; // unit 2 of the first layer is read by unit 0 of the second alone
        }
        float[] third = nets.weights(2 * 5);
        third[0] = 0;
        third[5] = -0f;
        ShrinkReport report = shrink(nets.input("x", -1, 4)
                .output("y", -1, 2)
                .tensor("W", 4, 6)
                .tensor("V", second, 5, 6)
                .tensor("U", third, 2, 5)
                .node("MatMul h x W")
                .node("Tanh a h")
                .node("Gemm g a V", Nets.integer("transB", 1))
                .node("Sigmoid e g")
                .node("Gemm y e U", Nets.integer("transB", 1)));
        assertEquals(
                new ShrunkLayer("h", "MatMul", 6, 5, 0, 0, 1), report.layers().get(0));
        assertEquals(
                new ShrunkLayer("g", "Gemm", 5, 4, 0, 0, 1), report.layers().get(1));
        assertEquals(List.of(4L, 5L), Nets.dims(target, "W"));
    }

    @Test
    void factorsOfGemmAndAMissingBias() throws IOException {
        Nets nets = new Nets(4);
        ShrinkReport report = shrink(nets.input("x", -1, 4)
                .output("y", -1, 3)
                .tensor("W", Nets.zeroRows(nets.weights(24), 6, 1, 3), 6, 4)
                .tensor("b", 1, 6)
                .tensor("V", 6, 3)
                .tensor("c", 3)
                .tensor("U", 3, 3)
                .node("Gemm h x W b", Nets.integer("transB", 1), Nets.number("beta", 3))
                .node("Sigmoid a h")
                .node("Gemm g a V c", Nets.number("alpha", -2), Nets.number("beta", .5f))
                .node("Identity i g")
                .node("MatMul y i U"));
        assertEquals(2, report.layers().get(0).constant());
        nets = new Nets(4);
        report = shrink(nets.input("x", -1, 4)
                .output("y", -1, 3)
                .tensor("W", Nets.zeroRows(nets.weights(24), 6, 1, 3), 6, 4)
                .tensor("b", 6)
                .tensor("V", 6, 3)
                .node("Gemm h x W b", Nets.integer("transB", 1))
                .node("Sigmoid a h")
                .node("MatMul y a V"));
        assertEquals(2, report.layers().get(0).constant());
        assertTrue(Nets.graph(target).getNodeList().stream()
                .anyMatch(node -> node.getOpType().equals("Add")));
    }

    /** x [N, 2, 8, 8] - Conv 6 - BatchNormalization - Relu - MaxPool - Conv 4, padded or not - Flatten - Gemm. */
    private static Nets cnn(Nets nets, float[] bias, float[] shift, long pad) {
        long side = 2 + 2 * pad;
        return nets.input("x", -1, 2, 8, 8)
                .output("y", -1, 3)
                .tensor("W", Nets.zeroRows(nets.weights(6 * 18), 6, 0, 2), 6, 2, 3, 3)
                .tensor("b", bias, 6)
                .tensor("s", nets.positive(6), 6)
                .tensor("t", shift, 6)
                .tensor("m", new float[6], 6)
                .tensor("v", nets.positive(6), 6)
                .tensor("V", 4, 6, 3, 3)
                .tensor("U", 3, 4 * side * side)
                .tensor("c", 3)
                .node("Conv h x W b", Nets.ints("pads", 1, 1, 1, 1))
                .node("BatchNormalization n h s t m v")
                .node("Relu a n")
                .node("MaxPool p a", Nets.ints("kernel_shape", 2, 2), Nets.ints("strides", 2, 2))
                .node("Conv g p V", Nets.ints("pads", pad, pad, pad, pad))
                .node("Relu r g")
                .node("Flatten f r")
                .node("Gemm y f U c", Nets.integer("transB", 1));
    }

    @Test
    void constantChannelsThroughNormalizationAndPooling() throws IOException {
        float[] shift = {1, 1, 1, 1, 1, 1};
        ShrinkReport report = shrink(cnn(new Nets(5), new float[6], shift, 0));
        assertEquals(
                new ShrunkLayer("h", "Conv", 6, 4, 2, 0, 0), report.layers().get(0));
        assertEquals(List.of(4L), Nets.dims(target, "s"));
        assertEquals(List.of(4L, 4L, 3L, 3L), Nets.dims(target, "V"));
    }

    @Test
    void aPaddedConvolutionTakesOnlyZeros() throws IOException {
        float[] shift = {1, 1, -1, 1, 1, 1}; // channel 0 is 1 behind the Relu, channel 2 is 0
        ShrinkReport report = shrink(cnn(new Nets(6), new float[6], shift, 1));
        assertEquals(
                new ShrunkLayer("h", "Conv", 6, 5, 1, 0, 0), report.layers().get(0));
        assertTrue(
                isLeftAlone(report, "padded convolution 'g'"),
                report.leftAlone().toString());
    }

    /** A channel that its normalisation scales by 0 is constant, whatever its weights. */
    @Test
    void aScaleOfZero() throws IOException {
        Nets nets = new Nets(7);
        float[] scale = nets.positive(6);
        scale[3] = 0;
        ShrinkReport report = shrink(nets.input("x", -1, 2, 5, 5)
                .output("y", -1, 3)
                .tensor("W", 6, 2, 3, 3)
                .tensor("s", scale, 6)
                .tensor("t", 6)
                .tensor("m", 6)
                .tensor("v", nets.positive(6), 6)
                .tensor("V", 6, 3)
                .node("Conv h x W")
                .node("BatchNormalization n h s t m v")
                .node("GlobalAveragePool p n")
                .node("Flatten f p")
                .node("Gemm y f V"));
        assertEquals(
                new ShrunkLayer("h", "Conv", 6, 5, 1, 0, 0), report.layers().get(0));
    }

    private static Nets residual(Nets nets, float[] first, float[] second) {
        return nets.input("x", -1, 4)
                .output("y", -1, 3)
                .tensor("W", first, 6, 4)
                .tensor("V", second, 6, 6)
                .tensor("b", 6)
                .tensor("U", 6, 3)
                .node("Gemm h x W", Nets.integer("transB", 1))
                .node("Relu a h")
                .node("Gemm g a V b", Nets.integer("transB", 1))
                .node("Add r g h")
                .node("Gemm y r U");
    }

    @Test
    void aResidualAdditionGoesWhereBothSidesAreDead() throws IOException {
        Nets nets = new Nets(8);
        float[] first = Nets.zeroRows(nets.weights(24), 6, 1, 4);
        ShrinkReport report = shrink(residual(nets, first, Nets.zeroRows(nets.weights(36), 6, 4, 5)));
        assertEquals(5, report.layers().get(0).after());
        assertEquals(5, report.layers().get(1).after());
        assertEquals(List.of(5L, 5L), Nets.dims(target, "V"));
    }

    @Test
    void depthwiseConvolutionsAndConcat() throws IOException {
        Nets nets = new Nets(9);
        ShrinkReport report = shrink(nets.input("x", -1, 2, 6, 6)
                .output("y", -1, 3)
                .tensor("W", Nets.zeroRows(nets.weights(4 * 2), 4, 1), 4, 2, 1, 1)
                .tensor("D", 4, 1, 3, 3)
                .tensor("d", 4)
                .tensor("V", Nets.zeroRows(nets.weights(5 * 18), 5, 0, 3), 5, 2, 3, 3)
                .longs("shape", -1, 9 * 16)
                .tensor("U", 9 * 16, 3)
                .node("Conv h x W")
                .node("Conv k h D d", Nets.integer("group", 4))
                .node("Conv g x V")
                .node("Concat j k g", Nets.integer("axis", 1))
                .node("Relu r j")
                .node("Reshape f r shape")
                .node("Gemm y f U"));
        assertEquals(3, report.layers().get(0).after());
        assertEquals(3, report.layers().get(1).after());
        assertEquals(List.of(3L, 1L, 3L, 3L), Nets.dims(target, "D"));
        assertEquals(List.of(6L * 16, 3L), Nets.dims(target, "U"));
        assertEquals(1, report.layers().get(0).constant());
    }

    @Test
    void oneUnitOfALayerStays() throws IOException {
        Nets nets = new Nets(10);
        ShrinkReport report = shrink(mlp(nets, new float[24], nets.weights(6)));
        assertEquals(1, report.layers().get(0).after());
        assertTrue(isLeftAlone(report, "last unit"), report.leftAlone().toString());
    }

    @Test
    void whatIsNotUnderstoodStays() throws IOException {
        Nets nets = new Nets(11);
        float[] dead = Nets.zeroRows(nets.weights(24), 6, 1);
        ShrinkReport report = shrink(nets.input("x", -1, 4)
                .output("y", -1, 3)
                .tensor("W", dead, 6, 4)
                .tensor("V", 6, 3)
                .node("Gemm h x W", Nets.integer("transB", 1))
                .node("Softmax a h")
                .node("Gemm y a V"));
        assertFalse(report.shrunk());
        assertTrue(isLeftAlone(report, "'a' (Softmax)"), report.leftAlone().toString());
        assertEquals(List.of(6L, 4L), Nets.dims(target, "W"));

        nets = new Nets(11); // used twice
        report = shrink(nets.input("x", -1, 4)
                .output("y", -1, 4)
                .tensor("W", Nets.zeroRows(nets.weights(16), 4, 1), 4, 4)
                .node("Gemm h x W", Nets.integer("transB", 1))
                .node("Gemm y h W", Nets.integer("transB", 1)));
        assertFalse(report.shrunk());
        assertTrue(isLeftAlone(report, "used 2 times"), report.leftAlone().toString());

        nets = mlp(new Nets(11), new float[24], new float[6]); // a caller may replace them
        nets.graph().addInput(TestModels.value("W", 6, 4));
        report = shrink(nets);
        assertFalse(report.shrunk());
        assertTrue(isLeftAlone(report, "may replace"), report.leftAlone().toString());
    }

    /** 40 inputs, of which 5 are unread, and 8 unmoved and always 0.5. */
    @Test
    void deadInputs() throws IOException {
        Nets nets = new Nets(12);
        float[] weights = nets.weights(40 * 512);
        for (int row = 0; row < 512; row++) {
            for (int at = 0; at < 5; at++) {
                weights[row * 40 + at] = 0;
            }
        }
        Path model = nets.input("x", -1, 1, 5, 8)
                .output("y", -1, 3)
                .tensor("W", weights, 512, 40)
                .tensor("b", 512)
                .tensor("V", 512, 3)
                .node("Flatten f x")
                .node("Gemm h f W b", Nets.integer("transB", 1))
                .node("Relu a h")
                .node("Gemm y a V")
                .write(folder);
        float[] samples = nets.weights(40 * 20);
        BitSet unmoved = new BitSet();
        unmoved.set(10, 20); // 18 and 19 vary in the calibration set
        for (int sample = 0; sample < 20; sample++) {
            for (int at = 8; at < 18; at++) {
                samples[sample * 40 + at] = .5f; // 8 and 9 have moved
            }
        }
        ShrinkOptions options = ShrinkOptions.of(1).with(new Calibration(samples, 40), Map.of("W", unmoved));
        ShrinkReport report = Nets.shrink(model, target, options);
        assertEquals(List.of(new ShrunkInputs("h", 40, 27, 8, 5)), report.inputs());
        assertEquals(
                List.of("values 10-17 of input 'x' are always 0.5"),
                report.assumptions().stream().map(Assumption::text).toList());
        assertEquals(20, report.proof().orElseThrow().calibrationSamples());
        assertEquals(List.of(512L, 27L), Nets.dims(target, "W"));
        assertEquals(
                5,
                Nets.graph(target)
                        .getInput(0)
                        .getType()
                        .getTensorType()
                        .getShape()
                        .getDim(2)
                        .getDimValue());

        report = Nets.shrink(model, target, options.keepingInputs());
        assertFalse(report.shrunk());
        report = Nets.shrink(model, target);
        assertEquals(List.of(new ShrunkInputs("h", 40, 35, 0, 5)), report.inputs());
        assertTrue(report.assumptions().isEmpty());
    }

    /** Picking 39 of 40 inputs for three units would take longer than it saves. */
    @Test
    void deadInputsThatAreNotWorthIt() throws IOException {
        Nets nets = new Nets(13);
        float[] weights = nets.weights(40 * 3);
        weights[0] = 0;
        weights[40] = 0;
        weights[80] = 0;
        ShrinkReport report = shrink(nets.input("x", -1, 40)
                .output("y", -1, 3)
                .tensor("W", weights, 3, 40)
                .node("Gemm y x W", Nets.integer("transB", 1)));
        assertFalse(report.shrunk());
        assertTrue(
                isLeftAlone(report, "longer than it saves"), report.leftAlone().toString());
    }

    /** Weights in a data file are read in; the smaller model has them inside. */
    @Test
    void weightsInADataFile() throws IOException {
        Nets nets = new Nets(15);
        float[] weights = Nets.zeroRows(nets.weights(24), 6, 0, 3);
        mlp(nets, weights, nets.weights(6));
        Files.write(folder.resolve("w.bin"), TestModels.floats(weights).toByteArray());
        OnnxMl.TensorProto.Builder outside = TestModels.tensor("W", 1, 6, 4)
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue("w.bin"));
        nets.graph().setInitializer(0, outside);
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        ShrinkReport report = Nets.shrink(nets.write(folder), elsewhere.resolve("small.onnx"));
        assertEquals(2, report.removedUnits());
        assertTrue(report.before().orElseThrow().bytes() > 96 + Files.size(folder.resolve("w.bin")));
        try (java.util.stream.Stream<Path> files = Files.list(elsewhere)) {
            assertEquals(1, files.count());
        }
    }

    /** A tolerance that nothing meets: nothing is written. */
    @Test
    void unequalOutputsAreNotWritten() throws IOException {
        Nets nets = new Nets(14);
        Path model = mlp(nets, Nets.zeroRows(nets.weights(24), 6, 0, 1, 5), new float[] {1, 2, 3, 4, 5, 6})
                .write(folder);
        ShrinkOptions options = new ShrinkOptions(1, 0, 64, true, Optional.empty(), Map.of());
        UnequalOutputsException e =
                assertThrows(UnequalOutputsException.class, () -> Nets.shrink(model, target, options));
        assertTrue(String.valueOf(e.getMessage()).contains("nothing was written"), e.getMessage());
        assertFalse(Files.exists(target));
    }
}
