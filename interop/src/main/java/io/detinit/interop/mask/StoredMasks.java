package io.detinit.interop.mask;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The masks of a model as a file keeps its parameters: each in the shape and axis order of the file's tensor.
 *
 * @param masks by the names of the parameters, in file order
 * @param inOut the names of those that lie transposed, inputs first; all of them matrices
 * @param orderKnown whether that is known; if not, {@code inOut} is empty and says nothing
 */
public record StoredMasks(Map<String, Mask> masks, Set<String> inOut, boolean orderKnown) {

    /**
     * Copies the map and the set.
     *
     * @throws IllegalArgumentException if a transposed mask is missing or no matrix
     */
    public StoredMasks {
        masks = Collections.unmodifiableMap(new LinkedHashMap<>(masks));
        inOut = Collections.unmodifiableSet(new LinkedHashSet<>(inOut));
        for (String name : inOut) {
            Mask mask = masks.get(name);
            if (mask == null || mask.shape().rank() != 2) {
                throw new IllegalArgumentException("mask '" + name + "' is stored in_out and "
                        + (mask == null ? "missing" : "of shape " + mask.shape() + ", no matrix"));
            }
        }
    }

    /**
     * Masks in the order of the checkpoint that they were made for.
     *
     * @param logical the masks, outputs first
     * @param baseline which way round the checkpoint keeps each
     * @return the masks as the checkpoint keeps the parameters
     */
    public static StoredMasks of(Map<String, Mask> logical, Baseline baseline) {
        Set<String> inOut = new LinkedHashSet<>();
        for (String name : logical.keySet()) {
            if (baseline.find(name)
                    .filter(initial -> initial.order() == StoredOrder.IN_OUT)
                    .isPresent()) {
                inOut.add(name);
            }
        }
        return of(logical, inOut, true);
    }

    /**
     * Masks of which some lie transposed in the file.
     *
     * @param logical the masks, outputs first
     * @param inOut the names of those that the file keeps inputs first
     * @param orderKnown whether that is known
     * @return the masks as the file keeps the parameters
     */
    static StoredMasks of(Map<String, Mask> logical, Set<String> inOut, boolean orderKnown) {
        Map<String, Mask> stored = new LinkedHashMap<>();
        logical.forEach((name, mask) -> stored.put(name, inOut.contains(name) ? mask.transposed() : mask));
        return new StoredMasks(stored, inOut, orderKnown);
    }

    /** {@return the masks in the logical order, outputs first, where the order is known; else as they lie} */
    public Map<String, Mask> logical() {
        Map<String, Mask> logical = new LinkedHashMap<>();
        masks.forEach((name, mask) -> logical.put(name, inOut.contains(name) ? mask.transposed() : mask));
        return logical;
    }

    /**
     * Other masks of the same model in this order.
     *
     * @param logical the masks, outputs first
     * @return the masks as this file keeps the parameters
     */
    public StoredMasks withLogical(Map<String, Mask> logical) {
        Set<String> kept = new LinkedHashSet<>(inOut);
        kept.retainAll(logical.keySet());
        return of(logical, kept, orderKnown);
    }
}
