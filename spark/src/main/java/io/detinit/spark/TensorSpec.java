package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.plan.StoredValues;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an executor needs to know of one audited tensor: where its elements lie, and where its initial values lie or the one line of the
 * plan that they follow from. A few hundred bytes, and about as many for each further piece.
 *
 * @param stored its elements in the logical shape, outputs first
 * @param initialName what the plan or the initial file calls it
 * @param order which way round the checkpoint keeps it
 * @param plan a plan of this tensor alone; empty where the initial values lie in a file
 * @param initial its initial values in a file, in the logical shape
 * @param limits what each threshold came to
 */
record TensorSpec(
        StoredSpec stored,
        String initialName,
        StoredOrder order,
        String plan,
        @Nullable StoredSpec initial,
        List<Double> limits)
        implements Serializable {

    /**
     * Describes a tensor.
     *
     * @param tensor the tensor of the audit
     * @param view the same as the checkpoint has it
     * @param plan the plan; empty for initial values in a file
     */
    static TensorSpec of(AuditedTensor tensor, TensorView view, Optional<Plan> plan) throws IOException {
        Baseline.Initial initial = tensor.initial();
        String own = plan.map(all -> all.forFile(
                        Map.of(initial.name(), initial.name()),
                        Map.of(
                                initial.name(),
                                all.find(initial.name()).orElseThrow().stored())))
                .map(PlanJson::write)
                .orElse("");
        StoredSpec before = initial.values() instanceof StoredValues values ? StoredSpec.of(values.tensor()) : null;
        return new TensorSpec(
                StoredSpec.of(initial.view(view)),
                initial.name(),
                initial.order(),
                own,
                before,
                List.copyOf(tensor.limits()));
    }

    /** Its name in the checkpoint. */
    String name() {
        return stored.name();
    }

    /**
     * The tensor on the machine that will read a range of it from front to back.
     *
     * @param files opens its files when they are needed
     * @param end the element before which reading stops
     * @param options the options of the audit
     */
    AuditedTensor open(OpenFiles files, long end, AuditOptions options) throws IOException {
        TensorView logical = stored.open(files, end);
        TensorView view = order == StoredOrder.OUT_IN ? logical : TransposedTensor.of(logical);
        InitialValues values = initial == null
                ? PlanJson.read(plan, stored.name())
                        .find(initialName)
                        .orElseThrow()
                        .values()
                : new StoredValues(initial.open(files, end));
        return AuditedTensor.of(view, new Baseline.Initial(initialName, order, values), options, limits);
    }
}
