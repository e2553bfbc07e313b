package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import io.detinit.generator.PlannedTensor;
import io.detinit.interop.mask.NameFilter;
import io.detinit.models.AddressedInitializer;
import io.detinit.training.TrainingRun;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Initial weights of a run as NDArrays, regenerated from its plan: nothing is stored.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class InitialArrays {

    private InitialArrays() {}

    /**
     * Regenerates the initial values of a parameter.
     *
     * @param run the run
     * @param name the parameter's stable name
     * @param manager owns the array, and names its device
     * @return float32, of the parameter's shape
     * @throws IllegalArgumentException if the run has no such parameter
     */
    public static NDArray of(TrainingRun run, String name, NDManager manager) {
        PlannedTensor planned = run.plan()
                .find(name)
                .orElseThrow(() -> new IllegalArgumentException("the model has no parameter '" + name + "'"));
        AddressedInitializer initializer =
                new AddressedInitializer(name, run.config().seed(), planned.layer(), planned.scheme());
        return initializer.initialize(manager, new Shape(planned.shape().dims()), DataType.FLOAT32);
    }

    /**
     * Regenerates the initial values of the trained parameters that a filter takes: those of rank >= 2, and vectors (biases, norm
     * scales) only where a pattern of {@code include} fits them.
     *
     * @param run the run, which owns the arrays
     * @param filter which names are taken
     * @return by name, in state-dict order
     * @throws IllegalArgumentException if a pattern fits no parameter, or nothing is taken
     */
    static Map<String, NDArray> taken(TrainingRun run, NameFilter filter) {
        filter.unused(run.parameters().keySet()).ifPresent(pattern -> {
            throw new IllegalArgumentException(
                    "the pattern '" + pattern + "' fits no parameter of the model, which has "
                            + String.join(", ", run.parameters().keySet()));
        });
        Map<String, NDArray> initial = new LinkedHashMap<>();
        run.parameters().forEach((name, parameter) -> {
            if (isTaken(name, parameter, filter)) {
                initial.put(name, of(run, name, run.manager()));
            }
        });
        if (initial.isEmpty()) {
            throw new IllegalArgumentException("no trained parameter of rank >= 2 has a name that the patterns take");
        }
        return initial;
    }

    private static boolean isTaken(String name, Parameter parameter, NameFilter filter) {
        boolean matrix = parameter.getArray().getShape().dimension() >= 2;
        return parameter.requiresGradient()
                && filter.takes(name)
                && (matrix || !filter.include().isEmpty());
    }
}
