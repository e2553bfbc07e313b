package io.detinit.interop.init;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a checkpoint in the state before training.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class Untrained {

    private Untrained() {}

    /**
     * Writes a copy of a template in which every planned parameter has its initial value. Everything else stays: buffers, integers,
     * what the plan does not name. Tied tensors stay tied.
     *
     * @param template the open template
     * @param plan the initial values
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param metadata entries to add to the file's metadata
     * @return how many tensors were replaced, tied ones counted once
     * @throws InvalidPlanException if the plan names a tensor that the template has not, or has in another shape or dtype
     * @throws IOException if reading or writing fails
     */
    public static int write(Checkpoint template, Plan plan, Path target, Map<String, String> metadata)
            throws IOException {
        Map<String, TensorView> replacements = replacements(template.tensors(), plan);
        template.rewrite(target, replacements, metadata);
        return replacements.size();
    }

    /**
     * The initial values of every planned parameter, as the template stores it.
     *
     * @param template the tensors of the template
     * @param plan the initial values
     * @return the planned tensors by name, in the order of the plan
     * @throws InvalidPlanException if the plan names a tensor that the template has not, or has in another shape or dtype
     */
    public static Map<String, TensorView> replacements(List<? extends TensorView> template, Plan plan) {
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        for (TensorView tensor : template) {
            infos.put(tensor.info().name(), tensor.info());
        }
        Map<String, TensorView> replacements = new LinkedHashMap<>();
        for (Plan.Entry entry : plan.entries()) {
            replacements.put(entry.name(), initial(infos.get(entry.name()), entry));
        }
        return replacements;
    }

    private static TensorView initial(@Nullable TensorInfo info, Plan.Entry entry) {
        if (info == null) {
            throw new InvalidPlanException("the plan names the tensor '" + entry.name()
                    + "', which the file does not have; the plan belongs to another model");
        }
        TensorShape expected = entry.stored().stored(entry.shape());
        if (!info.shape().equals(expected) || !info.dtype().isFloating()) {
            throw new InvalidPlanException("tensor '" + entry.name() + "' is " + info.dtype() + " " + info.shape()
                    + ", the plan says floats of shape " + expected + "; the plan belongs to another model");
        }
        if (entry.stored() == StoredOrder.OUT_IN) {
            return new InitialTensor(info, entry.values());
        }
        TensorInfo logical = new TensorInfo(info.name(), info.dtype(), entry.shape(), info.kind());
        return new TransposedTensor(new InitialTensor(logical, entry.values()));
    }
}
