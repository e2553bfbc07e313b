package io.detinit.interop.mask;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Masks laid over a checkpoint without being read: which belongs to which parameter, and whether it lies the other way round. Stateless. */
public final class MasksInPlace {

    private MasksInPlace() {}

    /**
     * A mask and its parameter.
     *
     * @param tensor the parameter
     * @param mask the mask as its file holds it
     * @param turned whether one of the two lies inputs first, the other outputs first
     */
    public record Place(RankedTensor tensor, TensorView mask, boolean turned) {}

    /**
     * Lays masks over a checkpoint.
     *
     * @param file what messages call the masks
     * @param masks the masks: a file or a set of them, each tensor {@code <name>_mask}
     * @param checkpoint the model
     * @param baseline its initial values, where it has any
     * @return the masks, in the order of the parameters in the checkpoint
     * @throws MalformedFileException if a tensor is no mask, a parameter is missing or of another shape, or there are none
     * @throws IOException if a plan that the checkpoint carries is malformed
     */
    public static List<Place> of(String file, Checkpoint masks, Checkpoint checkpoint, Optional<Baseline> baseline)
            throws IOException {
        Map<String, TensorView> byName = new LinkedHashMap<>();
        Map<String, TensorShape> shapes = new LinkedHashMap<>();
        for (TensorView mask : masks.tensors()) {
            String name = MaskFile.parameterName(file, mask.info());
            byName.put(name, mask);
            shapes.put(name, mask.info().shape());
        }
        if (byName.isEmpty()) {
            throw MalformedFileException.of(file, "tensors", "none", "a mask at least");
        }
        Optional<Set<String>> inOut = MaskRecord.inOut(file, shapes, masks.metadata());
        MaskFit fit = new MaskFit(file, checkpoint, baseline);
        Map<String, Place> places = new HashMap<>();
        for (Map.Entry<String, TensorView> entry : byName.entrySet()) {
            String name = entry.getKey();
            MaskFit.Orders orders = fit.orders(name, entry.getValue().info().shape(), inOut);
            TensorView stored = checkpoint.find(name).orElseThrow();
            Baseline.Initial initial = baseline.flatMap(known -> known.find(name))
                    .orElseGet(() -> Baseline.Initial.zeros(
                            name,
                            orders.checkpoint(),
                            orders.checkpoint().logical(stored.info().shape())));
            places.put(
                    name,
                    new Place(
                            RankedTensor.of(stored, initial), entry.getValue(), orders.mask() != orders.checkpoint()));
        }
        return inFileOrder(checkpoint.tensors(), places);
    }

    private static List<Place> inFileOrder(Collection<TensorView> tensors, Map<String, Place> places) {
        List<Place> inOrder = new ArrayList<>();
        for (TensorView tensor : tensors) {
            Place place = places.get(tensor.info().name());
            if (place != null) {
                inOrder.add(place);
            }
        }
        return inOrder;
    }
}
