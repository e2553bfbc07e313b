package io.detinit.spark;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.TaskContext;

/**
 * Local files as {@code faulty:/path}. The first task that opens a file beside which
 * there is {@code <path>.fail} or {@code <path>.kill} fails, or takes its whole process with it; a file {@code <path>.failed} remembers that. Where there is {@code <path>.dead}, or beside its folder {@code <folder>.<name>.dead}, all fail.
 */
public final class FaultyFileSystem extends RawLocalFileSystem {

    private URI uri;

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        uri = URI.create("faulty:///");
    }

    @Override
    public URI getUri() {
        return uri == null ? URI.create("faulty:///") : uri;
    }

    @Override
    public String getScheme() {
        return "faulty";
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        String local = path.toUri().getPath();
        if (TaskContext.get() != null) {
            if (new File(local + ".kill").exists() && new File(local + ".failed").createNewFile()) {
                Runtime.getRuntime().halt(1);
            }
            File beside = new File(path.getParent().toUri().getPath() + "." + path.getName() + ".dead");
            if (new File(local + ".dead").exists() || beside.exists()) {
                throw new IOException(path + ": this disk is gone for good");
            }
            if (new File(local + ".fail").exists() && new File(local + ".failed").createNewFile()) {
                throw new IOException(path + ": this machine has lost its disk");
            }
        }
        return super.open(path, bufferSize);
    }
}
