package io.detinit.interop.verify;

import java.util.List;

/**
 * Two models on the same random inputs.
 *
 * @param samples runs of each
 * @param outputs one for each output that was compared, in the first model's order
 * @param notCompared the outputs that are not tensors of numbers
 */
public record RandomComparison(int samples, List<NamedComparison> outputs, List<String> notCompared) {

    /** Copies the lists. */
    public RandomComparison {
        outputs = List.copyOf(outputs);
        notCompared = List.copyOf(notCompared);
    }

    /** {@return whether every output is within its tolerance} */
    public boolean within() {
        return outputs.stream().allMatch(output -> output.comparison().within());
    }
}
