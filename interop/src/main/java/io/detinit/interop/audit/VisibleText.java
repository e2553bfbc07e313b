package io.detinit.interop.audit;

import java.util.Locale;

/**
 * Text of strangers for reports.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class VisibleText {

    private VisibleText() {}

    /**
     * Text whose every character can be seen: control characters, line separators, marks of direction, other invisible marks and
     * lone surrogates are written as {@code \}{@code u{202E}}, which says what stood there and does nothing.
     *
     * @param text any text
     * @return the text
     */
    public static String of(String text) {
        if (text.codePoints().noneMatch(VisibleText::isInvisible)) {
            return text;
        }
        StringBuilder shown = new StringBuilder();
        text.codePoints().forEach(point -> {
            if (isInvisible(point)) {
                shown.append("\\u{")
                        .append(String.format(Locale.ROOT, "%04X", point))
                        .append('}');
            } else {
                shown.appendCodePoint(point);
            }
        });
        return shown.toString();
    }

    private static boolean isInvisible(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> true;
            default -> false;
        };
    }
}
