package io.detinit.cli.option;

import io.detinit.interop.audit.Threshold;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When a weight counts as moved. */
public final class ThresholdOptions {

    private static final String AUTO = Threshold.Kind.AUTO.id();

    @Option(
            names = "--threshold",
            paramLabel = "T",
            description =
                    "A weight moved where |w - w0| > T (default: 1e-5). May be given several times; 'moved' follows the "
                            + "first. KIND:T names another kind for this one, such as std:0.1. auto is what a weight without signal would "
                            + "have moved, weight by weight, from the noise record that 'train' leaves in the model.")
    public List<String> thresholds = new ArrayList<>();

    @Option(
            names = "--threshold-kind",
            paramLabel = "KIND",
            description =
                    "What T is: abs (default); std, in standard deviations of the tensor's initial values; ulp, in "
                            + "steps between numbers of the file's dtype; quantile of all movement, in [0, 1); auto, a false-alarm rate.")
    public String kind = "abs";

    @Option(
            names = "--false-alarm",
            paramLabel = "P",
            description =
                    "With --threshold auto: the share of weights without signal that may count as moved (default: 0.001). "
                            + "auto:P says the same for one threshold.")
    @Nullable
    public Double falseAlarm;

    /** {@return whether a threshold needs the file's noise record} */
    public boolean isAuto() {
        return thresholds.stream().anyMatch(text -> text.equals(AUTO) || text.startsWith(AUTO + ":"));
    }

    /**
     * The thresholds.
     *
     * @return one at least, in the order given
     * @throws UsageException if options do not go together
     */
    public List<Threshold> parse() {
        if (falseAlarm != null && !thresholds.contains(AUTO)) {
            throw new UsageException("--false-alarm needs --threshold auto");
        }
        Threshold.Kind common = Threshold.Kind.parse(kind);
        if (thresholds.isEmpty()) {
            if (common != Threshold.Kind.ABS) {
                throw new UsageException("--threshold-kind " + kind + " needs --threshold T");
            }
            return List.of(Threshold.DEFAULT);
        }
        double rate = falseAlarm == null ? Threshold.FALSE_ALARM : falseAlarm;
        return thresholds.stream()
                .map(text -> Threshold.parse(text, common, rate))
                .toList();
    }
}
