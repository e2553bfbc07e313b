package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.detinit.generator.torch.NormalKernel;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchGenerator;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchVariant;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The libtorch that DJL brings, on this processor, against the replay: one variant must match everything. What libtorch
 * computes with the C library is compared to one unit in the last place of float32, everything else bit for bit.
 */
class TorchParityTest {

    private static final int[] SIZES = {1, 2, 3, 15, 16, 17, 31, 32, 33, 100, 1000};

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private static void seed(long seed) {
        Engine.getEngine("PyTorch").setRandomSeed(Math.toIntExact(seed));
    }

    private float[] uniform(long seed, double from, double to, int size, DataType type) {
        seed(seed);
        try (NDArray drawn = manager.randomUniform((float) from, (float) to, new Shape(size), type)) {
            return drawn.toType(DataType.FLOAT32, true).toFloatArray();
        }
    }

    /** The variant of this processor, found on one tensor; every test then requires it. */
    private TorchVariant variant() {
        float[] engine = uniform(1, -0.3, 0.3, 1000, DataType.FLOAT32);
        TorchVariant found = null;
        for (TorchVariant variant : TorchVariant.values()) {
            float[] replay = new float[engine.length];
            new TorchGenerator(1, TorchKernels.of(variant))
                    .uniform((float) -0.3, (float) 0.3, replay, TorchDtype.FLOAT32);
            if (Arrays.equals(engine, replay)) {
                assertEquals(null, found, "both variants match, so the tensor tells nothing");
                found = variant;
            }
        }
        assertTrue(found != null, "neither variant matches this libtorch");
        return found;
    }

    /** The variant, and the AVX2 polynomials if they give the engine's bits; else the C library is left. */
    private TorchKernels kernels() {
        TorchKernels avx2 = new TorchKernels(variant(), NormalKernel.AVX2, TorchEra.V2_7);
        float[] replay = new float[1000];
        new TorchGenerator(1, avx2).normal(0, 1, replay, TorchDtype.FLOAT32);
        seed(1);
        try (NDArray drawn = manager.randomNormal(0, 1, new Shape(replay.length), DataType.FLOAT32)) {
            boolean same = Arrays.equals(drawn.toFloatArray(), replay);
            return same ? avx2 : new TorchKernels(avx2.variant(), NormalKernel.LIBM, avx2.era());
        }
    }

    @Test
    void uniformFloats() {
        TorchKernels kernels = kernels();
        for (int size : SIZES) {
            for (float bound : new float[] {0.05f, 0.3f, 1, 7.3f}) {
                float[] replay = new float[size];
                new TorchGenerator(size, kernels).uniform(-bound, bound, replay, TorchDtype.FLOAT32);
                assertArrayEquals(uniform(size, -bound, bound, size, DataType.FLOAT32), replay);
            }
        }
    }

    @Test
    void uniformDoubles() {
        TorchKernels kernels = kernels();
        for (int size : SIZES) {
            double[] replay = new double[size];
            new TorchGenerator(size, kernels).uniform(-0.3f, 0.7f, replay);
            seed(size);
            try (NDArray drawn = manager.randomUniform(-0.3f, 0.7f, new Shape(size), DataType.FLOAT64)) {
                assertArrayEquals(drawn.toDoubleArray(), replay);
            }
        }
    }

    @Test
    void uniformHalves() {
        TorchKernels kernels = kernels();
        for (int size : SIZES) {
            float[] replay = new float[size];
            new TorchGenerator(size, kernels).uniform(-0.3f, 0.7f, replay, TorchDtype.FLOAT16);
            assertArrayEquals(uniform(size, -0.3f, 0.7f, size, DataType.FLOAT16), replay);
        }
    }

    /** Bit for bit with the AVX2 kernel; with the C library's functions within one unit in the last place. */
    @Test
    void normalFloats() {
        TorchKernels kernels = kernels();
        for (int size : SIZES) {
            float[] replay = new float[size];
            new TorchGenerator(size, kernels).normal(0.25f, 1.5f, replay, TorchDtype.FLOAT32);
            seed(size);
            try (NDArray drawn = manager.randomNormal(0.25f, 1.5f, new Shape(size), DataType.FLOAT32)) {
                float[] engine = drawn.toFloatArray();
                boolean exact = size >= 16 && kernels.normal() == NormalKernel.AVX2;
                for (int i = 0; i < size; i++) {
                    assertEquals(engine[i], replay[i], exact ? 0 : Math.ulp(engine[i]), size + "[" + i + "]");
                }
            }
        }
    }

    /** The C library's logarithm, sine and cosine each to one unit in the last place, two products, one sum. */
    @Test
    void normalDoubles() {
        TorchKernels kernels = kernels();
        for (int size : SIZES) {
            double[] replay = new double[size];
            new TorchGenerator(size, kernels).normal(0, 1, replay);
            seed(size);
            try (NDArray drawn = manager.randomNormal(0, 1, new Shape(size), DataType.FLOAT64)) {
                double[] engine = drawn.toDoubleArray();
                for (int i = 0; i < size; i++) {
                    assertEquals(engine[i], replay[i], 4 * Math.ulp(engine[i]), size + "[" + i + "]");
                }
            }
        }
    }

    /** A normal that is left over from a pair is used by the next small tensor, uniform draws between or not. */
    @Test
    void theSecondNormalOfAPairSurvives() {
        TorchGenerator replay = new TorchGenerator(9, kernels());
        seed(9);
        for (int size : new int[] {3, 1, 20, 5, 2, 7, 16, 1}) {
            float[] normals = new float[size];
            float[] uniforms = new float[4];
            replay.normal(0, 1, normals, TorchDtype.FLOAT32);
            replay.uniform(0, 1, uniforms, TorchDtype.FLOAT32);
            try (NDArray engine = manager.randomNormal(0, 1, new Shape(size), DataType.FLOAT32);
                    NDArray between = manager.randomUniform(0, 1, new Shape(4), DataType.FLOAT32)) {
                float[] expected = engine.toFloatArray();
                for (int i = 0; i < size; i++) {
                    assertEquals(expected[i], normals[i], Math.ulp(expected[i]), size + "[" + i + "]");
                }
                assertArrayEquals(between.toFloatArray(), uniforms);
            }
        }
    }

    /** A float16 rounds every operation; a unit in its last place is 2^13 of float32's. */
    @Test
    void normalHalves() {
        TorchKernels kernels = kernels();
        for (int size : SIZES) {
            float[] replay = new float[size];
            new TorchGenerator(size, kernels).normal(0.25f, 1.5f, replay, TorchDtype.FLOAT16);
            seed(size);
            try (NDArray drawn = manager.randomNormal(0.25f, 1.5f, new Shape(size), DataType.FLOAT16);
                    NDArray wide = drawn.toType(DataType.FLOAT32, true)) {
                float[] engine = wide.toFloatArray();
                for (int i = 0; i < size; i++) {
                    assertEquals(engine[i], replay[i], 0x1p13f * Math.ulp(engine[i]), size + "[" + i + "]");
                }
            }
        }
    }

    /** Which eras' rules give the engine's half normals: those of {@link TorchEra#V2_7}, and nearly no value by chance else. */
    @Test
    void halfNormalsRoundEveryOperation() {
        seed(3);
        float[] engine;
        try (NDArray drawn = manager.randomNormal(0.25f, 1.5f, new Shape(4096), DataType.FLOAT16);
                NDArray wide = drawn.toType(DataType.FLOAT32, true)) {
            engine = wide.toFloatArray();
        }
        assertTrue(equal(engine, TorchEra.V2_7) > 4000, equal(engine, TorchEra.V2_7) + " of 4096");
        assertTrue(equal(engine, TorchEra.V1_2) < 3000, equal(engine, TorchEra.V1_2) + " of 4096");
        assertTrue(equal(engine, TorchEra.V2_15) < 3000, equal(engine, TorchEra.V2_15) + " of 4096");
    }

    private int equal(float[] engine, TorchEra era) {
        float[] replay = new float[engine.length];
        new TorchGenerator(3, kernels().withEra(era)).normal(0.25f, 1.5f, replay, TorchDtype.FLOAT16);
        int equal = 0;
        for (int i = 0; i < replay.length; i++) {
            equal += replay[i] == engine[i] ? 1 : 0;
        }
        return equal;
    }

    /** DJL brings a libtorch of before the change that {@link TorchEra#V2_15} names: eleven bits, not twenty-four. */
    @Test
    void halvesAreDrawnInTheirOwnPrecision() {
        float[] engine = uniform(5, 0, 1, 1000, DataType.FLOAT16);
        for (float value : engine) {
            assertEquals(Math.rint(value * 2048), value * 2048);
        }
        float[] replay = new float[engine.length];
        new TorchGenerator(5, kernels().withEra(TorchEra.V2_15)).uniform(0, 1, replay, TorchDtype.FLOAT16);
        assertFalse(Arrays.equals(engine, replay));
    }
}
