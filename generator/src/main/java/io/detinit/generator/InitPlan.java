package io.detinit.generator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The initial state of a whole model: a seed, and for every parameter its shape, layer id and scheme.
 *
 * <p>The JSON form {@code detinit-plan/1} is read and written by {@code io.detinit.interop.plan}.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param seed the seed, any 64 bits
 * @param tensors the parameters in state-dict order
 */
public record InitPlan(long seed, List<PlannedTensor> tensors) {

    /** The id of the algorithm that turns a plan into weights. */
    public static final String ALGORITHM = "splitmix64-boxmuller/1";

    /**
     * Checks the plan.
     *
     * @throws InvalidPlanException if two tensors have one name
     */
    public InitPlan {
        tensors = List.copyOf(tensors);
        Map<String, Boolean> seen = new HashMap<>();
        for (PlannedTensor tensor : tensors) {
            if (seen.put(tensor.name(), true) != null) {
                throw new InvalidPlanException("the plan names the tensor '" + tensor.name() + "' twice");
            }
        }
    }

    /**
     * Looks up an entry.
     *
     * @param name the parameter's name
     * @return its entry, empty where the plan has none
     */
    public Optional<PlannedTensor> find(String name) {
        return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst();
    }

    /**
     * The initial values of a parameter.
     *
     * @param name the parameter's name
     * @return its initial values
     * @throws InvalidPlanException if the plan does not name it
     */
    public TensorInit init(String name) {
        return init(find(name)
                .orElseThrow(() -> new InvalidPlanException("the plan has no tensor '" + name + "'; it has "
                        + tensors.stream().map(PlannedTensor::name).toList())));
    }

    /**
     * The initial values of an entry.
     *
     * @param tensor an entry of this plan
     * @return its initial values
     */
    public TensorInit init(PlannedTensor tensor) {
        return new TensorInit(seed, Math.max(tensor.layer(), 0), tensor.shape(), tensor.scheme());
    }

    /**
     * The initial values of a parameter whose shape is known from elsewhere.
     *
     * @param name the parameter's name
     * @param shape the shape it has in the model
     * @return its initial values
     * @throws InvalidPlanException if the plan does not name it or gives another shape
     */
    public TensorInit init(String name, TensorShape shape) {
        TensorInit init = init(name);
        if (!init.shape().equals(shape)) {
            throw new InvalidPlanException("tensor '" + name + "' has the shape " + shape + ", the plan says "
                    + init.shape() + "; the plan belongs to another model");
        }
        return init;
    }
}
