package io.detinit.spark;

import java.io.FilterInputStream;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.Seekable;

/** Local files as {@code counted:/path}, of which is known how many bytes were asked for, in how many requests. */
public final class CountingFileSystem extends RawLocalFileSystem {

    static final AtomicLong BYTES = new AtomicLong();
    static final AtomicLong REQUESTS = new AtomicLong();

    static Configuration configuration() {
        Configuration conf = new Configuration();
        conf.set("fs.counted.impl", CountingFileSystem.class.getName());
        return conf;
    }

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(URI.create("file:///"), conf);
    }

    @Override
    public URI getUri() {
        return URI.create("counted:///");
    }

    @Override
    public String getScheme() {
        return "counted";
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return new FSDataInputStream(new Counted(super.open(path, bufferSize)));
    }

    private static final class Counted extends FilterInputStream implements Seekable, PositionedReadable {
        private final FSDataInputStream file;

        Counted(FSDataInputStream file) {
            super(file);
            this.file = file;
        }

        @Override
        public int read(long position, byte[] buffer, int offset, int length) throws IOException {
            count(length);
            return file.read(position, buffer, offset, length);
        }

        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
            count(length);
            file.readFully(position, buffer, offset, length);
        }

        @Override
        public void readFully(long position, byte[] buffer) throws IOException {
            readFully(position, buffer, 0, buffer.length);
        }

        private static void count(int length) {
            BYTES.addAndGet(length);
            REQUESTS.incrementAndGet();
        }

        @Override
        public void seek(long position) throws IOException {
            file.seek(position);
        }

        @Override
        public long getPos() throws IOException {
            return file.getPos();
        }

        @Override
        public boolean seekToNewSource(long target) throws IOException {
            return file.seekToNewSource(target);
        }
    }
}
