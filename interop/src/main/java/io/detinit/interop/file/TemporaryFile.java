package io.detinit.interop.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * A file beside its target, locked while its writer lives, that becomes the target or goes away.
 *
 * <p>Not thread-safe.
 */
final class TemporaryFile implements Closeable {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int SUFFIX_BYTES = 6;
    private static final int ATTEMPTS = 100;

    /** This process's own ones: closing a second channel to one of them would end its lock. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel channel;
    private boolean moved;

    private TemporaryFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Makes one.
     *
     * @param target in a folder without links, so that two names of one file are equal
     * @return an empty file
     * @throws IOException if it cannot be made
     */
    static TemporaryFile beside(Path target) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            byte[] suffix = new byte[SUFFIX_BYTES];
            RANDOM.nextBytes(suffix);
            Path path = target.resolveSibling(
                    "." + target.getFileName() + "." + HexFormat.of().formatHex(suffix) + ".tmp");
            OWN.add(path);
            TemporaryFile file = null;
            try {
                file = open(path);
                if (file.lock()) {
                    return file;
                }
                file.close();
            } catch (FileAlreadyExistsException e) {
                OWN.remove(path);
            } catch (IOException | RuntimeException e) {
                OWN.remove(path);
                throw e;
            }
        }
        throw new IOException(target + ": no temporary file can be made beside it");
    }

    private static TemporaryFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        return new TemporaryFile(path, channel);
    }

    /** Whether the file is this writer's; not where another process took it for abandoned before it was locked. */
    private boolean lock() {
        try {
            FileLock lock = channel.tryLock();
            return lock != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            return true; // a file system without locks, where none is taken for abandoned
        }
    }

    /** {@return open for reading and writing} */
    FileChannel channel() {
        return channel;
    }

    /**
     * Forces the content to the disk and puts the file in its target's place.
     *
     * @param target an existing one is replaced
     * @throws IOException if that fails
     */
    void become(Path target) throws IOException {
        channel.force(true);
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        moved = true;
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            OWN.remove(path);
            if (!moved) {
                Files.deleteIfExists(path);
            }
        }
    }

    /**
     * Removes what killed processes left for the same target, or for files that are named after it, such as its data file.
     *
     * @param target in a folder without links
     */
    static void removeAbandoned(Path target) {
        String file = Pattern.quote(String.valueOf(target.getFileName()));
        Pattern name = Pattern.compile("\\." + file + "(\\..*)?\\.[0-9a-f]{" + 2 * SUFFIX_BYTES + "}\\.tmp");
        Path folder = target.resolveSibling(".").normalize();
        DirectoryStream.Filter<Path> filter =
                entry -> name.matcher(String.valueOf(entry.getFileName())).matches();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, filter)) {
            for (Path entry : files) {
                removeIfAbandoned(entry);
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            // what cannot be listed or removed stays; the write itself will tell
        }
    }

    private static void removeIfAbandoned(Path file) throws IOException {
        if (OWN.contains(file) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                Files.deleteIfExists(file);
            }
        } catch (OverlappingFileLockException e) {
            // one of this process under another name
        }
    }
}
