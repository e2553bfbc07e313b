package io.detinit.interop.parameter;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.util.ArrayList;
import java.util.List;

/**
 * The plan assumed for a file that carries none: floating-point parameters of rank >= 2 get {@code he} (or a given scheme)
 * and the layer ids 0, 1, 2, ... in file order; norm scales 1; biases 0.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class DefaultPlan {

    private DefaultPlan() {}

    /**
     * Makes the plan of tensors that are in no file.
     *
     * @param tensors the tensors in file order
     * @param seed the seed
     * @param scheme the scheme of parameters of rank >= 2
     * @return the plan of the floating-point parameters
     */
    public static InitPlan of(List<? extends TensorView> tensors, long seed, Scheme scheme) {
        return ofParameters(Parameter.of(tensors), seed, InitRules.of(scheme));
    }

    /**
     * Makes the plan of a checkpoint. Of tied tensors the first one is planned; the others are the same memory. A weight that the
     * graph of an ONNX model multiplies from the right is planned as PyTorch has it, outputs first.
     *
     * @param checkpoint the open checkpoint
     * @param seed the seed
     * @param rules the scheme of a parameter is that of the first rule that fits its name, whatever its rank; without one
     *     the rules' default scheme for rank >= 2, zeros or ones below
     * @return the plan of the floating-point parameters
     * @throws InvalidPlanException if a scheme does not fit a parameter; the message names it
     */
    public static InitPlan of(Checkpoint checkpoint, long seed, InitRules rules) {
        return ofParameters(Parameter.of(checkpoint), seed, rules);
    }

    private static InitPlan ofParameters(List<Parameter> parameters, long seed, InitRules rules) {
        List<PlannedTensor> planned = new ArrayList<>();
        long layer = 0;
        for (Parameter parameter : parameters) {
            TensorShape shape = parameter.shape();
            Scheme scheme = rules.find(parameter.name()).orElseGet(() -> {
                if (shape.rank() >= 2 && shape.elements() > 0) {
                    return rules.weights();
                }
                return isNormScale(parameter.canonicalName()) ? Scheme.ONES : Scheme.ZEROS;
            });
            long id = scheme.isRandom() ? layer++ : PlannedTensor.NO_LAYER;
            planned.add(new PlannedTensor(parameter.name(), shape, id, scheme, parameter.order()));
        }
        return new InitPlan(seed, planned);
    }

    /** PyTorch and DJL name a norm's scale weight or gamma; a bias of rank 1 is never called that. */
    private static boolean isNormScale(String name) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        return last.equals("weight") || last.equals("gamma");
    }
}
