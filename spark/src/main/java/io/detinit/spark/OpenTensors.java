package io.detinit.spark;

import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/** The tensors of a task, one after the other; the file of the last one is open. Not thread-safe. */
final class OpenTensors implements Closeable {

    private final AuditSpec spec;
    private final AuditOptions options;
    private final Configuration conf;
    private @Nullable HadoopBytes open;

    OpenTensors(AuditSpec spec, Configuration conf) throws IOException {
        this.spec = spec;
        this.options = spec.options();
        this.conf = conf;
    }

    /**
     * A tensor, of which a part will be read from front to back.
     *
     * @param number its number
     * @param end the element, in the order of the audit, before which reading stops
     */
    AuditedTensor get(int number, long end) throws IOException {
        TensorSpec tensor = spec.tensors().get(number);
        HadoopBytes file = open;
        if (file == null || !file.path().toString().equals(tensor.file())) {
            close();
            file = HadoopBytes.open(new Path(tensor.file()), conf);
            open = file;
        }
        return tensor.open(new ReadAhead(file, tensor.endOf(end)), options);
    }

    @Override
    public void close() throws IOException {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
