package io.detinit.interop.numpy;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the Python dict of an {@code .npy} header: exactly the keys {@code descr} (a string), {@code fortran_order} (True or
 * False) and {@code shape} (a tuple of integers). Nothing nests, so no depth can grow; nothing else of Python is read.
 *
 * <p>Not safe for use by several threads.
 */
final class NpyDict {

    private final String text;
    private final String file;
    private final int start;
    private int at;
    private @Nullable NpyType type;
    private @Nullable Boolean fortranOrder;
    private @Nullable TensorShape shape;

    /**
     * A reader.
     *
     * @param text the dict with its padding
     * @param file for messages
     * @param start where it begins in the file, for messages
     */
    NpyDict(String text, String file, int start) {
        this.text = text;
        this.file = file;
        this.start = start;
    }

    /**
     * Reads.
     *
     * @param bytes the length of the whole header
     * @return the header
     * @throws MalformedFileException if the text is anything else
     */
    NpyHeader read(int bytes) throws MalformedFileException {
        expect('{');
        while (peek() != '}') {
            key(string());
            if (peek() != ',') {
                break;
            }
            at++;
        }
        expect('}');
        skipSpace();
        if (at < text.length()) {
            throw malformed("'" + text.charAt(at) + "' after the dict", "spaces and a newline");
        }
        if (type == null || fortranOrder == null || shape == null) {
            String missing = type == null ? "descr" : fortranOrder == null ? "fortran_order" : "shape";
            throw malformed("no '" + missing + "'", "'descr', 'fortran_order' and 'shape'");
        }
        return new NpyHeader(type, fortranOrder, shape, bytes);
    }

    private void key(String key) throws MalformedFileException {
        int keyAt = at - key.length() - 1;
        boolean again = switch (key) {
            case "descr" -> type != null;
            case "fortran_order" -> fortranOrder != null;
            case "shape" -> shape != null;
            default -> {
                at = keyAt;
                throw malformed("the key '" + key + "'", "'descr', 'fortran_order' or 'shape'");
            }
        };
        if (again) {
            at = keyAt;
            throw malformed("'" + key + "' a second time", "each key once");
        }
        expect(':');
        switch (key) {
            case "descr" -> type = descr();
            case "fortran_order" -> fortranOrder = bool();
            default -> shape = tuple();
        }
    }

    private NpyType descr() throws MalformedFileException {
        char next = peek();
        String where = "header, byte " + (start + at) + ": 'descr'";
        if (next == '[' || next == '(' || next == '{') {
            throw MalformedFileException.unsupported(
                    file, where, "a structured element type", "save each field as an array of its own");
        }
        return NpyType.of(string(), file, where);
    }

    private boolean bool() throws MalformedFileException {
        skipSpace();
        if (text.startsWith("True", at)) {
            at += 4;
            return true;
        }
        if (text.startsWith("False", at)) {
            at += 5;
            return false;
        }
        throw malformed("no truth value for 'fortran_order'", "True or False");
    }

    private TensorShape tuple() throws MalformedFileException {
        expect('(');
        List<Long> dims = new ArrayList<>();
        boolean comma = true;
        while (peek() != ')') {
            if (!comma) {
                throw malformed("no comma", "',' or ')'");
            }
            dims.add(integer());
            comma = peek() == ',';
            if (comma) {
                at++;
            }
        }
        if (dims.size() == 1 && !comma) {
            throw malformed("a number in brackets", "a tuple, such as (3,)");
        }
        at++;
        try {
            return TensorShape.of(dims.stream().mapToLong(Long::longValue).toArray());
        } catch (IllegalArgumentException e) {
            throw malformed("'shape' " + dims, "fewer than 2^63 elements");
        }
    }

    private long integer() throws MalformedFileException {
        int from = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        String digits = text.substring(from, at);
        if (digits.isEmpty() || digits.length() > 19 || (digits.length() > 1 && digits.startsWith("0"))) {
            at = from;
            throw malformed(digits.isEmpty() ? "no axis length" : "the axis length " + digits, "an integer >= 0");
        }
        if (at < text.length() && text.charAt(at) == 'L') {
            at++; // Python 2 wrote long integers so
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            at = from;
            throw malformed("the axis length " + digits, "one below 2^63");
        }
    }

    /** A string in either quotes; the three keys and the types need no escapes, so none are read. */
    private String string() throws MalformedFileException {
        char quote = peek();
        if (quote != '\'' && quote != '"') {
            throw malformed("no string", "one in quotes");
        }
        int end = text.indexOf(quote, at + 1);
        if (end < 0 || text.substring(at, end).indexOf('\\') >= 0) {
            throw malformed(end < 0 ? "a string without an end" : "a string with a backslash", "a plain string");
        }
        String value = text.substring(at + 1, end);
        at = end + 1;
        return value;
    }

    private char peek() {
        skipSpace();
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void expect(char wanted) throws MalformedFileException {
        if (peek() != wanted) {
            throw malformed(
                    at < text.length() ? "'" + text.charAt(at) + "'" : "the end of the header", "'" + wanted + "'");
        }
        at++;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\n\r\f".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private MalformedFileException malformed(String found, String expected) {
        return MalformedFileException.of(file, "header, byte " + (start + at), found, expected);
    }
}
