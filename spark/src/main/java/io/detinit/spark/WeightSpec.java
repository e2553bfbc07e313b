package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.plan.StoredValues;
import io.detinit.interop.tensor.StoredPiece;
import io.detinit.interop.tensor.StridedTensor;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an executor needs to know of one prunable tensor: where its bytes lie, and where those of its initial values lie or the one line of
 * the plan that they follow from. A few hundred bytes.
 *
 * @param stored the tensor as the checkpoint keeps it
 * @param order which way round that is
 * @param initialName what the baseline calls it
 * @param plan a plan of this tensor alone; empty where its initial values are in a file, or are not looked at
 * @param initial the initial values in a file, in the logical order
 */
record WeightSpec(
        StoredSpec stored,
        StoredOrder order,
        String initialName,
        String plan,
        @Nullable StoredSpec initial) implements Serializable {

    static WeightSpec of(RankedTensor tensor, Optional<Plan> plan) throws IOException {
        Baseline.Initial initial = tensor.initial();
        String own = plan.map(all -> PlanJson.write(all.forFile(
                        Map.of(initial.name(), initial.name()),
                        Map.of(
                                initial.name(),
                                all.find(initial.name()).orElseThrow().stored()))))
                .orElse("");
        StoredSpec before = initial.values() instanceof StoredValues values ? StoredSpec.of(values.tensor()) : null;
        return new WeightSpec(StoredSpec.of(tensor.stored()), initial.order(), initial.name(), own, before);
    }

    String name() {
        return stored.name();
    }

    /**
     * The tensor where a range of it is read from front to back, in the order of the file.
     *
     * @param files opens its files when they are needed
     * @param end the element before which reading stops
     */
    RankedTensor open(OpenFiles files, long end) throws IOException {
        InitialValues values = values();
        if (initial != null) {
            TensorView lies = order == StoredOrder.OUT_IN
                    ? initial.open(files, end)
                    : TransposedTensor.of(initial.transposed().open(files, end));
            values = new StoredValues(lies);
        }
        return RankedTensor.of(stored.open(files, end), new Baseline.Initial(initialName, order, values));
    }

    /** The same in the logical order, outputs first. */
    RankedTensor logical(OpenFiles files, long end) throws IOException {
        StoredSpec upright = order == StoredOrder.OUT_IN ? stored : stored.transposed();
        InitialValues values = initial == null ? values() : new StoredValues(initial.open(files, end));
        return RankedTensor.of(upright.open(files, end), new Baseline.Initial(initialName, StoredOrder.OUT_IN, values));
    }

    /** Those that are in no file. */
    private InitialValues values() throws IOException {
        if (plan.isEmpty()) {
            return Baseline.Initial.zeros(
                            initialName, order, order.logical(stored.info().shape()))
                    .values();
        }
        return PlanJson.read(plan, stored.name())
                .find(initialName)
                .orElseThrow()
                .values();
    }

    /** A tensor of an open file that is read from front to back, in few requests. */
    static TensorView ahead(TensorView tensor) throws IOException {
        List<StoredPiece> pieces = tensor.pieces();
        return pieces.isEmpty()
                ? tensor
                : new StridedTensor(tensor.info(), pieces, tensor.info().shape().elements());
    }
}
