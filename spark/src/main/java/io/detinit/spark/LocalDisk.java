package io.detinit.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The temporary folder of the machine that a task runs on, for files that are not written from front to back, such as archives.
 * Stateless.
 */
final class LocalDisk {

    private LocalDisk() {}

    /** Writes a file of this machine. */
    @FunctionalInterface
    interface Body {
        void write(Path file) throws IOException;
    }

    /** The folder: the property {@code java.io.tmpdir}. */
    static Path folder() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    /**
     * Writes a file in a folder of its own, copies it and removes it.
     *
     * @param name the file's name
     * @param out receives its bytes; not closed
     * @param body writes it
     */
    static void write(String name, OutputStream out, Body body) throws IOException {
        Path folder = Files.createTempDirectory(folder(), "detinit-");
        Path local = folder.resolve(name);
        try {
            body.write(local);
            Files.copy(local, out);
        } finally {
            Files.deleteIfExists(local);
            Files.delete(folder);
        }
    }
}
