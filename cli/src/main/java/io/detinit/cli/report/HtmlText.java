package io.detinit.cli.report;

import io.detinit.interop.audit.VisibleText;
import java.util.Locale;

/** Text and numbers as a page shows them. Stateless. */
public final class HtmlText {

    /** The longest name that is shown whole, in code points. */
    private static final int LONGEST = 120;

    private static final String SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";

    private HtmlText() {}

    /** Text whose every character can be seen, as {@link VisibleText} writes it. */
    static String visible(String text) {
        return VisibleText.of(text);
    }

    /**
     * A name, without its middle where it is very long.
     *
     * @param name any name
     * @return at most about 120 characters
     */
    public static String shortened(String name) {
        int length = name.codePointCount(0, name.length());
        if (length <= LONGEST) {
            return name;
        }
        int half = LONGEST / 2;
        return name.substring(0, name.offsetByCodePoints(0, half))
                + " \u2026 "
                + name.substring(name.offsetByCodePoints(0, length - half));
    }

    /**
     * Three digits: 0.0123, 12.3, 1.23e-5.
     *
     * @param value the number
     * @return its text, {@code -} where it is NaN
     */
    public static String number(double value) {
        if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
            return value == 0 ? "0" : Double.isNaN(value) ? "-" : "infinite";
        }
        double abs = Math.abs(value);
        if (abs >= 9.995e-4 && abs < 9995) {
            int digits = 2 - (int) Math.floor(Math.log10(abs * 1.00001));
            return Text.format("%." + Math.max(0, digits) + "f", value);
        }
        return exponent(Text.format("%.2e", value));
    }

    /**
     * A number that a person gave: 1e-5, 0.001, 20.
     *
     * @param value the number
     * @return its text
     */
    public static String given(double value) {
        String text = Double.toString(value).toLowerCase(Locale.ROOT);
        return exponent(text);
    }

    /** Without needless zeros: {@code 1.00e-05} becomes {@code 1e-5}. */
    private static String exponent(String text) {
        int e = text.indexOf('e');
        String mantissa = e < 0 ? text : text.substring(0, e);
        if (mantissa.indexOf('.') >= 0) {
            mantissa = mantissa.replaceAll("0+$", "").replaceAll("\\.$", "");
        }
        return e < 0 ? mantissa : mantissa + "e" + Integer.parseInt(text.substring(e + 1));
    }

    /** A share: per cent with one digit, but 0 and 100 only where it is exactly that. */
    static String share(long count, long of) {
        double percent = of == 0 ? 0 : 100.0 * count / of;
        if (count > 0 && percent < 0.05) {
            return "< 0.1 %";
        }
        if (count < of && percent >= 99.95) {
            return "> 99.9 %";
        }
        return Text.percent(percent);
    }

    /** A power of ten, such as 10 with a raised -5. */
    static String powerOfTen(int exponent) {
        StringBuilder text = new StringBuilder("10");
        if (exponent < 0) {
            text.append('\u207b');
        }
        Integer.toString(Math.abs(exponent))
                .chars()
                .map(digit -> SUPERSCRIPTS.charAt(digit - '0'))
                .forEach(digit -> text.append((char) digit));
        return text.toString();
    }

    /**
     * A count and its noun, such as {@code 1,024 weights}.
     *
     * @param count how many
     * @param one what one of them is called
     * @return both
     */
    public static String count(long count, String one) {
        return Text.count(count) + " " + one + (count == 1 ? "" : "s");
    }

    /**
     * A coordinate of a drawing.
     *
     * @param value the coordinate
     * @return at most two digits after the point
     */
    public static String at(double value) {
        String text = Text.format("%.2f", value);
        return text.replaceAll("\\.?0+$", "");
    }
}
