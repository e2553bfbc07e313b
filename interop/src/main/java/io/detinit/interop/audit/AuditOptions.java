package io.detinit.interop.audit;

import io.detinit.interop.noise.NoiseRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an audit looks at.
 *
 * @param thresholds at least one; {@code moved}, dead inputs and dead units follow the first
 * @param decay the factor that weight decay alone would have left of every initial value, in (0, 1]; w is compared with
 *     decay * w0, rounded to the file's dtype
 * @param lines whether the movement of every row and column is kept, and a picture of every matrix
 * @param noise what weights without signal would have moved; null where no threshold is of the kind AUTO
 */
public record AuditOptions(
        List<Threshold> thresholds,
        double decay,
        boolean lines,
        @Nullable NoiseRecord noise) {

    /**
     * Checks the options.
     *
     * @throws IllegalArgumentException if there is no threshold, the decay lies outside (0, 1], or a threshold of the kind AUTO has no
     *     noise record
     */
    public AuditOptions {
        thresholds = List.copyOf(thresholds);
        if (thresholds.isEmpty()) {
            throw new IllegalArgumentException("an audit needs at least one threshold");
        }
        if (!(decay > 0 && decay <= 1)) {
            throw new IllegalArgumentException("weight decay leaves a factor in (0, 1] of a weight, found " + decay);
        }
        if (noise == null && thresholds.stream().anyMatch(threshold -> threshold.kind() == Threshold.Kind.AUTO)) {
            throw new IllegalArgumentException(
                    "threshold auto needs the noise record that a finished training leaves in its"
                            + " model.safetensors and model.onnx; give a number instead");
        }
    }

    /**
     * Without a noise record.
     *
     * @param thresholds at least one, none of the kind AUTO
     * @param decay the factor that weight decay alone would have left of every initial value, in (0, 1]
     * @param lines whether the movement of every row and column is kept
     * @throws IllegalArgumentException as above
     */
    public AuditOptions(List<Threshold> thresholds, double decay, boolean lines) {
        this(thresholds, decay, lines, null);
    }

    /**
     * No decay, no lines.
     *
     * @param thresholds at least one
     * @return the options
     */
    public static AuditOptions of(Threshold... thresholds) {
        return new AuditOptions(List.of(thresholds), 1, false);
    }

    /**
     * The same with weight decay undone.
     *
     * @param factor what decay left of every initial value, in (0, 1]
     * @return the options
     */
    public AuditOptions withDecay(double factor) {
        return new AuditOptions(thresholds, factor, lines, noise);
    }

    /** {@return the same with the movement of rows and columns} */
    public AuditOptions withLines() {
        return new AuditOptions(thresholds, decay, true, noise);
    }
}
