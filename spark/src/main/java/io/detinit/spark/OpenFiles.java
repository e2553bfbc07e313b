package io.detinit.spark;

import io.detinit.interop.file.ByteSource;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Files that are opened when they are read; the last few stay open. Not thread-safe. */
final class OpenFiles implements Closeable {

    /** How many files are open at once. */
    private static final int KEPT = 16;

    private final Configuration conf;
    private final Map<String, HadoopBytes> open = new LinkedHashMap<>(KEPT, 0.75f, true);

    OpenFiles(Configuration conf) {
        this.conf = conf;
    }

    /** A file, which is not touched before it is read. */
    ByteSource file(String name) {
        return new LateFile(name, this);
    }

    private HadoopBytes get(String name) throws IOException {
        HadoopBytes file = open.get(name);
        if (file == null) {
            if (open.size() == KEPT) {
                Map.Entry<String, HadoopBytes> oldest =
                        open.entrySet().iterator().next();
                open.remove(oldest.getKey());
                oldest.getValue().close();
            }
            file = HadoopBytes.open(HadoopBytes.path(name), conf);
            open.put(name, file);
        }
        return file;
    }

    @Override
    public void close() throws IOException {
        for (HadoopBytes file : open.values()) {
            file.close();
        }
        open.clear();
    }

    private record LateFile(String name, OpenFiles files) implements ByteSource {

        @Override
        public long size() {
            try {
                return files.get(name).size();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean isNear() throws IOException {
            return files.get(name).isNear();
        }

        @Override
        public void read(long position, ByteBuffer destination) throws IOException {
            files.get(name).read(position, destination);
        }

        @Override
        public ByteBuffer view(long position, int length) throws IOException {
            return files.get(name).view(position, length);
        }
    }
}
