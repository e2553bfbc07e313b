package io.detinit.spark;

import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.DividedAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.noise.NoiseJson;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole audit as executors see it.
 *
 * @param tensors the audited tensors in order
 * @param thresholds the thresholds
 * @param decay the factor on the initial values
 * @param noise the noise record as JSON; empty where no threshold asks for it
 */
record AuditSpec(List<TensorSpec> tensors, List<Threshold> thresholds, double decay, String noise)
        implements Serializable {

    static AuditSpec of(Checkpoint checkpoint, DividedAudit audit, AuditOptions options, Plan plan) {
        List<TensorSpec> specs = new ArrayList<>();
        for (AuditedTensor tensor : audit.tensors()) {
            TensorView view = checkpoint.find(tensor.name()).orElseThrow();
            if (!(view instanceof FileTensor stored && stored.bytes().origin() instanceof HadoopBytes file)) {
                throw new IllegalStateException(tensor.name() + " does not lie in one piece of a file");
            }
            specs.add(TensorSpec.of(tensor, stored, file.path().toString(), plan));
        }
        NoiseRecord noise = options.noise();
        return new AuditSpec(
                List.copyOf(specs),
                List.copyOf(options.thresholds()),
                options.decay(),
                noise == null ? "" : NoiseJson.write(noise));
    }

    AuditOptions options() throws IOException {
        return new AuditOptions(
                thresholds, decay, false, noise.isEmpty() ? null : NoiseJson.read(noise, "the noise record"));
    }
}
