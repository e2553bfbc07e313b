package io.detinit.spark;

import io.detinit.interop.torch.PieceFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A folder on any Hadoop file system. Not thread-safe. */
final class HadoopFolder implements PieceFolder {

    private final Path folder;
    private final Configuration conf;
    private final List<HadoopBytes> files = new ArrayList<>();

    HadoopFolder(Path folder, Configuration conf) {
        this.folder = folder;
        this.conf = conf;
    }

    @Override
    public String name() {
        return HadoopBytes.name(folder);
    }

    @Override
    public HadoopBytes open(String file) throws IOException {
        HadoopBytes bytes = HadoopBytes.open(new Path(folder, file), conf);
        files.add(bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        for (HadoopBytes file : files) {
            file.close();
        }
    }
}
