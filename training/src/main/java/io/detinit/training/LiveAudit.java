package io.detinit.training;

import ai.djl.nn.Parameter;
import io.detinit.generator.InitPlan;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Audits the parameters of one training on the calling thread, and keeps the timeline. Not thread-safe. */
final class LiveAudit {

    private final Map<String, Parameter> parameters;
    private final Baseline baseline;
    private final Timeline.Header header;
    private final TimelineSink sink;
    private final Auditor auditor;
    private final TrainingWatch watch;
    private final List<TimelinePoint> points = new ArrayList<>();

    /** Makes the initial values that parameters are compared with. */
    @FunctionalInterface
    interface Source {
        Baseline of(List<TensorView> tensors) throws IOException;

        static Source of(InitPlan plan) {
            return tensors -> Baseline.of(plan, tensors);
        }
    }

    private LiveAudit(Map<String, Parameter> parameters, Baseline baseline, AuditSchedule schedule, TimelineSink sink) {
        this.parameters = parameters;
        this.baseline = baseline;
        this.header = new Timeline.Header(baseline.kind().id(), baseline.seed(), schedule);
        this.sink = sink;
        this.auditor = new Auditor(new AuditOptions(schedule.thresholds(), 1, false), 1);
        this.watch = new TrainingWatch(schedule.thresholds().get(0));
    }

    /** Begins a timeline. */
    static LiveAudit begin(
            Map<String, Parameter> parameters, Source source, AuditSchedule schedule, TimelineSink sink) {
        try (DjlTensors.Live live = DjlTensors.live(parameters)) {
            LiveAudit audit = new LiveAudit(parameters, source.of(live.tensors()), schedule, sink);
            sink.begin(audit.header);
            return audit;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    AuditSchedule schedule() {
        return header.schedule();
    }

    /** Whether the state after a step is in the timeline. */
    boolean has(long step) {
        return !points.isEmpty() && points.get(points.size() - 1).step() == step;
    }

    /** Audits what the parameters are now. */
    TimelinePoint point(double epoch, long step) {
        long start = System.nanoTime();
        try (DjlTensors.Live live = DjlTensors.live(parameters)) {
            AuditReport report = auditor.audit(live.tensors(), baseline);
            List<TensorMovement> tensors = report.tensors().stream()
                    .filter(TensorAudit::audited)
                    .map(TensorMovement::of)
                    .toList();
            List<TrainingWarning> warnings = watch.observe(step, tensors);
            double seconds = (System.nanoTime() - start) * 1e-9;
            TensorMovement total = TensorMovement.ofAll(report.total());
            TimelinePoint point = new TimelinePoint(epoch, step, seconds, total, tensors, warnings);
            points.add(point);
            sink.point(point);
            return point;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Timeline timeline() {
        return new Timeline(header, points);
    }
}
