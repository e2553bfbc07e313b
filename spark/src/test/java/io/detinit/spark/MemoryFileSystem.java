package io.detinit.spark;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * A store in this JVM's memory, {@code mem://store/path}, with the semantics that object stores and HDFS have in common: a file is seen
 * when it is closed, nothing is appended or changed in place, a rename neither replaces nor makes folders. None of its paths is one of this
 * machine's.
 */
public final class MemoryFileSystem extends FileSystem {

    static final String ROOT = "mem://store";

    private static final URI NAME = URI.create(ROOT);
    private static final long BLOCK = 1 << 20;

    /** What lies at each path; folders have no bytes. */
    private static final Map<String, Entry> ENTRIES = new TreeMap<>();

    private static long clock = 1;

    private static final class Entry {
        private final boolean folder;
        private final byte[] bytes;
        private final long time;

        Entry(boolean folder, byte[] bytes, long time) {
            this.folder = folder;
            this.bytes = bytes;
            this.time = time;
        }
    }

    private static final class Content extends FSInputStream {
        private final byte[] bytes;
        private int at;
        private boolean closed;

        Content(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public void seek(long position) throws IOException {
            if (position < 0 || position > bytes.length) {
                throw new EOFException("seek to " + position + " of " + bytes.length);
            }
            at = (int) position;
        }

        @Override
        public long getPos() {
            return at;
        }

        @Override
        public boolean seekToNewSource(long target) {
            return false;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = read(at, buffer, offset, length);
            at += Math.max(0, count);
            return count;
        }

        /** At most 64 KiB at once, as a network gives them. */
        @Override
        public int read(long position, byte[] buffer, int offset, int length) throws IOException {
            if (closed) {
                throw new IOException("the stream is closed");
            }
            if (position >= bytes.length && length > 0) {
                return -1;
            }
            int count = (int) Math.min(Math.min(length, 1 << 16), bytes.length - position);
            System.arraycopy(bytes, (int) position, buffer, offset, count);
            return count;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** Copies a folder of this machine with all that is in it. */
    static void copy(java.nio.file.Path folder, String target) throws IOException {
        try (Stream<java.nio.file.Path> all = Files.walk(folder)) {
            for (java.nio.file.Path file : all.toList()) {
                String path = target + "/" + folder.relativize(file);
                if (Files.isRegularFile(file)) {
                    put(new Path(path).toUri().getPath(), new Entry(false, Files.readAllBytes(file), 1));
                }
            }
        }
    }

    /** The files under a path, by their names from there on. */
    static Map<String, byte[]> files(String path) {
        String prefix = new Path(path).toUri().getPath() + "/";
        Map<String, byte[]> files = new TreeMap<>();
        synchronized (ENTRIES) {
            ENTRIES.forEach((name, entry) -> {
                if (name.startsWith(prefix) && !entry.folder) {
                    files.put(name.substring(prefix.length()), entry.bytes);
                }
            });
        }
        return files;
    }

    static void clear() {
        synchronized (ENTRIES) {
            ENTRIES.clear();
        }
    }

    private static void put(String path, Entry entry) throws IOException {
        synchronized (ENTRIES) {
            makeFolder(new Path(path).getParent());
            ENTRIES.put(path, entry);
        }
    }

    private static void makeFolder(Path folder) throws IOException {
        for (Path path = folder; path != null; path = path.getParent()) {
            String name = path.toUri().getPath();
            Entry there = ENTRIES.get(name);
            if (there != null && !there.folder) {
                throw new FileAlreadyExistsException(path + " is a file");
            }
            ENTRIES.putIfAbsent(name, new Entry(true, new byte[0], clock++));
        }
    }

    private String name(Path path) {
        return path.makeQualified(NAME, getWorkingDirectory()).toUri().getPath();
    }

    private Entry get(Path path) throws IOException {
        synchronized (ENTRIES) {
            Entry entry = ENTRIES.get(name(path));
            if (entry == null) {
                throw new FileNotFoundException("no such object: " + path);
            }
            return entry;
        }
    }

    private static List<String> under(String folder) {
        String prefix = folder.equals("/") ? folder : folder + "/";
        return ENTRIES.keySet().stream()
                .filter(name -> name.startsWith(prefix) && name.length() > prefix.length())
                .toList();
    }

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        setConf(conf);
    }

    @Override
    public String getScheme() {
        return "mem";
    }

    @Override
    public URI getUri() {
        return NAME;
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        Entry entry = get(path);
        if (entry.folder) {
            throw new FileNotFoundException(path + " is a folder");
        }
        return new FSDataInputStream(new Content(entry.bytes));
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        synchronized (ENTRIES) {
            Entry there = ENTRIES.get(name(path));
            if (there != null && (there.folder || !overwrite)) {
                throw new FileAlreadyExistsException(path.toString());
            }
        }
        String name = name(path);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream() {
            private boolean done;

            @Override
            public void close() throws IOException {
                if (!done) {
                    done = true;
                    synchronized (ENTRIES) {
                        put(name, new Entry(false, toByteArray(), clock++));
                    }
                }
            }
        };
        return new FSDataOutputStream(bytes, null);
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException("objects are not appended to");
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        synchronized (ENTRIES) {
            Entry entry = get(from);
            String target = name(to);
            Path parent = new Path(target).getParent();
            if (ENTRIES.containsKey(target)
                    || parent == null
                    || !ENTRIES.containsKey(parent.toUri().getPath())) {
                return false;
            }
            String source = name(from);
            for (String name : under(source)) {
                ENTRIES.put(target + name.substring(source.length()), ENTRIES.remove(name));
            }
            ENTRIES.remove(source);
            ENTRIES.put(target, entry);
            return true;
        }
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        synchronized (ENTRIES) {
            String name = name(path);
            List<String> inside = under(name);
            if (!inside.isEmpty() && !recursive) {
                throw new IOException(path + " is not empty");
            }
            inside.forEach(ENTRIES::remove);
            return ENTRIES.remove(name) != null;
        }
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        synchronized (ENTRIES) {
            Entry entry = get(path);
            if (!entry.folder) {
                return new FileStatus[] {status(name(path), entry)};
            }
            String folder = name(path);
            List<FileStatus> found = new ArrayList<>();
            for (String name : under(folder)) {
                Entry one = ENTRIES.get(name);
                if (one != null && name.indexOf('/', folder.equals("/") ? 1 : folder.length() + 1) < 0) {
                    found.add(status(name, one));
                }
            }
            return found.toArray(FileStatus[]::new);
        }
    }

    @Override
    public void setWorkingDirectory(Path folder) {
        throw new UnsupportedOperationException("a store has no working directory");
    }

    @Override
    public Path getWorkingDirectory() {
        return new Path(ROOT + "/");
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) throws IOException {
        synchronized (ENTRIES) {
            makeFolder(new Path(name(path)));
            return true;
        }
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return status(name(path), get(path));
    }

    private static FileStatus status(String name, Entry entry) {
        return new FileStatus(entry.bytes.length, entry.folder, 1, BLOCK, entry.time, new Path(ROOT + name));
    }
}
