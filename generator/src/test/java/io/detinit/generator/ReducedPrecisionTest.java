package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ReducedPrecisionTest {

    /** The value of a binary16 from its definition. */
    private static double float16(int bits) {
        int exponent = bits >>> 10 & 31;
        int fraction = bits & 0x3FF;
        double magnitude = exponent == 0
                ? fraction * 0x1p-24
                : exponent == 31
                        ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                        : Math.scalb(1024 + fraction, exponent - 25);
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    @Test
    void everyFloat16HasItsValueAndComesBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = ReducedPrecision.fromFloat16((short) bits);
            assertEquals(float16(bits), value, "bits " + Integer.toHexString(bits));
            if (!Float.isNaN(value)) {
                assertEquals(bits, ReducedPrecision.toFloat16(value) & 0xFFFF);
            } else {
                assertTrue(Float.isNaN(ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16(value))));
            }
        }
    }

    @Test
    void float16RoundsToTheNearestAndTiesToEven() {
        for (int bits = 0; bits < 0x7BFF; bits++) {
            float low = (float) float16(bits);
            float high = (float) float16(bits + 1);
            float middle = (low + high) / 2; // exact
            int even = (bits & 1) == 0 ? bits : bits + 1;
            assertEquals(even, ReducedPrecision.toFloat16(middle));
            assertEquals(bits, ReducedPrecision.toFloat16(Math.nextDown(middle)));
            assertEquals(bits + 1, ReducedPrecision.toFloat16(Math.nextUp(middle)));
            assertEquals(bits | 0x8000, ReducedPrecision.toFloat16(Math.nextUp(-middle)) & 0xFFFF);
        }
        assertEquals(0x7BFF, ReducedPrecision.toFloat16(Math.nextDown(65520f)));
        assertEquals(0x7C00, ReducedPrecision.toFloat16(65520f));
        assertEquals(0x7C00, ReducedPrecision.toFloat16(Float.POSITIVE_INFINITY));
        assertEquals(0x8000, ReducedPrecision.toFloat16(-0f) & 0xFFFF);
    }

    @Test
    void bfloat16RoundsToTheNearestAndTiesToEven() {
        Random random = new Random(3);
        for (int k = 0; k < 1_000_000; k++) {
            float value = Float.intBitsToFloat(random.nextInt());
            short rounded = ReducedPrecision.toBfloat16(value);
            float back = ReducedPrecision.fromBfloat16(rounded);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(back));
                continue;
            }
            int low = Float.floatToRawIntBits(value) & 0xFFFF;
            int expected = Float.floatToRawIntBits(value) >>> 16;
            boolean up = low > 0x8000 || (low == 0x8000 && (expected & 1) == 1);
            assertEquals(expected + (up ? 1 : 0), rounded & 0xFFFF);
        }
        assertEquals(0x3F80, ReducedPrecision.toBfloat16(Float.intBitsToFloat(0x3F808000)));
        assertEquals(0x3F82, ReducedPrecision.toBfloat16(Float.intBitsToFloat(0x3F818000)));
    }
}
