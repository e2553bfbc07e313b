package io.detinit.cli;

import java.util.Locale;

/** How numbers are written for people. */
final class Text {

    private Text() {}

    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    static String percent(double percent) {
        return format("%.1f %%", percent);
    }

    static String count(long value) {
        return format("%,d", value);
    }

    static String fraction(double value) {
        return format("%.4f", value);
    }
}
