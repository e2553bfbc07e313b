package io.detinit.interop.plan;

import java.math.BigInteger;
import java.util.Locale;

/**
 * A seed as users write it: decimal or 0x hex, from -2^63 to 2^64-1.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class SeedText {

    private static final BigInteger LOWEST = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger END = BigInteger.ONE.shiftLeft(64);

    private SeedText() {}

    /**
     * Reads a seed.
     *
     * @param text the text
     * @return its 64 bits
     * @throws IllegalArgumentException if it is none
     */
    public static long parse(String text) {
        String digits = text.strip().toLowerCase(Locale.ROOT);
        boolean negative = digits.startsWith("-");
        String unsigned = negative || digits.startsWith("+") ? digits.substring(1) : digits;
        try {
            BigInteger value =
                    unsigned.startsWith("0x") ? new BigInteger(unsigned.substring(2), 16) : new BigInteger(unsigned);
            value = negative ? value.negate() : value;
            if (value.compareTo(LOWEST) >= 0 && value.compareTo(END) < 0 && !unsigned.startsWith("-")) {
                return value.longValue();
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(
                "'" + text + "' is no seed; give an integer from -2^63 to 2^64-1, decimal or 0x hex");
    }
}
