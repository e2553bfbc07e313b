package io.detinit.interop.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Writes a file that appears whole or not at all: a temporary file beside the target, fsync, atomic rename.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class AtomicFile {

    private static final SecureRandom RANDOM = new SecureRandom();

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
        byte[] suffix = new byte[6];
        RANDOM.nextBytes(suffix);
        Path temporary = folder.resolve(
                "." + absolute.getFileName() + "." + HexFormat.of().formatHex(suffix) + ".tmp");
        boolean done = false;
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS)) {
                body.write(channel);
                channel.force(true);
            }
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            done = true;
        } finally {
            if (!done) {
                Files.deleteIfExists(temporary);
            }
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
