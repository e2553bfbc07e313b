package io.detinit.interop.file;

import java.io.IOException;

/**
 * A file whose bytes break the rules of its format, or use a feature that is not supported. The message is one line: the
 * file, the place in it, what was found, what was expected and what to do.
 */
public final class MalformedFileException extends IOException {

    private static final long serialVersionUID = 1L;

    private MalformedFileException(String message) {
        super(message);
    }

    /**
     * A malformed file.
     *
     * @param file the file as the user named it
     * @param where the place: a tensor, a field, {@code byte 12}
     * @param found what stands there
     * @param expected what the format wants
     * @return the exception
     */
    public static MalformedFileException of(Object file, String where, String found, String expected) {
        return new MalformedFileException(oneLine(file + ": " + where + ": found " + found + ", expected " + expected));
    }

    /**
     * A well-formed file that uses something this version cannot read.
     *
     * @param file the file as the user named it
     * @param where the place
     * @param what the unsupported thing
     * @param advice what to do
     * @return the exception
     */
    public static MalformedFileException unsupported(Object file, String where, String what, String advice) {
        return new MalformedFileException(oneLine(file + ": " + where + ": " + what + " is not supported; " + advice));
    }

    /**
     * The same, with what to do.
     *
     * @param found what is wrong
     * @param advice what to do
     * @return the exception
     */
    public static MalformedFileException withAdvice(MalformedFileException found, String advice) {
        return new MalformedFileException(oneLine(String.valueOf(found.getMessage()) + "; " + advice));
    }

    /** Strings from a stranger's file reach the message: no control characters, bounded length. */
    private static String oneLine(String message) {
        String clean = message.replaceAll("\\p{Cntrl}", "?");
        return clean.length() <= 1000 ? clean : clean.substring(0, 1000) + "...";
    }
}
