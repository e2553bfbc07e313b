package io.detinit.generator.torch;

import io.detinit.generator.InvalidPlanException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The initial state of a whole model that PyTorch initialised: a seed, and for every parameter the rule that filled it and
 * where on the stream it drew.
 *
 * <p>The JSON form is {@code detinit-plan/1} with this algorithm, read and written by {@code io.detinit.interop.plan}.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param seed the argument of {@code torch.manual_seed}; only its low 32 bits matter
 * @param tensors the parameters in state-dict order
 */
public record TorchPlan(long seed, List<TorchPlanned> tensors) {

    /** The id of the algorithm that turns a plan into weights. */
    public static final String ALGORITHM = "torch-mt19937/1";

    /**
     * Checks the plan.
     *
     * @throws InvalidPlanException if two tensors have one name
     */
    public TorchPlan {
        tensors = List.copyOf(tensors);
        Set<String> seen = new HashSet<>();
        for (TorchPlanned tensor : tensors) {
            if (!seen.add(tensor.name())) {
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
    public Optional<TorchPlanned> find(String name) {
        return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst();
    }
}
