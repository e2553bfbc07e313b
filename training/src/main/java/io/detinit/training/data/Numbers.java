package io.detinit.training.data;

import org.jspecify.annotations.Nullable;

/** Decimal numbers as data files write them. Stateless; safe for use by many threads. */
final class Numbers {

    private static final int LONGEST = 400;

    private Numbers() {}

    /**
     * Reads a number: digits with a sign, a decimal point and an exponent, and nothing else; no NaN, no infinity, no hexadecimal
     * digits, no suffix.
     *
     * @param text without spaces around it
     * @return the number, finite; null where the text is none
     */
    static @Nullable Double parse(String text) {
        if (text.isEmpty() || text.length() > LONGEST) {
            return null;
        }
        for (int k = 0; k < text.length(); k++) {
            char c = text.charAt(k);
            if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
                return null;
            }
        }
        try {
            double value = Double.parseDouble(text);
            return Double.isInfinite(value) ? null : value;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** {@return whether a finite number is also finite as float32} */
    static boolean fitsFloat(double value) {
        return Math.abs((float) value) <= Float.MAX_VALUE;
    }
}
