package io.detinit.training.lottery;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A figure over the replicates.
 *
 * @param mean the arithmetic mean
 * @param min the lowest
 * @param max the highest
 */
public record Spread(double mean, double min, double max) {

    static Spread of(List<RoundResult> results, ToDoubleFunction<RoundResult> figure) {
        double[] values = results.stream().mapToDouble(figure).sorted().toArray();
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return new Spread(sum / values.length, values[0], values[values.length - 1]);
    }
}
