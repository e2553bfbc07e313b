package io.detinit.spark;

import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;

/** The tensors of a task, one after the other; the files of the last ones are open. Not thread-safe. */
final class OpenTensors implements Closeable {

    private final AuditSpec spec;
    private final AuditOptions options;
    private final OpenFiles files;

    OpenTensors(AuditSpec spec, Configuration conf) throws IOException {
        this.spec = spec;
        this.options = spec.options();
        this.files = new OpenFiles(conf);
    }

    /**
     * A tensor, of which a part will be read from front to back.
     *
     * @param number its number
     * @param end the element, in the order of the audit, before which reading stops
     */
    AuditedTensor get(int number, long end) throws IOException {
        return spec.tensors().get(number).open(files, end, options);
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
