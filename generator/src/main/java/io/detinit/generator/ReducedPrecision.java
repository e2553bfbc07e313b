package io.detinit.generator;

/**
 * float32 to float16 and bfloat16 and back, rounding half to even: what {@code tensor.half()} and {@code tensor.bfloat16()}
 * do to a float32 initialisation.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class ReducedPrecision {

    private ReducedPrecision() {}

    /**
     * Rounds to IEEE 754 binary16.
     *
     * @param value any float32; beyond 65504 it becomes infinite, a NaN stays a (quiet) NaN
     * @return the 16 bits
     */
    public static short toFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7FFFFFFF;
        if (magnitude > 0x7F800000) {
            return (short) (sign | 0x7E00 | (magnitude >>> 13 & 0x1FF));
        }
        if (magnitude >= 0x477FF000) { // 65520 and more round to infinity
            return (short) (sign | 0x7C00);
        }
        if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24; the sum with 0.5 rounds half to even
            float scaled = Float.intBitsToFloat(magnitude) + 0.5f;
            return (short) (sign | (Float.floatToRawIntBits(scaled) - 0x3F000000));
        }
        int rounded = magnitude + 0xFFF + (magnitude >>> 13 & 1);
        return (short) (sign | ((rounded - 0x38000000) >>> 13));
    }

    /**
     * The value of a binary16.
     *
     * @param bits the 16 bits
     * @return its exact value
     */
    public static float fromFloat16(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >>> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        if (exponent == 0) {
            float magnitude = fraction * 0x1p-24f;
            return Float.intBitsToFloat(Float.floatToRawIntBits(magnitude) | sign);
        }
        int wide = exponent == 31 ? 0xFF : exponent + 112;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }

    /**
     * Rounds to bfloat16.
     *
     * @param value any float32; a NaN stays a (quiet) NaN
     * @return the 16 bits
     */
    public static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7FFFFFFF) > 0x7F800000) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }

    /**
     * The value of a bfloat16.
     *
     * @param bits the 16 bits
     * @return its exact value
     */
    public static float fromBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
