package io.detinit.generator.torch;

/**
 * Natural logarithm, sine and cosine in float32 as glibc 2.28 to 2.40 computes them: polynomials and tables in float64,
 * rounded once. The coefficients are those of Arm's Optimized Routines (Szabolcs Nagy and Wilco Dijkstra, 2017-2018; MIT),
 * on which glibc's {@code logf}, {@code sinf} and {@code cosf} rest.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class GlibcFloat {

    /** The mantissa at which the first of the sixteen intervals of the logarithm begins. */
    private static final int LOG_OFFSET = 0x3F33_0000;

    /** Reciprocals of points near the middle of each interval. */
    private static final double[] LOG_RECIPROCAL = {
        0x1.661ec79f8f3bep+0,
        0x1.571ed4aaf883dp+0,
        0x1.49539f0f010bp+0,
        0x1.3c995b0b80385p+0,
        0x1.30d190c8864a5p+0,
        0x1.25e227b0b8eap+0,
        0x1.1bb4a4a1a343fp+0,
        0x1.12358f08ae5bap+0,
        0x1.0953f419900a7p+0,
        0x1p+0,
        0x1.e608cfd9a47acp-1,
        0x1.ca4b31f026aap-1,
        0x1.b2036576afce6p-1,
        0x1.9c2d163a1aa2dp-1,
        0x1.886e6037841edp-1,
        0x1.767dcf5534862p-1
    };

    /** Logarithms of those points. */
    private static final double[] LOG_POINT = {
        -0x1.57bf7808caadep-2,
        -0x1.2bef0a7c06ddbp-2,
        -0x1.01eae7f513a67p-2,
        -0x1.b31d8a68224e9p-3,
        -0x1.6574f0ac07758p-3,
        -0x1.1aa2bc79c81p-3,
        -0x1.a4e76ce8c0e5ep-4,
        -0x1.1973c5a611cccp-4,
        -0x1.252f438e10c1ep-5,
        0x0p+0,
        0x1.aa5aa5df25984p-5,
        0x1.c5e53aa362eb4p-4,
        0x1.526e57720db08p-3,
        0x1.bc2860d22477p-3,
        0x1.1058bc8a07ee1p-2,
        0x1.4043057b6ee09p-2
    };

    private static final double LN2 = 0x1.62e42fefa39efp-1;
    private static final double[] LOG = {-0x1.00ea348b88334p-2, 0x1.5575b0be00b6ap-2, -0x1.ffffef20a4123p-2};

    /** 2/pi scaled by 2^24. */
    private static final double QUADRANTS = 0x1.45F306DC9C883p+23;

    private static final double HALF_PI = 0x1.921FB54442D18p0;
    private static final double[] COS = {
        1, -0x1.ffffffd0c621cp-2, 0x1.55553e1068f19p-5, -0x1.6c087e89a359dp-10, 0x1.99343027bf8c3p-16
    };
    private static final double[] SIN = {-0x1.555545995a603p-3, 0x1.1107605230bc4p-7, -0x1.994eb3774cf24p-13};

    private GlibcFloat() {}

    /**
     * The natural logarithm.
     *
     * @param value a positive normal number
     * @return its logarithm; +0 for 1
     */
    static float log(float value) {
        int bits = Float.floatToRawIntBits(value);
        int above = bits - LOG_OFFSET;
        int interval = above >>> 19 & 15;
        double r = Float.intBitsToFloat(bits - (above & 0xFF80_0000)) * LOG_RECIPROCAL[interval] - 1;
        double whole = LOG_POINT[interval] + (above >> 23) * LN2;
        double square = r * r;
        double y = LOG[0] * square + (LOG[1] * r + LOG[2]);
        return (float) (y * square + (whole + r));
    }

    /**
     * The sine.
     *
     * @param angle the angle in radians, in [0, 120)
     * @return its sine
     */
    static float sin(float angle) {
        return angle < 0x1p-12f ? angle : wave(angle, 0);
    }

    /**
     * The cosine.
     *
     * @param angle the angle in radians, in [0, 120)
     * @return its cosine
     */
    static float cos(float angle) {
        return angle < 0x1p-12f ? 1 : wave(angle, 1);
    }

    /** The sine of the angle plus some quarter turns. */
    private static float wave(float angle, int quarterTurns) {
        int quadrant = 0;
        double x = angle;
        if (Float.floatToRawIntBits(angle) >>> 20 >= 0x3F4) { // 0.75 and more; below, pi/4 is not reached
            quadrant = ((int) (angle * QUADRANTS) + 0x80_0000) >> 24;
            x -= quadrant * HALF_PI;
        }
        int turn = (quadrant + quarterTurns) & 3;
        double value = (turn & 1) == 0 ? sinPolynomial(x) : cosPolynomial(x);
        return (float) ((turn & 2) == 0 ? value : -value);
    }

    private static double sinPolynomial(double x) {
        double square = x * x;
        double cube = x * square;
        double high = SIN[1] + square * SIN[2];
        return (x + cube * SIN[0]) + (cube * square) * high;
    }

    private static double cosPolynomial(double x) {
        double square = x * x;
        double fourth = square * square;
        double high = COS[3] + square * COS[4];
        double low = COS[0] + square * COS[1];
        return (low + fourth * COS[2]) + (fourth * square) * high;
    }
}
