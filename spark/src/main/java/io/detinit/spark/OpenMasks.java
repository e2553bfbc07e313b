package io.detinit.spark;

import io.detinit.interop.mask.MaskBits;
import io.detinit.interop.mask.StoredBits;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The files of masks that a task has opened. Not thread-safe. */
final class OpenMasks implements Closeable {

    private final Configuration conf;
    private final Map<String, Checkpoint> open = new HashMap<>();

    OpenMasks(Configuration conf) {
        this.conf = conf;
    }

    MaskBits get(SelectedShard.GivenMask mask) throws IOException {
        Checkpoint file = open.get(mask.file());
        if (file == null) {
            file = RemoteMasks.open(new Path(mask.file()), conf);
            open.put(mask.file(), file);
        }
        TensorView stored = file.find(mask.name())
                .orElseThrow(() -> new IOException(mask.file() + ": the mask '" + mask.name() + "' is gone"));
        TensorView upright = mask.turned() ? TransposedTensor.of(stored) : stored;
        return new StoredBits(HadoopBytes.name(new Path(mask.file())), WeightSpec.ahead(upright));
    }

    @Override
    public void close() throws IOException {
        for (Checkpoint file : open.values()) {
            file.close();
        }
    }
}
