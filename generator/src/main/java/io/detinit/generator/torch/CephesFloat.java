package io.detinit.generator.torch;

/**
 * Natural logarithm, sine and cosine in float32 as PyTorch's AVX2 build of {@code normal_} computes them: Stephen Moshier's
 * Cephes polynomials (1992) in the arrangement of Julien Pommier's sse_mathfun (2007), every product that is only added to
 * something fused with that addition.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class CephesFloat {

    private static final float SQRT_HALF = 0.70710677f;
    private static final float[] LOG = {
        0.070376836f,
        -0.1151461f,
        0.116769984f,
        -0.12420141f,
        0.14249323f,
        -0.16668057f,
        0.20000714f,
        -0.24999994f,
        0.3333333f
    };
    private static final float LN2_LOW = -0.00021219444f;
    private static final float LN2_HIGH = 0.6933594f;

    private static final float FOUR_OVER_PI = 1.2732395f;
    private static final float[] MINUS_PI_OVER_4 = {-0.78515625f, -0.00024187565f, -3.774895e-08f};
    private static final float[] SIN = {-0.00019515296f, 0.008332161f, -0.16666655f};
    private static final float[] COS = {2.4433157e-05f, -0.0013887316f, 0.041666646f};

    private CephesFloat() {}

    /**
     * The natural logarithm.
     *
     * @param value a positive normal number
     * @return its logarithm
     */
    static float log(float value) {
        int bits = Float.floatToRawIntBits(value);
        float exponent = (bits >>> 23) - 126;
        float x = Float.intBitsToFloat((bits & 0x807F_FFFF) | 0x3F00_0000); // in [0.5, 1)
        if (x < SQRT_HALF) {
            exponent -= 1;
            x = (x - 1) + x;
        } else {
            x -= 1;
        }
        float z = x * x;
        float y = LOG[0];
        for (int i = 1; i < LOG.length; i++) {
            y = Math.fma(y, x, LOG[i]);
        }
        y = Math.fma(y * x, z, exponent * LN2_LOW);
        y = Math.fma(-z, 0.5f, y);
        return Math.fma(exponent, LN2_HIGH, x + y);
    }

    /** The odd-rounded octant j of an angle >= 0: the angle is j * pi/4 plus a remainder in [-pi/4, pi/4]. */
    private static int octant(float angle) {
        return ((int) (angle * FOUR_OVER_PI) + 1) & ~1;
    }

    private static float remainder(float angle, int octant) {
        float x = angle;
        for (float part : MINUS_PI_OVER_4) {
            x = Math.fma(octant, part, x);
        }
        return x;
    }

    /**
     * The sine.
     *
     * @param angle the angle in radians, in [0, 8192)
     * @return its sine
     */
    static float sin(float angle) {
        int octant = octant(angle);
        float x = remainder(angle, octant);
        float value = (octant & 2) == 0 ? sinPolynomial(x) : cosPolynomial(x);
        return (octant & 4) == 0 ? value : -value;
    }

    /**
     * The cosine.
     *
     * @param angle the angle in radians, in [0, 8192)
     * @return its cosine
     */
    static float cos(float angle) {
        int octant = octant(angle);
        float x = remainder(angle, octant);
        float value = (octant & 2) == 0 ? cosPolynomial(x) : sinPolynomial(x);
        return ((octant - 2) & 4) == 0 ? -value : value;
    }

    private static float sinPolynomial(float x) {
        float z = x * x;
        float y = Math.fma(SIN[0], z, SIN[1]);
        y = Math.fma(y, z, SIN[2]) * z;
        return Math.fma(y, x, x);
    }

    private static float cosPolynomial(float x) {
        float z = x * x;
        float y = Math.fma(COS[0], z, COS[1]);
        y = Math.fma(y, z, COS[2]) * z;
        return Math.fma(y, z, -(z * 0.5f)) + 1;
    }
}
