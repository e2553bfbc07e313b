package io.detinit.generator.quality;

import java.io.PrintStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The results of a battery.
 *
 * @param results of all tests
 */
record Report(List<Result> results) {

    /** The chance that a battery on a perfect generator fails at all. */
    static final double FALSE_ALARM = 1e-4;

    /** Below this a p-value is listed. */
    static final double SUSPICIOUS = 1e-4;

    /** {@return the p-value below which a test fails} */
    double level() {
        return FALSE_ALARM / results.size();
    }

    /** {@return the tests that failed} */
    List<Result> failures() {
        return results.stream().filter(r -> !(r.p() >= level())).toList();
    }

    /** {@return KS of the p-values of some results against the uniform distribution} */
    static Result uniformity(List<Result> results) {
        double[] p = results.stream().mapToDouble(Result::p).sorted().toArray();
        double distance = 0;
        for (int k = 0; k < p.length; k++) {
            distance = Math.max(distance, Math.max(p[k] - (double) k / p.length, (k + 1.0) / p.length - p[k]));
        }
        return new Result(
                "all", "all tests", "KS of the p-values", distance, Distributions.kolmogorovP(distance, p.length));
    }

    /** Prints a table of p-values for each family, tests down and orders across, and the verdict. */
    void print(PrintStream out) {
        Set<String> families = names(results.stream().map(Result::family).toList());
        for (String family : families) {
            table(out, results.stream().filter(r -> r.family().equals(family)).toList());
        }
        List<Result> low = results.stream().filter(r -> r.p() < SUSPICIOUS).toList();
        out.printf(
                Locale.ROOT,
                "%d tests, %d below %.0e, %d failed (p below %.2e), smallest p %s%n",
                results.size(),
                low.size(),
                SUSPICIOUS,
                failures().size(),
                level(),
                format(results.stream().mapToDouble(Result::p).min().orElse(1)));
        for (Result r : low) {
            out.printf(
                    Locale.ROOT,
                    "low: %s, %s, %s: statistic %.8g, p %.3g%n",
                    r.family(),
                    r.order(),
                    r.test(),
                    r.statistic(),
                    r.p());
        }
    }

    private static void table(PrintStream out, List<Result> family) {
        Set<String> orders = names(family.stream().map(Result::order).toList());
        Set<String> tests = names(family.stream().map(Result::test).toList());
        out.println("| " + family.get(0).family() + " | " + String.join(" | ", orders) + " |");
        out.println("|---" + "|---".repeat(orders.size()) + "|");
        for (String test : tests) {
            String cells = orders.stream()
                    .map(order -> family.stream()
                            .filter(r -> r.test().equals(test) && r.order().equals(order))
                            .map(r -> format(r.p()))
                            .collect(Collectors.joining(", ")))
                    .collect(Collectors.joining(" | "));
            out.println("| " + test + " | " + cells + " |");
        }
        out.println();
    }

    private static Set<String> names(List<String> all) {
        return new LinkedHashSet<>(all);
    }

    /** A p-value with two digits. */
    static String format(double p) {
        return p >= 0.01 ? String.format(Locale.ROOT, "%.2f", p) : String.format(Locale.ROOT, "%.1e", p);
    }

    /** {@return the orders in which something failed, with how many tests} */
    String failedOrders() {
        return names(failures().stream().map(r -> r.family() + ": " + r.order()).toList()).stream()
                .map(name -> name + " "
                        + failures().stream()
                                .filter(r -> name.equals(r.family() + ": " + r.order()))
                                .count())
                .collect(Collectors.joining(", "));
    }
}
