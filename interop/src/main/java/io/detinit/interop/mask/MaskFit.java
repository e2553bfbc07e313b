package io.detinit.interop.mask;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Lays masks from a file over the parameters of a checkpoint.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class MaskFit {

    private final Object file;
    private final Checkpoint checkpoint;
    private final Optional<Baseline> baseline;
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();

    /**
     * Prepares to lay masks over a checkpoint.
     *
     * @param file what messages call the masks
     * @param checkpoint the model
     * @param baseline its initial values; where there are none, a plan that the checkpoint carries knows how matrices lie, too
     * @throws IOException if that plan is malformed
     */
    MaskFit(Object file, Checkpoint checkpoint, Optional<Baseline> baseline) throws IOException {
        this.file = file;
        this.checkpoint = checkpoint;
        String carried = checkpoint.metadata().get(Checkpoint.PLAN_KEY);
        if (baseline.isPresent() || carried == null) {
            this.baseline = baseline;
        } else {
            Plan plan = PlanJson.read(carried, checkpoint.path() + ": metadata " + Checkpoint.PLAN_KEY);
            this.baseline = Optional.of(Baseline.of(plan, checkpoint));
        }
        Parameter.of(checkpoint).forEach(parameter -> parameters.put(parameter.name(), parameter));
    }

    /**
     * Which way round a mask and its parameter lie.
     *
     * @param mask the mask
     * @param checkpoint the parameter
     */
    record Orders(StoredOrder mask, StoredOrder checkpoint) {}

    /**
     * Looks at one mask.
     *
     * @param name the name of its parameter
     * @param shape its shape as it lies
     * @param inOut the names of masks that lie inputs first; empty where that is not known
     */
    Orders orders(String name, TensorShape shape, Optional<Set<String>> inOut) throws MalformedFileException {
        Parameter parameter = parameters.get(name);
        if (parameter == null) {
            throw missing(name);
        }
        boolean turned = inOut.isPresent() && inOut.get().contains(name);
        StoredOrder own = turned ? StoredOrder.IN_OUT : StoredOrder.OUT_IN;
        StoredOrder wanted = baseline.flatMap(known -> known.find(name))
                .map(Baseline.Initial::order)
                .orElse(parameter.orderKnown() ? parameter.order() : own);
        StoredOrder lies = inOut.isPresent() ? own : wanted;
        TensorShape upright = lies == StoredOrder.IN_OUT && shape.rank() == 2 ? lies.logical(shape) : shape;
        if (!upright.equals(wanted.logical(parameter.stored().info().shape()))) {
            throw MalformedFileException.of(
                    file,
                    "tensor '" + name + MaskFile.SUFFIX + "'",
                    "the shape " + shape,
                    parameter.stored().info().shape() + " as in " + checkpoint.path());
        }
        return new Orders(lies, wanted);
    }

    /**
     * The masks of a checkpoint's parameters.
     *
     * @param file masks of the same model; a matrix that one file keeps transposed is turned where both files say so
     * @param checkpoint the model
     * @param baseline its initial values, where it has any; they may know which way round it keeps a matrix
     * @return the masks in the order of the checkpoint
     * @throws MalformedFileException if a parameter is missing, tied to another one or of another shape
     * @throws IOException if a plan that the checkpoint carries is malformed
     */
    public static StoredMasks fit(MaskFile file, Checkpoint checkpoint, Optional<Baseline> baseline)
            throws IOException {
        StoredMasks masks = file.stored();
        Optional<Set<String>> inOut = masks.orderKnown() ? Optional.of(masks.inOut()) : Optional.empty();
        MaskFit fit = new MaskFit(file.path(), checkpoint, baseline);
        Map<String, Mask> logical = new LinkedHashMap<>();
        Set<String> turned = new LinkedHashSet<>();
        for (Map.Entry<String, Mask> entry : masks.masks().entrySet()) {
            Mask mask = entry.getValue();
            Orders orders = fit.orders(entry.getKey(), mask.shape(), inOut);
            logical.put(entry.getKey(), orders.mask() == StoredOrder.IN_OUT ? mask.transposed() : mask);
            if (orders.checkpoint() == StoredOrder.IN_OUT) {
                turned.add(entry.getKey());
            }
        }
        return StoredMasks.of(logical, turned, true);
    }

    private MalformedFileException missing(String name) {
        String tied = checkpoint.tied().get(name);
        return MalformedFileException.of(
                file,
                "tensor '" + name + MaskFile.SUFFIX + "'",
                "a mask of '" + name + "'"
                        + (tied == null ? "" : ", which is tied to '" + tied + "' and follows its mask"),
                "a mask of a floating-point parameter of " + checkpoint.path());
    }
}
