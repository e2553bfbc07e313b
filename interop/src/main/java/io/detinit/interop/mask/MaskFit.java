package io.detinit.interop.mask;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Lays masks from a file over the parameters of a checkpoint.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class MaskFit {

    private MaskFit() {}

    /**
     * The masks of a checkpoint's parameters.
     *
     * @param file masks of the same model; a matrix that one file keeps transposed is turned where both files say so
     * @param checkpoint the model
     * @param baseline its initial values, where it has any; they may know which way round it keeps a matrix
     * @return the masks in the order of the checkpoint
     * @throws MalformedFileException if a parameter is missing, tied to another one or of another shape
     */
    public static StoredMasks fit(MaskFile file, Checkpoint checkpoint, Optional<Baseline> baseline)
            throws MalformedFileException {
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        Parameter.of(checkpoint).forEach(parameter -> parameters.put(parameter.name(), parameter));
        Map<String, Mask> logical = new LinkedHashMap<>();
        Map<String, StoredOrder> orders = new LinkedHashMap<>();
        StoredMasks masks = file.stored();
        for (Map.Entry<String, Mask> entry : masks.masks().entrySet()) {
            String name = entry.getKey();
            Parameter parameter = parameters.get(name);
            if (parameter == null) {
                throw missing(file, checkpoint, name);
            }
            StoredOrder own = masks.inOut().contains(name) ? StoredOrder.IN_OUT : StoredOrder.OUT_IN;
            StoredOrder wanted = baseline.flatMap(known -> known.find(name))
                    .map(Baseline.Initial::order)
                    .orElse(parameter.orderKnown() ? parameter.order() : own);
            StoredOrder lies = masks.orderKnown() ? own : wanted;
            Mask upright = lies == StoredOrder.IN_OUT ? turned(entry.getValue()) : entry.getValue();
            if (!upright.shape().equals(wanted.logical(parameter.stored().info().shape()))) {
                throw MalformedFileException.of(
                        file.path(),
                        "tensor '" + name + MaskFile.SUFFIX + "'",
                        "the shape " + entry.getValue().shape(),
                        parameter.stored().info().shape() + " as in " + checkpoint.path());
            }
            logical.put(name, upright);
            orders.put(name, wanted);
        }
        orders.values().removeIf(order -> order != StoredOrder.IN_OUT);
        return StoredMasks.of(logical, orders.keySet(), true);
    }

    private static Mask turned(Mask mask) {
        return mask.shape().rank() == 2 ? mask.transposed() : mask;
    }

    private static MalformedFileException missing(MaskFile file, Checkpoint checkpoint, String name) {
        String tied = checkpoint.tied().get(name);
        return MalformedFileException.of(
                file.path(),
                "tensor '" + name + MaskFile.SUFFIX + "'",
                "a mask of '" + name + "'"
                        + (tied == null ? "" : ", which is tied to '" + tied + "' and follows its mask"),
                "a mask of a floating-point parameter of " + checkpoint.path());
    }
}
