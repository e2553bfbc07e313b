package io.detinit.spark;

import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.Lines;
import io.detinit.interop.audit.PartialAudit;
import io.detinit.interop.audit.RangeAuditor;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What executors do: they read ranges of tensors and send back small figures.
 *
 * @param spec the audit
 * @param conf the settings of the file systems
 */
record AuditTasks(Broadcast<AuditSpec> spec, Broadcast<SerializableConfiguration> conf) implements Serializable {

    /** The number of counts in one half of a float32. */
    private static final int HALF = 1 << 16;

    OpenTensors open() throws IOException {
        return new OpenTensors(spec.value(), conf.value().value());
    }

    /** Audits the ranges of a task, one after the other. */
    List<PartialAudit> audit(List<TensorRange> ranges) throws IOException {
        List<PartialAudit> parts = new ArrayList<>();
        if (ranges.isEmpty()) {
            return parts;
        }
        RangeAuditor auditor = new RangeAuditor();
        try (OpenTensors tensors = open()) {
            for (TensorRange range : ranges) {
                AuditedTensor tensor = tensors.get(range.tensor(), range.end() * AuditedTensor.CHUNK);
                Lines lines = spec.value().lines(range.tensor());
                parts.add(auditor.audit(range.tensor(), tensor, range.first(), range.end(), lines));
            }
        }
        return parts;
    }

    /** Counts for quantiles. */
    long[] count(List<TensorRange> ranges, int upper) throws IOException {
        long[] counts = new long[HALF];
        if (ranges.isEmpty()) {
            return counts;
        }
        RangeAuditor auditor = new RangeAuditor();
        try (OpenTensors tensors = open()) {
            for (TensorRange range : ranges) {
                AuditedTensor tensor = tensors.get(range.tensor(), range.end() * AuditedTensor.CHUNK);
                auditor.count(tensor, range.first(), range.end(), upper, counts);
            }
        }
        return counts;
    }

    static long[] sum(long[] some, long[] others) {
        long[] sums = new long[some.length];
        for (int k = 0; k < sums.length; k++) {
            sums[k] = some[k] + others[k];
        }
        return sums;
    }
}
