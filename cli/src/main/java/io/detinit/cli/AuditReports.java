package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.AuditHtml;
import io.detinit.cli.report.AuditSubject;
import io.detinit.cli.report.HtmlTimeline;
import io.detinit.interop.audit.AuditCsv;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelineSeries;
import io.detinit.training.timeline.TrainingWarning;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes an audit's reports, by the ending of their names. */
final class AuditReports {

    private AuditReports() {}

    /** Refuses, before long work begins, what cannot be written. */
    static void check(Path target, boolean force) throws IOException {
        if (!isHtml(target) && !isCsv(target)) {
            throw new UsageException("--report " + target + ": the name must end with .html or .csv");
        }
        Outputs.check(target, force);
    }

    static void write(Path target, Path file, Checkpoint checkpoint, ResolvedBaseline resolved, AuditReport report)
            throws IOException {
        AuditSubject subject = new AuditSubject(file.toString(), checkpoint.format(), resolved.source());
        String text = isCsv(target)
                ? AuditCsv.of(report)
                : AuditHtml.of(
                        subject, resolved.baseline().kind(), resolved.baseline().seed(), report, timelines(file));
        AtomicFile.write(target, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The audits of the training, where a run folder holds them; a file of that name that is none of ours is not theirs. */
    private static List<HtmlTimeline> timelines(Path file) throws IOException {
        try {
            return Timeline.beside(file).map(AuditReports::timeline).stream().toList();
        } catch (MalformedFileException e) {
            return List.of();
        }
    }

    private static HtmlTimeline timeline(Timeline timeline) {
        List<HtmlTimeline.Series> series = timeline.series().stream()
                .map(one -> new HtmlTimeline.Series(
                        one.tensor(),
                        one.moments().stream().map(AuditReports::point).toList()))
                .toList();
        List<String> warnings =
                timeline.warnings().stream().map(TrainingWarning::text).toList();
        return new HtmlTimeline("epoch", series, warnings);
    }

    private static HtmlTimeline.Point point(TimelineSeries.Moment moment) {
        return new HtmlTimeline.Point(
                moment.epoch(),
                moment.movedPercent(),
                moment.rmsDelta(),
                moment.gradientNorm().orElse(Double.NaN),
                moment.updateRatio().orElse(Double.NaN),
                100 * moment.neverFire().orElse(Double.NaN));
    }

    private static boolean isHtml(Path target) {
        return ends(target, ".html") || ends(target, ".htm");
    }

    private static boolean isCsv(Path target) {
        return ends(target, ".csv");
    }

    private static boolean ends(Path target, String ending) {
        return target.toString().toLowerCase(Locale.ROOT).endsWith(ending);
    }
}
