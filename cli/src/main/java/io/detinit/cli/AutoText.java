package io.detinit.cli;

import io.detinit.cli.report.Text;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.noise.NoiseRecord;
import java.util.Objects;

/** What the automatic threshold was, for people. */
final class AutoText {

    private AutoText() {}

    /** One line about the noise record of a report that has one. */
    static String of(AuditReport report) {
        NoiseRecord noise = Objects.requireNonNull(report.options().noise());
        String decay = noise.decay() == 1
                ? ""
                : Text.format(
                        "; compared with %.6g * w0, which weight decay left",
                        report.options().decay());
        return Text.format(
                "noise, p: moved farther than gradient noise alone would have carried this weight in %s steps of %s, except with "
                        + "probability p%s",
                Text.count(noise.steps()), noise.optimizer(), decay);
    }
}
