package io.detinit.spark;

import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.DividedAudit;
import io.detinit.interop.audit.Lines;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.noise.NoiseJson;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A whole audit as executors see it.
 *
 * @param tensors the audited tensors in order
 * @param thresholds the thresholds
 * @param decay the factor on the initial values
 * @param lines whether the movement of every row is kept
 * @param drawn the tensors of which the movement of columns and a picture are kept, too
 * @param noise the noise record as JSON; empty where no threshold asks for it
 */
record AuditSpec(
        List<TensorSpec> tensors,
        List<Threshold> thresholds,
        double decay,
        boolean lines,
        Set<Integer> drawn,
        String noise)
        implements Serializable {

    static AuditSpec of(
            Checkpoint checkpoint, DividedAudit audit, AuditOptions options, Optional<Plan> plan, Set<Integer> drawn)
            throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        for (AuditedTensor tensor : audit.tensors()) {
            specs.add(TensorSpec.of(tensor, checkpoint.find(tensor.name()).orElseThrow(), plan));
        }
        NoiseRecord noise = options.noise();
        return new AuditSpec(
                List.copyOf(specs),
                List.copyOf(options.thresholds()),
                options.decay(),
                options.lines(),
                Set.copyOf(drawn),
                noise == null ? "" : NoiseJson.write(noise));
    }

    /** What is kept of the lines of a tensor. */
    Lines lines(int tensor) {
        return drawn.contains(tensor) ? Lines.ALL : lines ? Lines.ROWS : Lines.NONE;
    }

    AuditOptions options() throws IOException {
        return new AuditOptions(
                thresholds, decay, lines, noise.isEmpty() ? null : NoiseJson.read(noise, "the noise record"));
    }
}
