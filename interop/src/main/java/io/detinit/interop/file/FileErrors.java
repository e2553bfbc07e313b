package io.detinit.interop.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * What went wrong with a file, in words: Java's own exceptions often hold its name alone.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class FileErrors {

    private FileErrors() {}

    /**
     * Describes a failure.
     *
     * @param e the failure
     * @return the file and what is wrong with it
     */
    public static String describe(IOException e) {
        if (e instanceof NoSuchFileException missing) {
            return describe(missing, "no such file or folder");
        }
        if (e instanceof AccessDeniedException denied) {
            return describe(denied, "permission denied");
        }
        if (e instanceof NotDirectoryException file) {
            return describe(file, "is not a folder");
        }
        if (e instanceof FileSystemException other) {
            return describe(other, "cannot be read or written");
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    /**
     * Describes a failure.
     *
     * @param e the failure
     * @param otherwise what is wrong where it does not say so
     * @return the file and what is wrong with it
     */
    public static String describe(FileSystemException e, String otherwise) {
        return e.getFile() + ": " + (e.getReason() == null ? otherwise : e.getReason());
    }
}
