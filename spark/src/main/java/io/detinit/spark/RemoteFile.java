package io.detinit.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Small files that the driver writes. Stateless. */
final class RemoteFile {

    private RemoteFile() {}

    /**
     * Refuses to write where something is.
     *
     * @throws FileAlreadyExistsException if there is a file that is not to be replaced, or a folder
     */
    static void checkNew(Path target, Configuration conf, boolean force) throws IOException {
        FileSystem system = target.getFileSystem(conf);
        if (system.exists(target) && (!force || system.getFileStatus(target).isDirectory())) {
            throw new FileAlreadyExistsException(HadoopBytes.name(target));
        }
    }

    /** Writes a file, whole or not at all, over one that is there. */
    static void write(Path target, Configuration conf, byte[] content) throws IOException {
        FileSystem system = target.getFileSystem(conf);
        Path temporary = target.suffix("." + UUID.randomUUID() + ".part");
        try {
            try (OutputStream out = system.create(temporary, true)) {
                out.write(content);
            }
            system.delete(target, false);
            if (!system.rename(temporary, target)) {
                throw new FileSystemException(HadoopBytes.name(target), null, "could not be moved to its place");
            }
        } finally {
            system.delete(temporary, false);
        }
    }
}
