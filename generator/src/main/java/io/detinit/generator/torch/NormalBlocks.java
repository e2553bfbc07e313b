package io.detinit.generator.torch;

import io.detinit.generator.ReducedPrecision;

/**
 * The Box-Muller transform as {@code normal_} applies it to blocks of sixteen uniform values in [0, 1): values j and j + 8
 * of a block become a pair of normals.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class NormalBlocks {

    /** The elements of a block, and the fewest for which blocks are used. */
    static final int SIZE = 16;

    private static final int HALF = SIZE / 2;
    private static final float TWO_PI_FLOAT = (float) (2 * Math.PI);

    private NormalBlocks() {}

    /** Sixteen float32 from {@code at} on, in place. */
    static void transform(float[] data, int at, float mean, float std, NormalKernel kernel, boolean fused) {
        for (int j = at; j < at + HALF; j++) {
            float u1 = 1 - data[j];
            float u2 = data[j + HALF];
            float cos;
            float sin;
            float log;
            if (kernel == NormalKernel.AVX2) {
                float theta = TWO_PI_FLOAT * u2;
                log = CephesFloat.log(u1);
                cos = CephesFloat.cos(theta);
                sin = CephesFloat.sin(theta);
            } else {
                float theta = (float) (2 * Math.PI * u2);
                log = GlibcFloat.log(u1);
                cos = GlibcFloat.cos(theta);
                sin = GlibcFloat.sin(theta);
            }
            float radius = (float) Math.sqrt(-2 * log);
            data[j] = scale(radius * cos, std, mean, fused);
            data[j + HALF] = scale(radius * sin, std, mean, fused);
        }
    }

    private static float scale(float normal, float std, float mean, boolean fused) {
        return fused ? Math.fma(normal, std, mean) : normal * std + mean;
    }

    /** Sixteen float64 from {@code at} on, in place. */
    static void transform(double[] data, int at, double mean, double std, boolean fused) {
        for (int j = at; j < at + HALF; j++) {
            double u1 = 1 - data[j];
            double theta = 2 * Math.PI * data[j + HALF];
            double radius = Math.sqrt(-2 * StrictMath.log(u1));
            data[j] = scale(radius * StrictMath.cos(theta), mean, std, fused);
            data[j + HALF] = scale(radius * StrictMath.sin(theta), mean, std, fused);
        }
    }

    /** A standard normal scaled and moved. */
    static double scale(double normal, double mean, double std, boolean fused) {
        return fused ? Math.fma(normal, std, mean) : normal * std + mean;
    }

    /** Sixteen values of a reduced dtype from {@code at} on, in place, every operation rounded to that dtype. */
    static void transformReduced(float[] data, int at, float mean, float std, TorchDtype dtype) {
        for (int j = at; j < at + HALF; j++) {
            float u1 = round(1 - data[j], dtype);
            float theta = round((float) (2 * Math.PI * data[j + HALF]), dtype);
            float log = round(-2 * round(GlibcFloat.log(u1), dtype), dtype);
            float radius = round((float) Math.sqrt(log), dtype);
            float cos = round(GlibcFloat.cos(theta), dtype);
            float sin = round(GlibcFloat.sin(theta), dtype);
            data[j] = round(round(round(radius * cos, dtype) * std, dtype) + mean, dtype);
            data[j + HALF] = round(round(round(radius * sin, dtype) * std, dtype) + mean, dtype);
        }
    }

    /**
     * Sixteen values of a reduced dtype from {@code at} on, in place: radius and angle rounded to that dtype, the functions and
     * the products left in float32.
     */
    static void transformInFloat(float[] data, int at, float mean, float std, TorchDtype dtype, boolean fused) {
        for (int j = at; j < at + HALF; j++) {
            float theta = round((float) (2 * Math.PI * data[j + HALF]), dtype);
            float radius = round((float) Math.sqrt(-2 * GlibcFloat.log(1 - data[j])), dtype);
            data[j] = round(scale(radius * GlibcFloat.cos(theta), std, mean, fused), dtype);
            data[j + HALF] = round(scale(radius * GlibcFloat.sin(theta), std, mean, fused), dtype);
        }
    }

    /** A float32 rounded half to even to a dtype and widened again. */
    static float round(float value, TorchDtype dtype) {
        return switch (dtype) {
            case FLOAT16 -> ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16(value));
            case BFLOAT16 -> ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16(value));
            default -> value;
        };
    }
}
