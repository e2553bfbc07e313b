package io.detinit.interop.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Masks of one safetensors file, carried to files that name, turn, scale, round, copy, split and join its weights. */
class MaskTransferTest {

    private static final TensorShape SQUARE = TensorShape.of(8, 8);
    private static final TensorShape KERNELS = TensorShape.of(6, 4, 3, 3);

    @TempDir
    Path folder;

    private static float[] drawn(TensorShape shape, long seed) {
        Random random = new Random(seed);
        float[] values = new float[(int) shape.elements()];
        for (int k = 0; k < values.length; k++) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    private static ArrayTensor tensor(String name, TensorShape shape, float[] values) {
        return ArrayTensor.of(name, shape, values);
    }

    private static ArrayTensor tensor(String name, TensorShape shape, long seed) {
        return tensor(name, shape, drawn(shape, seed));
    }

    private static Mask mask(TensorShape shape, long seed) {
        Random random = new Random(seed);
        return Mask.of(shape, element -> random.nextBoolean());
    }

    private static float[] turned(float[] values, int rows, int cols) {
        float[] turned = new float[values.length];
        for (int k = 0; k < values.length; k++) {
            turned[k % cols * rows + k / cols] = values[k];
        }
        return turned;
    }

    private Path write(String name, TensorView... tensors) throws IOException {
        Path file = folder.resolve(name);
        SafetensorsWriter.write(file, List.of(tensors), Map.of());
        return file;
    }

    private MaskFile masks(Map<String, Mask> masks) throws IOException {
        Path file = folder.resolve("masks.safetensors");
        MaskFile.write(
                file,
                new StoredMasks(masks, Set.of(), true),
                MaskRecord.of("test", List.of(), "detinit test"),
                Optional.empty());
        return MaskFile.read(file);
    }

    private MaskTransfer transfer(Map<String, Mask> masks, Path from, Path to) throws IOException {
        try (Checkpoint source = Checkpoints.open(from);
                Checkpoint target = Checkpoints.open(to)) {
            MaskTransfer one = MaskTransfer.of(masks(masks), source, target, 1);
            assertEquals(one, MaskTransfer.of(masks(masks), source, target, 3), "threads change nothing");
            return one;
        }
    }

    private static TransferredMask find(MaskTransfer transfer, String to) {
        return transfer.transferred().stream()
                .filter(one -> one.name().equals(to))
                .findFirst()
                .orElseThrow(() -> new AssertionError(to + " in " + transfer));
    }

    private static void check(
            MaskTransfer transfer, String to, String from, How how, boolean turned, Content content, Mask mask) {
        TransferredMask one = find(transfer, to);
        assertEquals(List.of(from), one.sources(), to);
        assertEquals(how, one.how(), to);
        assertEquals(turned, one.transposed(), to);
        assertEquals(content, one.content(), to);
        assertEquals(mask, one.mask(), to);
        assertEquals(content == Content.DIFFERS, !Double.isNaN(one.correlation()), to);
    }

    private static String reason(MaskTransfer transfer, String name) {
        return transfer.unmatched().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " in " + transfer))
                .reason();
    }

    private Path products(String first, float[] one, String second, float[] other) throws IOException {
        return TestModels.write(
                folder,
                OnnxMl.GraphProto.newBuilder()
                        .setName("g")
                        .addInput(TestModels.value("x", -1, 8))
                        .addOutput(TestModels.value("y", -1, 8))
                        .addNode(TestModels.node("MatMul", "h", "x", first))
                        .addNode(TestModels.node("MatMul", "y", "h", second))
                        .addInitializer(TestModels.raw(first, new long[] {8, 8}, one))
                        .addInitializer(TestModels.raw(second, new long[] {8, 8}, other)));
    }

    @Test
    void renamedAndTransposedLayersOfOneShapeAreToldApartByTheirValues() throws IOException {
        Path from = write("a.safetensors", tensor("fc1.weight", SQUARE, 1), tensor("fc2.weight", SQUARE, 2));
        Map<String, Mask> masks = Map.of("fc1.weight", mask(SQUARE, 1), "fc2.weight", mask(SQUARE, 2));
        Path to = products(
                "onnx::MatMul_7", turned(drawn(SQUARE, 2), 8, 8), "onnx::MatMul_9", turned(drawn(SQUARE, 1), 8, 8));
        MaskTransfer transfer = transfer(masks, from, to);
        check(
                transfer,
                "onnx::MatMul_7",
                "fc2.weight",
                How.CONTENT,
                true,
                Content.IDENTICAL,
                mask(SQUARE, 2).transposed());
        check(
                transfer,
                "onnx::MatMul_9",
                "fc1.weight",
                How.CONTENT,
                true,
                Content.IDENTICAL,
                mask(SQUARE, 1).transposed());
        assertEquals(List.of(), transfer.unmatched());
        assertEquals(List.of(), transfer.warnings());
        assertEquals(
                Set.of("onnx::MatMul_7", "onnx::MatMul_9"), transfer.masks().inOut());
        assertEquals(mask(SQUARE, 1), transfer.masks().logical().get("onnx::MatMul_9"));
    }

    @Test
    void valuesOutweighNames() throws IOException {
        Path from = write("a.safetensors", tensor("x.weight", SQUARE, 1), tensor("y.weight", SQUARE, 2));
        Path to = write("b.safetensors", tensor("x.weight", SQUARE, 2), tensor("y.weight", SQUARE, 1));
        MaskTransfer transfer = transfer(Map.of("x.weight", mask(SQUARE, 1), "y.weight", mask(SQUARE, 2)), from, to);
        check(transfer, "x.weight", "y.weight", How.CONTENT, false, Content.IDENTICAL, mask(SQUARE, 2));
        check(transfer, "y.weight", "x.weight", How.CONTENT, false, Content.IDENTICAL, mask(SQUARE, 1));
    }

    @Test
    void aMatrixThatAFileKeepsTheOtherWayRoundThanItsKindIsTakenAsItLies() throws IOException {
        Path from = write("a.safetensors", tensor("c_attn.weight", SQUARE, 1), tensor("c_proj.weight", SQUARE, 2));
        Path to = products("c_attn.weight", drawn(SQUARE, 1), "onnx::MatMul_9", drawn(SQUARE, 2));
        MaskTransfer transfer =
                transfer(Map.of("c_attn.weight", mask(SQUARE, 1), "c_proj.weight", mask(SQUARE, 2)), from, to);
        check(transfer, "c_attn.weight", "c_attn.weight", How.NAME, false, Content.IDENTICAL, mask(SQUARE, 1));
        check(transfer, "onnx::MatMul_9", "c_proj.weight", How.CONTENT, false, Content.IDENTICAL, mask(SQUARE, 2));
    }

    @Test
    void manyLayersOfOneShapeKeepTheirMasks() throws IOException {
        int layers = 20;
        Map<String, Mask> masks = new LinkedHashMap<>();
        List<TensorView> sources = new ArrayList<>();
        List<TensorView> targets = new ArrayList<>();
        for (int k = 0; k < layers; k++) {
            masks.put("layer." + k, mask(SQUARE, k));
            sources.add(tensor("layer." + k, SQUARE, k));
            float[] values = drawn(SQUARE, k);
            targets.add(tensor("v" + k, SQUARE, k % 2 == 0 ? values : turned(values, 8, 8)));
        }
        Collections.shuffle(targets, new Random(5));
        MaskTransfer transfer = transfer(
                masks,
                write("a.safetensors", sources.toArray(TensorView[]::new)),
                write("b.safetensors", targets.toArray(TensorView[]::new)));
        assertEquals(layers, transfer.transferred().size());
        for (int k = 0; k < layers; k++) {
            Mask expected = k % 2 == 0 ? mask(SQUARE, k) : mask(SQUARE, k).transposed();
            check(transfer, "v" + k, "layer." + k, How.CONTENT, k % 2 == 1, Content.IDENTICAL, expected);
        }
    }

    private static float[] scaled(float[] values, int inner, int lines) {
        float[] scaled = new float[values.length];
        for (int k = 0; k < values.length; k++) {
            int line = k / inner % lines;
            scaled[k] = values[k] * (0.3f + 0.37f * line) * (line == 1 ? -1 : 1);
        }
        return scaled;
    }

    @Test
    void aFoldedNormScalesTheMaskedWeightsAndForbidsInitialOnes() throws IOException {
        Path from = write(
                "a.safetensors",
                tensor("conv.weight", KERNELS, 1),
                tensor("other.weight", KERNELS, 2),
                tensor("up.weight", KERNELS, 3),
                tensor("fc.weight", SQUARE, 4));
        Path to = write(
                "b.safetensors",
                tensor("459", KERNELS, scaled(drawn(KERNELS, 1), 36, 6)),
                tensor("other.weight", KERNELS, scaled(drawn(KERNELS, 2), 36, 6)),
                tensor("462", KERNELS, scaled(drawn(KERNELS, 3), 9, 4)),
                tensor("fc.weight", SQUARE, 4));
        Map<String, Mask> masks = new LinkedHashMap<>();
        List.of("conv.weight", "other.weight", "up.weight").forEach(name -> masks.put(name, mask(KERNELS, 7)));
        masks.put("fc.weight", mask(SQUARE, 8));
        MaskTransfer transfer = transfer(masks, from, to);
        check(transfer, "459", "conv.weight", How.CONTENT, false, Content.SCALED, mask(KERNELS, 7));
        check(transfer, "other.weight", "other.weight", How.NAME, false, Content.SCALED, mask(KERNELS, 7));
        check(transfer, "462", "up.weight", How.CONTENT, false, Content.SCALED, mask(KERNELS, 7));
        assertEquals(List.of(), transfer.unmatched());
        try (Checkpoint target = Checkpoints.open(to)) {
            Baseline baseline = Baseline.none(target);
            MaskTransfer filled = transfer.withInitialValues(baseline);
            assertEquals(Map.of("fc.weight", mask(SQUARE, 8)), filled.logical(baseline));
            assertEquals(3, filled.unmatched().size());
            assertTrue(reason(filled, "up.weight").contains("a normalisation was folded"), filled.toString());
            Baseline empty =
                    new Baseline(baseline.kind(), baseline.seed(), Map.of(), Map.of("fc.weight", "why"), List.of());
            assertTrue(reason(transfer.withInitialValues(empty), "fc.weight").contains("no initial values: why"));
        }
    }

    @Test
    void rowsThatAreNotProportionalAreNoFoldedNorm() throws IOException {
        float[] bent = scaled(drawn(KERNELS, 1), 36, 6);
        bent[200] *= 1.01f;
        Path from = write("a.safetensors", tensor("conv.weight", KERNELS, 1));
        MaskTransfer transfer = transfer(
                Map.of("conv.weight", mask(KERNELS, 1)), from, write("b.safetensors", tensor("459", KERNELS, bent)));
        assertEquals(List.of(), transfer.transferred());
        assertTrue(reason(transfer, "conv.weight").contains("none has its values"), transfer.toString());
    }

    private static float[] trainedFurther(TensorShape shape, long seed, double step) {
        float[] values = drawn(shape, seed);
        float[] steps = drawn(shape, seed + 100);
        for (int k = 0; k < values.length; k++) {
            values[k] += (float) (step * steps[k]);
        }
        return values;
    }

    @Test
    void weightsThatWereTrainedFurtherAreKnownByNameOrByCorrelation() throws IOException {
        Path from = write(
                "a.safetensors",
                tensor("a.weight", SQUARE, 1),
                tensor("b.weight", SQUARE, 2),
                tensor("c.weight", SQUARE, 3),
                tensor("d.weight", SQUARE, 4));
        Path to = write(
                "b.safetensors",
                tensor("module.a.weight", SQUARE, trainedFurther(SQUARE, 1, 0.01)),
                tensor("17", SQUARE, turned(trainedFurther(SQUARE, 2, 0.1), 8, 8)),
                tensor("c.weight", SQUARE, 50),
                tensor("19", SQUARE, 51));
        Map<String, Mask> masks = new LinkedHashMap<>();
        List.of("a.weight", "b.weight", "c.weight", "d.weight").forEach(name -> masks.put(name, mask(SQUARE, 9)));
        MaskTransfer transfer = transfer(masks, from, to);
        check(transfer, "module.a.weight", "a.weight", How.CANONICAL_NAME, false, Content.DIFFERS, mask(SQUARE, 9));
        check(
                transfer,
                "17",
                "b.weight",
                How.CONTENT,
                true,
                Content.DIFFERS,
                mask(SQUARE, 9).transposed());
        check(transfer, "c.weight", "c.weight", How.NAME, false, Content.DIFFERS, mask(SQUARE, 9));
        assertTrue(find(transfer, "module.a.weight").correlation() > 0.99);
        assertTrue(Math.abs(find(transfer, "c.weight").correlation()) < 0.5);
        assertEquals(3, transfer.warnings().size());
        assertTrue(transfer.warnings().get(0).startsWith("module.a.weight: its weights differ"));
        assertEquals(1, transfer.unmatched().size());
        assertTrue(reason(transfer, "d.weight").contains("none has its values"), "neither shape nor place is a match");
    }

    @Test
    void whatIsMissingOrOfAnotherShapeIsListed() throws IOException {
        TensorShape wide = TensorShape.of(4, 9);
        Path from = write("a.safetensors", tensor("a", SQUARE, 1), tensor("b", wide, 2), tensor("c", SQUARE, 3));
        Path to = write("b.safetensors", tensor("a", SQUARE, 1), tensor("c", TensorShape.of(8, 7), 3));
        MaskTransfer transfer =
                transfer(Map.of("a", mask(SQUARE, 1), "b", mask(wide, 2), "c", mask(SQUARE, 3)), from, to);
        assertEquals(1, transfer.transferred().size());
        assertEquals("no parameter has its shape [4, 9]", reason(transfer, "b"));
        assertEquals("'c' has the shape [8, 7], not [8, 8]", reason(transfer, "c"));
        assertThrows(
                MalformedFileException.class,
                () -> transfer(Map.of("z", mask(SQUARE, 1)), from, to),
                "not from's mask");
    }

    @Test
    void copiesWithoutNamesAreAmbiguousUnlessTheirMasksAreTheSame() throws IOException {
        Path from = write("a.safetensors", tensor("l.0.w", SQUARE, 1), tensor("l.1.w", SQUARE, 1));
        Path renamed = write("b.safetensors", tensor("u", SQUARE, 1), tensor("v", SQUARE, 1));
        Map<String, Mask> different = Map.of("l.0.w", mask(SQUARE, 1), "l.1.w", mask(SQUARE, 2));
        MaskTransfer ambiguous = transfer(different, from, renamed);
        assertEquals(List.of(), ambiguous.transferred());
        assertTrue(reason(ambiguous, "l.0.w").contains("no name tells them apart"), ambiguous.toString());
        MaskTransfer alike = transfer(Map.of("l.0.w", mask(SQUARE, 1), "l.1.w", mask(SQUARE, 1)), from, renamed);
        assertEquals(List.of(), alike.unmatched());
        assertEquals(2, alike.transferred().size());
        Path named = write("c.safetensors", tensor("m.l.1.w", SQUARE, 1), tensor("m.l.0.w", SQUARE, 1));
        MaskTransfer told = transfer(different, from, named);
        check(told, "m.l.1.w", "l.1.w", How.CANONICAL_NAME, false, Content.IDENTICAL, mask(SQUARE, 2));
        check(told, "m.l.0.w", "l.0.w", How.CANONICAL_NAME, false, Content.IDENTICAL, mask(SQUARE, 1));
        MaskTransfer joined = transfer(different, from, write("d.safetensors", tensor("l.0.w", SQUARE, 1)));
        assertTrue(reason(joined, "l.1.w").contains("has them once"), joined.toString());
    }

    @Test
    void aTiedWeightThatTheExporterCopiedIsMaskedInEveryCopy() throws IOException {
        TensorShape shape = TensorShape.of(10, 4);
        Path from = write("a.safetensors", tensor("emb.weight", shape, 1));
        Path to = write(
                "b.safetensors",
                tensor("emb.weight", shape, 1),
                tensor("onnx::MatMul_3", TensorShape.of(4, 10), turned(drawn(shape, 1), 10, 4)));
        MaskTransfer transfer = transfer(Map.of("emb.weight", mask(shape, 1)), from, to);
        check(transfer, "emb.weight", "emb.weight", How.NAME, false, Content.IDENTICAL, mask(shape, 1));
        check(
                transfer,
                "onnx::MatMul_3",
                "emb.weight",
                How.CONTENT,
                true,
                Content.IDENTICAL,
                mask(shape, 1).transposed());
    }

    private static TensorView narrow(String name, TensorShape shape, long seed, DType dtype) {
        float[] values = drawn(shape, seed);
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putShort(dtype == DType.F16 ? ReducedPrecision.toFloat16(value) : ReducedPrecision.toBfloat16(value));
        }
        return ArrayTensor.of(new TensorInfo(name, dtype, shape, TensorInfo.Kind.PARAMETER), bytes.flip());
    }

    @Test
    void aNarrowerDtypeRounds() throws IOException {
        Path from = write(
                "a.safetensors",
                tensor("a", SQUARE, 1),
                tensor("b", SQUARE, 2),
                tensor("bias", TensorShape.of(4), new float[] {1, 2, 3, 4}));
        Path to = write("b.safetensors", narrow("p", SQUARE, 2, DType.BF16), narrow("q", SQUARE, 1, DType.F16));
        MaskTransfer transfer = transfer(Map.of("a", mask(SQUARE, 1), "b", mask(SQUARE, 2)), from, to);
        check(transfer, "p", "b", How.CONTENT, false, Content.ROUNDED, mask(SQUARE, 2));
        check(transfer, "q", "a", How.CONTENT, false, Content.ROUNDED, mask(SQUARE, 1));
        assertFalse(transfer.toString().contains("bias"));
    }

    @Test
    void constantsAreKnownByNameAlone() throws IOException {
        float[] ones = new float[64];
        Arrays.fill(ones, 1);
        Path from = write("a.safetensors", tensor("a", SQUARE, ones), tensor("b", SQUARE, ones));
        Path to = write("b.safetensors", tensor("a", SQUARE, ones), tensor("z", SQUARE, ones));
        MaskTransfer transfer = transfer(Map.of("a", mask(SQUARE, 1), "b", mask(SQUARE, 2)), from, to);
        assertEquals(1, transfer.transferred().size());
        check(transfer, "a", "a", How.NAME, false, Content.IDENTICAL, mask(SQUARE, 1));
        assertTrue(reason(transfer, "b").contains("its values are all the same"), transfer.toString());
    }

    private static float[] rows(float[] values, int cols, int... order) {
        float[] rows = new float[order.length * cols];
        for (int k = 0; k < order.length; k++) {
            System.arraycopy(values, order[k] * cols, rows, k * cols, cols);
        }
        return rows;
    }

    @Test
    void splitJoinedAndReorderedRowsTakeTheirMasksAlong() throws IOException {
        TensorShape gates = TensorShape.of(8, 3); // 4 gates of 2 units
        TensorShape packed = TensorShape.of(6, 5);
        TensorShape dead = TensorShape.of(2, 5);
        Path from = write(
                "a.safetensors",
                tensor("lstm.w", gates, 1),
                tensor("lstm.w_reverse", gates, 2),
                tensor("in_proj", packed, 3),
                tensor("half", packed, 4),
                tensor("dead", dead, new float[] {0, 0, 0, 0, 0, 1, 2, 3, 4, 5}));
        int[] order = {0, 1, 6, 7, 2, 3, 4, 5};
        float[] both = Arrays.copyOf(rows(drawn(gates, 1), 3, order), 48);
        System.arraycopy(rows(drawn(gates, 2), 3, order), 0, both, 24, 24);
        Path to = write(
                "b.safetensors",
                tensor("W", TensorShape.of(2, 8, 3), both),
                tensor("q", TensorShape.of(5, 2), turned(rows(drawn(packed, 3), 5, 0, 1), 2, 5)),
                tensor("kv", TensorShape.of(4, 5), rows(drawn(packed, 3), 5, 2, 3, 4, 5)),
                tensor("part", TensorShape.of(3, 5), rows(drawn(packed, 4), 5, 5, 1, 0)),
                tensor("live", TensorShape.of(1, 5), new float[] {1, 2, 3, 4, 5}));
        Map<String, Mask> masks = new LinkedHashMap<>();
        masks.put("lstm.w", mask(gates, 1));
        masks.put("in_proj", mask(packed, 3));
        masks.put("half", mask(packed, 4));
        masks.put("dead", mask(dead, 5));
        MaskTransfer transfer = transfer(masks, from, to);
        TransferredMask recurrent = find(transfer, "W");
        assertEquals(List.of("lstm.w"), recurrent.sources());
        assertEquals(
                Mask.of(
                        TensorShape.of(2, 8, 3),
                        element ->
                                element >= 24 || mask(gates, 1).keeps(order[(int) (element / 3)] * 3L + element % 3)),
                recurrent.mask(),
                "the other direction has no mask: it is kept");
        check(
                transfer,
                "q",
                "in_proj",
                How.ROWS,
                true,
                Content.IDENTICAL,
                Mask.of(TensorShape.of(2, 5), element -> mask(packed, 3).keeps(element))
                        .transposed());
        check(
                transfer,
                "kv",
                "in_proj",
                How.ROWS,
                false,
                Content.IDENTICAL,
                Mask.of(TensorShape.of(4, 5), element -> mask(packed, 3).keeps(element + 10)));
        assertEquals(1, transfer.unmatched().size());
        assertEquals("only 3 of its 6 rows were found", reason(transfer, "half"));
        assertEquals("dead", find(transfer, "live").sources().get(0));
    }
}
