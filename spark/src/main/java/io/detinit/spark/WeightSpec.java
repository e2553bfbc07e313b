package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import java.util.Optional;

/**
 * What an executor needs to know of one prunable tensor: the file to open, and the one line of the plan that its initial values follow
 * from. A few hundred bytes.
 *
 * @param file the file, as Hadoop names it
 * @param name the tensor's name
 * @param order which way round the checkpoint keeps it
 * @param initialName what the plan calls it
 * @param plan a plan of this tensor alone; empty where initial values are not looked at
 */
record WeightSpec(String file, String name, StoredOrder order, String initialName, String plan)
        implements Serializable {

    static WeightSpec of(RankedTensor tensor, String file, Optional<Plan> plan) {
        Baseline.Initial initial = tensor.initial();
        String own = plan.map(all -> PlanJson.write(all.forFile(
                        Map.of(initial.name(), initial.name()),
                        Map.of(
                                initial.name(),
                                all.find(initial.name()).orElseThrow().stored()))))
                .orElse("");
        return new WeightSpec(file, tensor.name(), initial.order(), initial.name(), own);
    }

    /**
     * The tensor on the machine that has opened its file.
     *
     * @param opened the file
     * @param end the element, in the order of the file, before which reading stops
     */
    RankedTensor open(Checkpoint opened, long end) throws IOException {
        TensorView stored =
                opened.find(name).orElseThrow(() -> new IOException(file + ": the tensor '" + name + "' is gone"));
        return RankedTensor.of(ahead(stored, end), initial(stored));
    }

    private Baseline.Initial initial(TensorView stored) throws IOException {
        if (plan.isEmpty()) {
            return Baseline.Initial.zeros(
                    initialName, order, order.logical(stored.info().shape()));
        }
        Plan.Entry entry = PlanJson.read(plan, file).find(initialName).orElseThrow();
        return new Baseline.Initial(initialName, order, entry.values());
    }

    /** A tensor that is read from front to back, in large pieces where it lies in one piece. */
    static TensorView ahead(TensorView stored, long end) {
        if (!(stored instanceof FileTensor file)) {
            return stored;
        }
        long stop = Math.min(file.info().bytes(), end * file.info().dtype().bytes());
        return new FileTensor(file.info(), new ReadAhead(file.bytes(), stop), file.location());
    }
}
