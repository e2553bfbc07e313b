package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.SplitMix64;
import io.detinit.generator.TensorInit;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RandomInputsTest {

    private static double[] values(RandomInputs random, DType dtype, int number, int sample, long... shape)
            throws MalformedFileException {
        List<Long> axes = Arrays.stream(shape).boxed().toList();
        FilledInput input = new FilledInput(new ModelInput("x", dtype, axes), number, axes);
        return random.sample("m", List.of(input), sample).get(0).values();
    }

    @Test
    void floatsAreWeightsOfTheAddressableInitialisation() throws IOException {
        double[] found = values(RandomInputs.of(42), DType.F32, 1, 3, 2, 5);
        TensorInit weights = TensorInit.matrix(42, 1, 4, 10, Scheme.custom(1));
        for (int e = 0; e < 10; e++) {
            assertEquals(weights.weight(3, e), found[e]);
        }
        assertArrayEquals(found, values(RandomInputs.of(42), DType.F64, 1, 3, 10));
        assertNotEquals(found[0], values(RandomInputs.of(43), DType.F32, 1, 3, 10)[0]);
        assertNotEquals(found[0], values(RandomInputs.of(42), DType.F32, 0, 3, 10)[0]);
        assertNotEquals(found[0], values(RandomInputs.of(42), DType.F32, 1, 2, 10)[0]);
        assertEquals(0, values(RandomInputs.of(42), DType.F32, 1, 3, 0, 5).length);
        assertEquals(1, values(RandomInputs.of(42), DType.F32, 1, 3).length, "a scalar");
    }

    @Test
    void uniformFloatsAndIntegersComeFromTheHash() throws IOException {
        RandomInputs random = new RandomInputs(-7, RandomInputs.Distribution.UNIFORM, 9, Map.of());
        double[] uniform = values(random, DType.F32, 2, 5, 1000);
        double[] ids = values(random, DType.I64, 2, 5, 1000);
        double[] octets = values(random, DType.I8, 2, 5, 1000);
        for (int e = 0; e < 1000; e++) {
            long h = SplitMix64.bits(-7, 2, 5, e);
            assertEquals((h >>> 40) / 16777216.0, uniform[e]);
            assertEquals(Math.floor((h >>> 32) / 0x1p32 * 10), ids[e]);
            assertEquals(Math.floor((h >>> 32) / 0x1p32 * 256) - 128, octets[e]);
        }
        assertEquals(0.5, Arrays.stream(uniform).average().orElseThrow(), 0.05);
        assertEquals(10, Arrays.stream(ids).distinct().count());
        assertEquals(
                2,
                Arrays.stream(values(random, DType.BOOL, 0, 0, 100)).distinct().count());
        assertEquals(
                255, Arrays.stream(values(random, DType.U8, 0, 0, 10000)).max().orElseThrow());
        assertEquals(
                1,
                Arrays.stream(values(RandomInputs.of(1), DType.I32, 0, 0, 100))
                        .max()
                        .orElseThrow());
    }

    /** Each type goes into ONNX Runtime and comes back: Identity. */
    @Test
    void everyTypeReachesTheModel() throws IOException {
        Map<Integer, DType> types = Map.of(
                1,
                DType.F32,
                11,
                DType.F64,
                10,
                DType.F16,
                7,
                DType.I64,
                6,
                DType.I32,
                5,
                DType.I16,
                3,
                DType.I8,
                2,
                DType.U8,
                9,
                DType.BOOL,
                16,
                DType.BF16);
        RandomInputs random = RandomInputs.of(5);
        for (Map.Entry<Integer, DType> type : types.entrySet()) {
            try (OnnxRunner runner = VerifyModels.runner(VerifyModels.identity(type.getKey(), -1, 300))) {
                assertEquals(List.of(new ModelInput("x", type.getValue(), List.of(-1L, 300L))), runner.inputs());
                List<InputValues> fed = random.sample("m", random.fill("m", runner.inputs()), 0);
                OutputValues found = runner.run(fed).get(0);
                assertEquals(List.of(1L, 300L), found.shape());
                double[] got = found.floating()
                        ? found.floats()
                        : Arrays.stream(found.integers()).asDoubleStream().toArray();
                double[] expected = Arrays.stream(fed.get(0).values())
                        .map(value -> rounded(type.getValue(), value))
                        .toArray();
                assertArrayEquals(expected, got, type.getValue().toString());
            }
        }
    }

    private static double rounded(DType dtype, double value) {
        return switch (dtype) {
            case F16 -> ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16((float) value));
            case BF16 -> ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16((float) value));
            default -> value;
        };
    }

    @Test
    void shapesAreCheckedAgainstTheModel() throws IOException {
        try (OnnxRunner runner = VerifyModels.runner(VerifyModels.two(1))) {
            assertEquals(
                    List.of(List.of(1L, 3L), List.of(2L, 1L), List.of(1L)),
                    RandomInputs.of(0).fill("m", runner.inputs()).stream()
                            .map(FilledInput::shape)
                            .toList());
            assertEquals(
                    List.of(2L, 3L),
                    shaped(Map.of("x", List.of(2L, 3L)))
                            .fill("m", runner.inputs())
                            .get(0)
                            .shape());
            for (Map<String, List<Long>> wrong :
                    List.of(Map.of("x", List.of(2L, 4L)), Map.of("x", List.of(3L)), Map.of("none", List.of(3L)))) {
                assertThrows(IllegalArgumentException.class, () -> shaped(wrong).fill("m", runner.inputs()));
            }
        }
        assertThrows(IllegalArgumentException.class, () -> shaped(Map.of("x", List.of(-1L))));
        assertThrows(
                IllegalArgumentException.class,
                () -> new RandomInputs(0, RandomInputs.Distribution.NORMAL, 32768, Map.of()));
        MalformedFileException large = assertThrows(
                MalformedFileException.class, () -> values(RandomInputs.of(0), DType.F32, 0, 0, 1L << 40, 1L << 40));
        assertTrue(String.valueOf(large.getMessage()).contains("input 'x'"), large.getMessage());
    }

    private static RandomInputs shaped(Map<String, List<Long>> shapes) {
        return new RandomInputs(0, RandomInputs.Distribution.NORMAL, 1, shapes);
    }
}
