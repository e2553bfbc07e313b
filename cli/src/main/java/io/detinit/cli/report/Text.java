package io.detinit.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How numbers are written for people, in every country alike. Stateless. */
public final class Text {

    /** The most runs that are listed. */
    private static final int LISTED = 24;

    private Text() {}

    /**
     * As {@link String#format}, without a country's own signs.
     *
     * @param pattern how
     * @param values what
     * @return the text
     */
    public static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /**
     * A share in per cent with one digit after the point.
     *
     * @param percent the share in per cent
     * @return the text
     */
    public static String percent(double percent) {
        return format("%.1f %%", percent);
    }

    /**
     * A count, its thousands set off by commas.
     *
     * @param value the count
     * @return the text
     */
    public static String count(long value) {
        return format("%,d", value);
    }

    /**
     * Four digits after the point.
     *
     * @param value a number of about 1
     * @return the text
     */
    public static String fraction(double value) {
        return format("%.4f", value);
    }

    /**
     * Numbers with runs drawn together, such as {@code 3: 0..1, 20}.
     *
     * @param numbers in rising order
     * @return how many there are and the first of them, or {@code none}
     */
    public static String ranges(List<Integer> numbers) {
        if (numbers.isEmpty()) {
            return "none";
        }
        List<String> parts = new ArrayList<>();
        int start = 0;
        for (int k = 1; k <= numbers.size(); k++) {
            if (k < numbers.size() && numbers.get(k) == numbers.get(k - 1) + 1) {
                continue;
            }
            parts.add(k - start == 1 ? numbers.get(start).toString() : numbers.get(start) + ".." + numbers.get(k - 1));
            start = k;
        }
        String text = String.join(", ", parts.subList(0, Math.min(LISTED, parts.size())));
        return numbers.size() + ": " + text + (parts.size() > LISTED ? ", ... (--json lists all)" : "");
    }
}
