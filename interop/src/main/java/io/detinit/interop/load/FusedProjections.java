package io.detinit.interop.load;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * PyTorch's MultiheadAttention keeps the projections of queries, keys and values in one tensor, {@code in_proj_weight} of shape [3 d, d]
 * and {@code in_proj_bias} of [3 d]; DJL's attention has three of each.
 */
final class FusedProjections {

    private static final List<String> PARTS = List.of("q_proj", "k_proj", "v_proj");
    private static final String FUSED = "in_proj_";

    private FusedProjections() {}

    /** The three parts of a fused parameter, or the parameter itself where it is none or the model has one of that name. */
    static List<Parameter> split(Parameter parameter, Set<String> model) {
        String canonical = parameter.canonicalName();
        int end = canonical.lastIndexOf('.') + 1;
        String last = canonical.substring(end);
        TensorInfo info = parameter.stored().info();
        boolean fused = (last.equals(FUSED + "weight") && info.shape().rank() == 2)
                || (last.equals(FUSED + "bias") && info.shape().rank() == 1);
        if (!fused
                || parameter.order() != StoredOrder.OUT_IN
                || info.shape().dim(0) % PARTS.size() != 0
                || model.contains(canonical)
                || model.contains(parameter.name())) {
            return List.of(parameter);
        }
        long rows = info.shape().dim(0) / PARTS.size();
        List<Parameter> parts = new ArrayList<>();
        for (int k = 0; k < PARTS.size(); k++) {
            String name = canonical.substring(0, end) + PARTS.get(k) + "." + last.substring(FUSED.length());
            String label = parameter.name() + "[" + k * rows + ":" + (k + 1) * rows + "]";
            parts.add(new Parameter(
                    new RowsTensor(label, parameter.stored(), k * rows, rows),
                    StoredOrder.OUT_IN,
                    true,
                    name,
                    parameter.obstacle()));
        }
        return parts;
    }
}
