package io.detinit.interop.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file that appears whole or not at all: a temporary file beside the target, fsync, atomic rename, fsync of the folder
 * where the system allows that.
 *
 * <p>A process that is killed leaves its temporary file, {@code .NAME.<12 hex digits>.tmp}. The next write to the same target
 * removes it, and those of files named {@code NAME.*}: a temporary file is locked as long as its writer lives, and only one whose lock is free is removed.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class AtomicFile {

    private AtomicFile() {}

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Body {
        /**
         * Writes the content.
         *
         * @param channel open for reading and writing, at position 0
         * @throws IOException if writing fails
         */
        void write(FileChannel channel) throws IOException;
    }

    /**
     * Writes a file through a channel.
     *
     * @param target the file to appear; an existing one is replaced
     * @param body writes the content
     * @throws IOException if the folder is missing or unwritable, the disk is full, or the body fails; then the target is
     *     as it was before and no temporary file is left
     */
    public static void write(Path target, Body body) throws IOException {
        Path absolute = target.toAbsolutePath();
        Path folder = absolute.getParent();
        if (folder == null || absolute.getFileName() == null) {
            throw new IOException(target + ": not a file name");
        }
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "the folder does not exist");
        }
        if (Files.isDirectory(absolute)) {
            throw new FileAlreadyExistsException(target.toString(), null, "is a folder, a file is to be written there");
        }
        Path name = folder.toRealPath().resolve(absolute.getFileName());
        TemporaryFile.removeAbandoned(name);
        try (TemporaryFile temporary = TemporaryFile.beside(name)) {
            body.write(temporary.channel());
            temporary.become(absolute);
        }
        force(folder);
    }

    /** Makes the rename last through a loss of power. */
    private static void force(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // not every system opens a folder; the file is there, whole, in any case
        }
    }

    /**
     * Writes a small file from memory.
     *
     * @param target the file to appear; an existing one is replaced
     * @param content its bytes
     * @throws IOException as {@link #write(Path, Body)}
     */
    public static void write(Path target, byte[] content) throws IOException {
        write(target, channel -> {
            java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        });
    }
}
