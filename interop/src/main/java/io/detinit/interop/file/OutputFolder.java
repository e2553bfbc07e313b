package io.detinit.interop.file;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes a folder that appears whole or not at all: everything goes into a temporary folder beside the target, which is renamed in
 * the end.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class OutputFolder {

    private OutputFolder() {}

    /** Writes the content of a folder. */
    @FunctionalInterface
    public interface Body {
        /**
         * Writes the content.
         *
         * @param folder an empty folder
         * @throws IOException if writing fails
         */
        void write(Path folder) throws IOException;
    }

    /**
     * Checks early, before long work, that a folder can be written.
     *
     * @param target the folder to appear; an empty one counts as new
     * @param force whether an existing one may be replaced
     * @throws FileAlreadyExistsException if it exists, is not empty and must not be replaced
     * @throws IOException if its parent cannot be made or written
     */
    public static void check(Path target, boolean force) throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            if (!Files.isDirectory(target)) {
                throw new FileAlreadyExistsException(
                        target.toString(), null, "is a file, a folder is to be written there");
            }
            if (!force && !isEmpty(target)) {
                throw new FileAlreadyExistsException(target.toString(), null, "exists; --force replaces it");
            }
        }
        Path parent = parent(target);
        for (Path folder = parent; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder) && !Files.isDirectory(folder)) {
                throw new NotDirectoryException(folder.toString());
            }
        }
        Files.createDirectories(parent);
        Path probe = Files.createTempDirectory(parent, ".detinit-probe");
        Files.delete(probe);
    }

    /**
     * Writes a folder.
     *
     * @param target the folder to appear
     * @param force whether an existing one may be replaced
     * @param body writes the content
     * @throws IOException as {@link #check}, or if the body fails; then the target is as it was before
     */
    public static void write(Path target, boolean force, Body body) throws IOException {
        check(target, force);
        Path temporary = Files.createTempDirectory(
                parent(target), "." + target.toAbsolutePath().getFileName() + ".");
        Path old = temporary.resolveSibling(temporary.getFileName() + ".old");
        try {
            body.write(temporary);
            openToOthers(temporary);
            boolean replace = Files.exists(target, LinkOption.NOFOLLOW_LINKS);
            if (replace) {
                Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
            }
            try {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                if (replace) {
                    Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
                }
                throw e;
            }
            deleteTree(old);
        } finally {
            deleteTree(temporary);
        }
    }

    /** A temporary folder is private; the result gets the rights that a new folder would have. */
    private static void openToOthers(Path temporary) throws IOException {
        if (Files.getFileStore(temporary).supportsFileAttributeView("posix")) {
            Path model = Files.createDirectory(temporary.resolve(".rights"));
            Files.setPosixFilePermissions(temporary, Files.getPosixFilePermissions(model));
            Files.delete(model);
        }
    }

    private static Path parent(Path target) throws IOException {
        Path parent = target.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(target + ": not a folder name");
        }
        return parent;
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> files = Files.walk(root)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }
}
