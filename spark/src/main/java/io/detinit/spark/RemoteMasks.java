package io.detinit.spark;

import io.detinit.interop.mask.MaskBitmaps;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Masks on any Hadoop file system: safetensors, an index of such, or bitmaps, told apart by their content. Stateless. */
final class RemoteMasks {

    private RemoteMasks() {}

    /**
     * Opens masks as tensors {@code <name>_mask}.
     *
     * @param path a file, as {@link RemoteCheckpoints#resolve} gives it
     * @param conf the settings of its file system
     * @return the open masks; close them
     */
    static Checkpoint open(Path path, Configuration conf) throws IOException {
        if (!path.getFileSystem(conf).getFileStatus(path).isDirectory()) {
            HadoopBytes bytes = HadoopBytes.open(path, conf);
            try {
                if (MaskBitmaps.matches(bytes)) {
                    return MaskBitmaps.open(bytes, RemoteCheckpoints.local(path), bytes);
                }
            } catch (IOException | RuntimeException e) {
                bytes.close();
                throw e;
            }
            bytes.close();
        }
        return RemoteCheckpoints.open(path, conf);
    }

    /** Where the bitmaps of a mask file lie: beside it. */
    static Path bitmaps(Path masks) {
        return masks.suffix(".roaring");
    }

    /** Writes the bitmaps of a mask file unless they are there. */
    static void writeBitmaps(Path masks, Map<String, String> metadata, Configuration conf) throws IOException {
        Path target = bitmaps(masks);
        if (target.getFileSystem(conf).exists(target)) {
            return;
        }
        try (Checkpoint file = RemoteCheckpoints.open(masks, conf)) {
            OutputSet.write(target, conf, (OutputStream out) -> MaskBitmaps.write(out, file, metadata));
        }
    }
}
