package io.detinit.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder that many tasks fill with files, on any Hadoop file system. A record says what it is being filled with, so that a run that
 * writes the same completes what is missing; each file is written under a name of its own and then renamed; what makes the set
 * complete, such as an index, comes last. The driver calls {@link #claim}, tasks call {@link #write}, the driver {@link #finish}.
 *
 * <p>Not thread-safe, except for {@link #write}.
 */
final class OutputSet {

    /** The file that says what a folder is being filled with. */
    static final String RECORD = "_detinit-output.json";

    /** Where files are written before they go to their places. */
    private static final String TEMPORARY = ".detinit-output";

    private static final int MAX_RECORD = 1 << 16;

    private final Path folder;
    private final FileSystem system;
    private final Configuration conf;

    /**
     * A folder.
     *
     * @param folder need not exist
     * @param conf the settings of the file systems
     */
    OutputSet(Path folder, Configuration conf) throws IOException {
        this.system = folder.getFileSystem(conf);
        this.folder = folder.makeQualified(system.getUri(), system.getWorkingDirectory());
        this.conf = conf;
    }

    /**
     * Refuses to write where an input lies.
     *
     * @param input a file or folder that is read, qualified
     * @param what it is called, such as {@code the template}
     * @return this
     * @throws IllegalArgumentException if the input is or lies in the folder
     */
    OutputSet apartFrom(Path input, String what) {
        if (folder.equals(input.getParent()) || folder.equals(input)) {
            throw new IllegalArgumentException(
                    HadoopBytes.name(folder) + " is the folder of " + what + "; name another one");
        }
        return this;
    }

    /**
     * Makes the folder ours: new, empty, or begun by a run that wrote the same.
     *
     * @param files the names of all files, what makes the set complete first: where other files are replaced they go in this
     *     order, so that no half of two sets looks whole
     * @param kind what kind of set it is, such as {@code init}
     * @param content what the files will hold, all that their bytes follow from; only its hash is kept
     * @param force whether the files of another run are removed
     * @throws FileAlreadyExistsException if there is something else and it is not to be replaced
     */
    void claim(List<String> files, String kind, List<String> content, boolean force) throws IOException {
        String record = record(kind, content);
        Path file = new Path(folder, RECORD);
        if (system.exists(file) && read(file, MAX_RECORD).equals(record)) {
            return;
        }
        boolean empty = !system.exists(folder) || system.listStatus(folder).length == 0;
        if (!empty && !force) {
            throw new FileAlreadyExistsException(
                    HadoopBytes.name(folder),
                    null,
                    "is not empty, and no unfinished run of the same is in it; --force replaces the files that are written");
        }
        if (empty) {
            system.mkdirs(folder);
        } else {
            for (String name : files) {
                system.delete(new Path(folder, name), false);
            }
        }
        place(RECORD, record.getBytes(StandardCharsets.UTF_8));
    }

    /** The names that are not there yet. */
    List<String> missing(List<String> files) throws IOException {
        List<String> missing = new ArrayList<>();
        for (String name : files) {
            if (!system.exists(path(name))) {
                missing.add(name);
            }
        }
        return missing;
    }

    /** Where a file goes. */
    Path path(String name) {
        return new Path(folder, name);
    }

    /** Writes a small file, whole or not at all, over what is there. */
    void place(String name, byte[] content) throws IOException {
        place(path(name), out -> out.write(content));
    }

    /** Copies a file as it is, whole or not at all, over what is there. */
    void copy(Path file, String name) throws IOException {
        place(path(name), out -> FileCopy.copy(file, conf, out));
    }

    /** Refuses what is beside the folder, under its name and an ending, unless it is what will be written there. */
    void checkBeside(String ending, byte[] content) throws IOException {
        Path file = folder.suffix(ending);
        if (system.exists(file) && !read(file, content.length).equals(new String(content, StandardCharsets.UTF_8))) {
            throw new FileAlreadyExistsException(HadoopBytes.name(file), null, "already exists; --force replaces it");
        }
    }

    /**
     * Writes a small file beside the folder, under its name and an ending, over what is there.
     *
     * @return what messages call it
     */
    String placeBeside(String ending, byte[] content) throws IOException {
        Path file = folder.suffix(ending);
        place(file, out -> out.write(content));
        return HadoopBytes.name(file);
    }

    private void place(Path file, Body body) throws IOException {
        Path temporary = new Path(new Path(folder, TEMPORARY), file.getName());
        try (OutputStream out = system.create(temporary, true)) {
            body.write(out);
        }
        system.delete(file, false);
        if (!system.rename(temporary, file)) {
            throw new IOException(HadoopBytes.name(file) + ": could not be moved to its place");
        }
    }

    /** After the last file: nothing is left that says that something is missing. */
    void finish() throws IOException {
        system.delete(new Path(folder, TEMPORARY), true);
        system.delete(path(RECORD), false);
    }

    /** Writes the bytes of a file from front to back. */
    @FunctionalInterface
    interface Body {
        void write(OutputStream out) throws IOException;
    }

    /**
     * Writes a file of a set, whole or not at all. Several attempts may do so at once: they write the same bytes.
     *
     * @param file its place, as {@link #path} gives it
     * @param conf the settings of its file system
     * @param body writes it
     */
    static void write(Path file, Configuration conf, Body body) throws IOException {
        FileSystem system = file.getFileSystem(conf);
        Path temporary = new Path(new Path(file.getParent(), TEMPORARY), file.getName() + "." + UUID.randomUUID());
        try {
            try (OutputStream out = system.create(temporary, true)) {
                body.write(out);
            }
            // another attempt at the same file may have been quicker; its bytes are the same
            if (!system.rename(temporary, file) && !system.exists(file)) {
                throw new FileSystemException(
                        HadoopBytes.name(file), null, "the finished file could not be moved to its place");
            }
        } finally {
            system.delete(temporary, false);
        }
    }

    /** A small file; empty if it is longer than that. */
    private String read(Path file, int most) throws IOException {
        try (HadoopBytes bytes = HadoopBytes.open(file, conf)) {
            return bytes.size() > most ? "" : new String(bytes.readAll(most), StandardCharsets.UTF_8);
        }
    }

    private static String record(String kind, List<String> content) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        for (String part : content) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
        return "{\"format\":\"detinit-output/1\",\"kind\":\"" + kind + "\",\"sha256\":\""
                + HexFormat.of().formatHex(digest.digest()) + "\"}\n";
    }
}
