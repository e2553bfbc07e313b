package io.detinit.interop.audit;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.tensor.DType;

/** Distances of representable numbers. */
final class Spacing {

    private Spacing() {}

    /** The distance of neighbouring numbers of a dtype at a size; 0 at 0. */
    static double at(double size, DType dtype) {
        if (!(size > 0) || Double.isInfinite(size)) {
            return 0;
        }
        int fraction = switch (dtype) {
            case F64 -> 52;
            case F16 -> 10;
            case BF16 -> 7;
            default -> 23;
        };
        int least = switch (dtype) {
            case F64 -> Double.MIN_EXPONENT;
            case F16 -> -14;
            default -> Float.MIN_EXPONENT;
        };
        return Math.scalb(1.0, Math.max(Math.getExponent(size), least) - fraction);
    }

    /** How many steps between neighbouring numbers of the dtype lie from one to the other; Long.MAX_VALUE for a NaN. */
    static long steps(float a, float b, DType dtype) {
        if (Float.isNaN(a) || Float.isNaN(b)) {
            return Long.MAX_VALUE;
        }
        return switch (dtype) {
            case F16 -> Math.abs(ordered16(ReducedPrecision.toFloat16(a)) - ordered16(ReducedPrecision.toFloat16(b)));
            case BF16 ->
                Math.abs(ordered16(ReducedPrecision.toBfloat16(a)) - ordered16(ReducedPrecision.toBfloat16(b)));
            default -> Math.abs(ordered(Float.floatToRawIntBits(a)) - ordered(Float.floatToRawIntBits(b)));
        };
    }

    /** As above, for F64. */
    static long steps(double a, double b) {
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return Long.MAX_VALUE;
        }
        long x = ordered(Double.doubleToRawLongBits(a));
        long y = ordered(Double.doubleToRawLongBits(b));
        long distance = Math.max(x, y) - Math.min(x, y);
        return distance < 0 ? Long.MAX_VALUE : distance;
    }

    private static long ordered16(short bits) {
        int magnitude = bits & 0x7FFF;
        return bits < 0 ? -magnitude : magnitude;
    }

    private static long ordered(int bits) {
        long magnitude = bits & 0x7FFF_FFFF;
        return bits < 0 ? -magnitude : magnitude;
    }

    private static long ordered(long bits) {
        long magnitude = bits & Long.MAX_VALUE;
        return bits < 0 ? -magnitude : magnitude;
    }
}
