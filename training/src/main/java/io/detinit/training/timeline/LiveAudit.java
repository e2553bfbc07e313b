package io.detinit.training.timeline;

import ai.djl.nn.Parameter;
import io.detinit.generator.InitPlan;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Audits the parameters of one training on the calling thread, and keeps the timeline: what {@code TrainingLoop} and {@link
 * AuditListener} use, for loops of one's own. Not thread-safe.
 */
public final class LiveAudit {

    private final Map<String, Parameter> parameters;
    private final Baseline baseline;
    private final Timeline.Header header;
    private final TimelineSink sink;
    private final Auditor auditor;
    private final TrainingWatch watch;
    private final List<TimelinePoint> points = new ArrayList<>();
    private @Nullable GradientWatch gradients;
    private @Nullable UnitProbe units;

    /** Makes the initial values that parameters are compared with. */
    @FunctionalInterface
    public interface Source {
        /**
         * Makes them.
         *
         * @param tensors the live parameters
         * @return the initial values, by their names
         * @throws IOException if they cannot be read
         */
        Baseline of(List<TensorView> tensors) throws IOException;

        /**
         * The initial values of a plan.
         *
         * @param plan the plan
         * @return the source
         */
        static Source of(InitPlan plan) {
            return tensors -> Baseline.of(withoutBuffers(plan, tensors), tensors);
        }

        /** Running statistics are in the plan of a block, and are not audited. */
        private static InitPlan withoutBuffers(InitPlan plan, List<TensorView> tensors) {
            Set<String> buffers = tensors.stream()
                    .map(TensorView::info)
                    .filter(info -> info.kind() == TensorInfo.Kind.BUFFER)
                    .map(TensorInfo::name)
                    .collect(Collectors.toSet());
            return new InitPlan(
                    plan.seed(),
                    plan.tensors().stream()
                            .filter(planned -> !buffers.contains(planned.name()))
                            .toList());
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

    /**
     * Begins a timeline.
     *
     * @param parameters the parameters by their stable names; read at every point
     * @param source the initial values
     * @param schedule thresholds and cadence; kept, the caller decides when a point is due
     * @param sink receives the timeline as it grows
     * @return the audit, without a point
     * @throws UncheckedIOException if the sink cannot write
     */
    public static LiveAudit begin(
            Map<String, Parameter> parameters, Source source, AuditSchedule schedule, TimelineSink sink) {
        try (DjlTensors.Live live = DjlTensors.live(parameters)) {
            LiveAudit audit = new LiveAudit(parameters, source.of(live.tensors()), schedule, sink);
            sink.begin(audit.header);
            return audit;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Takes gradients and updates from a watch at every point from now on.
     *
     * @param watch what is called around the updates
     * @return this
     */
    public LiveAudit with(GradientWatch watch) {
        gradients = watch;
        return this;
    }

    /**
     * Looks for units that never fire at every point from now on.
     *
     * @param probe the probe
     * @return this
     */
    public LiveAudit with(UnitProbe probe) {
        units = probe;
        return this;
    }

    /**
     * Continues a timeline: keeps its points, which the sink has already, and goes on to warn as if the run had not been interrupted.
     *
     * @param earlier the points up to the moment at which the run continues
     * @throws IllegalStateException if there are points already
     */
    public void restore(List<TimelinePoint> earlier) {
        if (!points.isEmpty()) {
            throw new IllegalStateException("a timeline of " + points.size() + " points cannot be given earlier ones");
        }
        for (TimelinePoint point : earlier) {
            watch.observe(point.step(), point.tensors(), point.activity());
            points.add(point);
        }
    }

    /** The first weights are not the initial ones, and are not meant to be: that the model is not seeded is no news then. */
    public void startsElsewhere() {
        watch.startsElsewhere();
    }

    /** {@return thresholds and cadence} */
    public AuditSchedule schedule() {
        return header.schedule();
    }

    /**
     * Whether the state after a step is in the timeline.
     *
     * @param step steps done
     * @return whether the last point is of that step
     */
    public boolean has(long step) {
        return !points.isEmpty() && points.get(points.size() - 1).step() == step;
    }

    /**
     * Audits what the parameters are now.
     *
     * @param epoch epochs done, with the fraction of the one under way
     * @param step steps done
     * @return what was found; also in the timeline and handed to the sink
     * @throws UncheckedIOException if the sink cannot write
     */
    public TimelinePoint point(double epoch, long step) {
        return point(epoch, step, true);
    }

    /**
     * Audits the last state of a training in the middle of an interval, which a training that goes on from there has still to end.
     *
     * @param epoch epochs done, with the fraction of the one under way
     * @param step steps done
     * @return as {@link #point(double, long)}
     * @throws UncheckedIOException if the sink cannot write
     */
    public TimelinePoint lastPoint(double epoch, long step) {
        return point(epoch, step, false);
    }

    private TimelinePoint point(double epoch, long step, boolean endsInterval) {
        long start = System.nanoTime();
        try (DjlTensors.Live live = DjlTensors.live(parameters)) {
            AuditReport report = auditor.audit(live.tensors(), baseline);
            List<TensorMovement> tensors = report.tensors().stream()
                    .filter(TensorAudit::audited)
                    .map(TensorMovement::of)
                    .toList();
            Activity activity = activity(endsInterval);
            List<TrainingWarning> warnings = watch.observe(step, tensors, activity);
            double seconds = (System.nanoTime() - start) * 1e-9;
            TensorMovement total = TensorMovement.ofAll(report.total());
            TimelinePoint point = new TimelinePoint(epoch, step, seconds, total, tensors, warnings, activity);
            points.add(point);
            sink.point(point);
            return point;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Activity activity(boolean endsInterval) {
        Activity measured = gradients == null ? Activity.NONE : gradients.take(endsInterval);
        return new Activity(measured.gradients(), measured.total(), units == null ? List.of() : units.measure());
    }

    /** {@return the timeline so far} */
    public Timeline timeline() {
        return new Timeline(header, points);
    }
}
