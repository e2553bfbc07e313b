package io.detinit.interop.load;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.ParameterMatcher.Wanted;
import io.detinit.interop.plan.InitialValues;
import java.util.Optional;

/**
 * A parameter of a model that a checkpoint is to fill.
 *
 * @param name its name in the model, such as {@code fc1.weight}
 * @param shape its shape, outputs first
 * @param statistic whether it is a running statistic and not trained
 * @param initial its initial values, by which a tensor can be recognised that names, shapes and places leave open; empty where they
 *     are not known
 */
public record LoadTarget(String name, TensorShape shape, boolean statistic, Optional<InitialValues> initial) {

    /**
     * A parameter that nothing more is known of.
     *
     * @param name its name
     * @param shape its shape, outputs first
     * @param statistic whether it is a running statistic
     * @return the target
     */
    public static LoadTarget of(String name, TensorShape shape, boolean statistic) {
        return new LoadTarget(name, shape, statistic, Optional.empty());
    }

    Wanted wanted() {
        return initial.map(values -> Wanted.of(name, shape, StoredOrder.OUT_IN, values))
                .orElseGet(() -> Wanted.of(name, shape));
    }
}
