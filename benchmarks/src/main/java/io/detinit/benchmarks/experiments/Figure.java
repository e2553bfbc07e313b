package io.detinit.benchmarks.experiments;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;

/** A figure over several seeds: the mean, and the least and the greatest. */
final class Figure {

    private Figure() {}

    /** Such as {@code 0.9812 [0.9805, 0.9821]}; a dash where there is none. */
    static String of(List<Double> values, String pattern) {
        if (values.isEmpty()) {
            return "-";
        }
        DoubleSummaryStatistics s =
                values.stream().mapToDouble(Double::doubleValue).summaryStatistics();
        return String.format(
                Locale.ROOT,
                pattern + (values.size() > 1 ? " [" + pattern + ", " + pattern + "]" : ""),
                s.getAverage(),
                s.getMin(),
                s.getMax());
    }

    static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
