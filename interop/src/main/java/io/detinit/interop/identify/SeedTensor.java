package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A trained tensor beside the address that its initial values are supposed to have. Immutable.
 *
 * @param planned its entry in the plan
 * @param stored the tensor as the file has it
 * @param orderKnown whether the file says which way round it keeps the tensor
 */
public record SeedTensor(PlannedTensor planned, TensorView stored, boolean orderKnown) {

    /**
     * The randomly initialised tensors of a plan that can be compared weight by weight.
     *
     * @throws InvalidPlanException if the plan names a tensor that the file does not have, or gives it another shape
     */
    static List<SeedTensor> of(Checkpoint checkpoint, InitPlan plan) {
        Map<String, Parameter> parameters = new HashMap<>();
        Parameter.of(checkpoint).forEach(parameter -> parameters.put(parameter.name(), parameter));
        List<SeedTensor> tensors = new ArrayList<>();
        for (PlannedTensor planned : plan.tensors()) {
            Parameter parameter = parameters.get(planned.name());
            if (parameter == null) {
                requireKnown(checkpoint, planned);
                continue;
            }
            TensorShape shape = parameter.stored().info().shape();
            TensorShape expected = planned.stored().stored(planned.shape());
            if (!shape.equals(expected)) {
                throw new InvalidPlanException("tensor '" + planned.name() + "' has the shape " + shape
                        + ", the plan says " + expected + "; the plan belongs to another model");
            }
            if (planned.scheme().isRandom()
                    && parameter.obstacle().isEmpty()
                    && planned.shape().elements() > 0) {
                tensors.add(new SeedTensor(planned, parameter.stored(), parameter.orderKnown()));
            }
        }
        return tensors;
    }

    private static void requireKnown(Checkpoint checkpoint, PlannedTensor planned) {
        if (checkpoint.find(planned.name()).isEmpty()) {
            throw new InvalidPlanException("the plan names the tensor '" + planned.name()
                    + "', which the file does not have; the plan belongs to another model");
        }
    }

    /** The same tensor under another layer id. */
    SeedTensor withLayer(long layer) {
        return new SeedTensor(
                new PlannedTensor(planned.name(), planned.shape(), layer, planned.scheme(), planned.stored()),
                stored,
                orderKnown);
    }

    /** The same matrix, kept the other way round by the file. */
    SeedTensor turned() {
        StoredOrder other = planned.stored() == StoredOrder.OUT_IN ? StoredOrder.IN_OUT : StoredOrder.OUT_IN;
        TensorShape shape =
                TensorShape.of(planned.shape().dim(1), planned.shape().dim(0));
        return new SeedTensor(
                new PlannedTensor(planned.name(), shape, planned.layer(), planned.scheme(), other), stored, orderKnown);
    }

    /** Its elements in the logical order, outputs first. */
    TensorView view() {
        return planned.stored() == StoredOrder.OUT_IN ? stored : new TransposedTensor(stored);
    }

    /** {@return how many elements it has} */
    public long elements() {
        return planned.shape().elements();
    }

    TensorInit init(long seed) {
        return new TensorInit(seed, planned.layer(), planned.shape(), planned.scheme());
    }

    /**
     * The scheme whose values are screened. For an orthogonal matrix that is the matrix of normals it is made from: Q of a QR
     * decomposition correlates with it (by 2/3 in a square one), and one weight of it costs no decomposition.
     */
    Scheme screenedScheme() {
        Scheme.Kind kind = planned.scheme().kind();
        return kind == Scheme.Kind.ORTHOGONAL || kind == Scheme.Kind.ORTHOGONAL_BLOCKS
                ? Scheme.custom(planned.scheme().std(planned.shape()))
                : planned.scheme();
    }
}
