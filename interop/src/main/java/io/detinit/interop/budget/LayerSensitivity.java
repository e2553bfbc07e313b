package io.detinit.interop.budget;

import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/**
 * What pruning each layer by itself costs, sparsity by sparsity.
 *
 * @param sparsities the sparsities asked for, pruned / all weights of the layer
 * @param layers one row for each prunable parameter, in file order
 */
public record LayerSensitivity(List<Double> sparsities, List<Layer> layers) {

    /** Copies the lists. */
    public LayerSensitivity {
        sparsities = List.copyOf(sparsities);
        layers = List.copyOf(layers);
    }

    /**
     * One parameter.
     *
     * @param name its name
     * @param elements how many weights it has
     * @param values what was measured with this parameter pruned and no other, one for each sparsity
     */
    public record Layer(String name, long elements, List<Double> values) {

        /** Copies the list. */
        public Layer {
            values = List.copyOf(values);
        }
    }

    /**
     * Measures. Models are scored one after another: layers times sparsities of them.
     *
     * @param source selects the masks of a sparsity; each layer must be ranked by itself (the scope of a layer)
     * @param sparsities pruned / all weights of the layer, each in [0, 1]
     * @param measure what is measured of a pruned model
     * @param progress receives the part of the work that is done, in (0, 1]
     * @return the table
     * @throws IOException if selecting or scoring fails
     * @throws IllegalArgumentException if nothing is prunable
     */
    public static LayerSensitivity of(
            MaskSource source, List<Double> sparsities, MaskMeasure measure, DoubleConsumer progress)
            throws IOException {
        Map<String, Long> elements = new LinkedHashMap<>();
        Map<String, List<Double>> values = new LinkedHashMap<>();
        int done = 0;
        for (double sparsity : sparsities) {
            Map<String, Mask> masks = source.at(sparsity);
            for (Map.Entry<String, Mask> layer : masks.entrySet()) {
                String name = layer.getKey();
                elements.put(name, layer.getValue().size());
                double value = measure.of(Map.of(name, layer.getValue()));
                values.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
                progress.accept((double) ++done / (sparsities.size() * masks.size()));
            }
        }
        List<Layer> layers = new ArrayList<>();
        elements.forEach((name, count) -> layers.add(new Layer(name, count, values.getOrDefault(name, List.of()))));
        return new LayerSensitivity(sparsities, layers);
    }
}
