package io.detinit.interop.audit;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.TensorInit;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The audit of one float array: how many weights moved and how many sleep.
 *
 * @param audit all figures
 */
public record Movement(TensorAudit audit) {

    /**
     * Analyses trained weights.
     *
     * @param weights the trained weights, row-major, in the shape of {@code init}
     * @param init their initial values
     * @param threshold a weight moved where |w - w0| > threshold in float32
     * @return the figures
     * @throws IllegalArgumentException if the number of weights does not fit the shape, or the threshold is negative
     */
    public static Movement of(float[] weights, TensorInit init, double threshold) {
        String name = "weights";
        PlannedTensor planned = new PlannedTensor(name, init.shape(), init.layer(), init.scheme());
        InitPlan plan = new InitPlan(init.seed(), List.of(planned));
        List<ArrayTensor> tensors = List.of(ArrayTensor.of(name, init.shape(), weights));
        try {
            AuditReport report = new Auditor(AuditOptions.of(new Threshold(threshold)), 1)
                    .audit(tensors, Baseline.of(plan, tensors));
            return new Movement(report.tensors().get(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // an array is always readable
        }
    }

    /** {@return moved weights in per cent} */
    public double movedPercent() {
        return audit.movedPercent();
    }

    /** {@return unmoved (sleeping) weights in per cent} */
    public double sleepingPercent() {
        return audit.elements() == 0 ? 0 : 100 - audit.movedPercent();
    }
}
