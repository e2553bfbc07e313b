package io.detinit.cli.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Writes elements that are HTML and well-formed XML at once. Text and attributes are escaped here and nowhere else, so that no
 * name of a stranger's file becomes markup. A page is begun by {@link HtmlPage#begin}. Not thread-safe.
 */
public final class HtmlWriter {

    private static final Set<String> INLINE =
            Set.of("a", "b", "bdi", "code", "small", "span", "td", "text", "th", "title");

    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    HtmlWriter() {}

    /**
     * Opens an element.
     *
     * @param tag its name
     * @param attributes names and values in turns
     * @return this
     */
    public HtmlWriter open(String tag, String... attributes) {
        start(tag, attributes);
        out.append('>');
        open.push(tag);
        return this;
    }

    /**
     * Closes the element that was opened last.
     *
     * @return this
     */
    public HtmlWriter close() {
        String tag = open.pop();
        out.append("</").append(tag).append('>');
        return end(tag);
    }

    /**
     * An element without content.
     *
     * @param tag its name
     * @param attributes names and values in turns
     * @return this
     */
    public HtmlWriter empty(String tag, String... attributes) {
        start(tag, attributes);
        out.append("/>");
        return end(tag);
    }

    /**
     * An element with text.
     *
     * @param tag its name
     * @param text its content
     * @param attributes names and values in turns
     * @return this
     */
    public HtmlWriter element(String tag, String text, String... attributes) {
        return open(tag, attributes).text(text).close();
    }

    /**
     * Text, escaped.
     *
     * @param text any text
     * @return this
     */
    public HtmlWriter text(String text) {
        out.append(escape(text));
        return this;
    }

    /**
     * A name from a file: its letters' direction moves nothing around it.
     *
     * @param name any name
     * @return this
     */
    public HtmlWriter name(String name) {
        return element("bdi", HtmlText.shortened(name));
    }

    /** The style sheet: our own text, which holds no markup. */
    HtmlWriter style(String sheet) {
        out.append("<style>\n").append(sheet).append("</style>\n");
        return this;
    }

    /** The page; every element must be closed. */
    String finish() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("elements left open: " + open);
        }
        return "<!DOCTYPE html>\n" + out;
    }

    private void start(String tag, String... attributes) {
        out.append('<').append(tag);
        for (int k = 0; k < attributes.length; k += 2) {
            out.append(' ')
                    .append(attributes[k])
                    .append("=\"")
                    .append(escape(attributes[k + 1]))
                    .append('"');
        }
    }

    private HtmlWriter end(String tag) {
        if (!INLINE.contains(tag)) {
            out.append('\n');
        }
        return this;
    }

    private static String escape(String text) {
        return HtmlText.visible(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
