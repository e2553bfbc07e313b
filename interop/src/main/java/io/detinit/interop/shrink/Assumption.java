package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.List;

/**
 * What inputs have to be for the smaller model to give the same outputs.
 *
 * @param input the input of the model
 * @param features which of the values of a sample, row-major, from 0, ascending
 * @param value what each of them always is
 */
public record Assumption(String input, List<Integer> features, float value) {

    /** Copies the list. */
    public Assumption {
        features = List.copyOf(features);
    }

    /** {@return such as {@code values 0-11, 16 of input 'x' are always 0.0}} */
    public String text() {
        List<String> ranges = new ArrayList<>();
        int from = 0;
        for (int k = 1; k <= features.size(); k++) {
            if (k == features.size() || features.get(k) != features.get(k - 1) + 1) {
                int first = features.get(from);
                int last = features.get(k - 1);
                ranges.add(first == last ? String.valueOf(first) : first + "-" + last);
                from = k;
            }
        }
        return (features.size() == 1 ? "value " : "values ") + String.join(", ", ranges) + " of input '" + input
                + (features.size() == 1 ? "' is always " : "' are always ") + value;
    }
}
