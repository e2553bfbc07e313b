package io.detinit.cli;

import io.detinit.interop.audit.Threshold;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** When a weight counts as moved. */
final class ThresholdOptions {

    @Option(
            names = "--threshold",
            paramLabel = "T",
            description =
                    "A weight moved where |w - w0| > T (default: 1e-5). May be given several times; 'moved' follows the "
                            + "first. KIND:T names another kind for this one, such as std:0.1.")
    List<String> thresholds = new ArrayList<>();

    @Option(
            names = "--threshold-kind",
            paramLabel = "KIND",
            description =
                    "What T is: abs (default); std, in standard deviations of the tensor's initial values; ulp, in "
                            + "steps between numbers of the file's dtype; quantile of all movement, in [0, 1).")
    String kind = "abs";

    List<Threshold> parse() {
        Threshold.Kind common = Threshold.Kind.parse(kind);
        if (thresholds.isEmpty()) {
            if (common != Threshold.Kind.ABS) {
                throw new UsageException("--threshold-kind " + kind + " needs --threshold T");
            }
            return List.of(Threshold.DEFAULT);
        }
        return thresholds.stream().map(text -> parse(text, common)).toList();
    }

    private static Threshold parse(String text, Threshold.Kind common) {
        int colon = text.indexOf(':');
        Threshold.Kind kind = colon < 0 ? common : Threshold.Kind.parse(text.substring(0, colon));
        try {
            return new Threshold(Double.parseDouble(text.substring(colon + 1)), kind);
        } catch (NumberFormatException e) {
            throw new UsageException("--threshold '" + text + "': expected a number, or KIND:NUMBER");
        }
    }
}
