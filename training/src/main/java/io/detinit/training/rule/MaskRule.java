package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pruned weights pruned: they get their fill before the first step, their gradients are 0 in every step, and after every update they
 * hold the fill exactly. A weight that is kept is trained as without masks.
 *
 * <p>The arrays belong to the run. One rule serves one run. Not thread-safe.
 */
public final class MaskRule implements StepHook {

    private final Map<String, Mask> masks;
    private final Fill fill;
    private final Map<String, Masked> arrays = new LinkedHashMap<>();

    /** 1 where a weight is kept; the fill elsewhere, null for zeros. */
    private record Masked(NDArray keep, @Nullable NDArray fill) {}

    /**
     * Makes a rule.
     *
     * @param masks by the parameters' stable names; a parameter without a mask is free
     * @param fill ZERO or INIT
     * @throws IllegalArgumentException for another fill
     */
    public MaskRule(Map<String, Mask> masks, Fill fill) {
        if (fill == Fill.INIT_OR_ZERO) {
            throw new IllegalArgumentException("masked training fills with zero or init, not " + fill.id());
        }
        this.masks = Map.copyOf(masks);
        this.fill = fill;
    }

    @Override
    public void begin(TrainingRun run) {
        arrays.clear();
        masks.forEach((name, mask) -> {
            Parameter parameter = run.parameters().get(name);
            if (parameter == null) {
                throw new IllegalArgumentException("the masks have '" + name + "', which the model has not; it has "
                        + String.join(", ", run.parameters().keySet()));
            }
            Shape shape = parameter.getArray().getShape();
            if (!java.util.Arrays.equals(shape.getShape(), mask.shape().dims())) {
                throw new IllegalArgumentException(
                        "the mask of '" + name + "' has the shape " + mask.shape() + ", the parameter " + shape);
            }
            float[] keep = new float[Math.toIntExact(mask.size())];
            for (int k = 0; k < keep.length; k++) {
                keep[k] = mask.keeps(k) ? 1 : 0;
            }
            NDArray keeps = run.manager().create(keep, shape);
            NDArray values = parameter.getArray();
            NDArray filled = null;
            if (fill == Fill.INIT) {
                filled = InitialArrays.of(run, name, run.manager());
                try (NDArray inverse = keeps.eq(0).toType(keeps.getDataType(), false)) {
                    filled.muli(inverse);
                }
            }
            Masked masked = new Masked(keeps, filled);
            enforce(values, masked);
            arrays.put(name, masked);
        });
    }

    @Override
    public void beforeUpdate(Step step) {
        for (TrainedWeight weight : step.weights()) {
            Masked masked = arrays.get(weight.name());
            if (masked != null) {
                weight.gradient().muli(masked.keep());
            }
        }
    }

    @Override
    public void afterUpdate(Step step) {
        for (TrainedWeight weight : step.weights()) {
            Masked masked = arrays.get(weight.name());
            if (masked != null) {
                enforce(weight.values(), masked);
            }
        }
    }

    private static void enforce(NDArray values, Masked masked) {
        values.muli(masked.keep());
        if (masked.fill() != null) {
            values.addi(masked.fill());
        } else {
            values.addi(0f); // -0 becomes 0
        }
    }
}
