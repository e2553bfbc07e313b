package io.detinit.training;

import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.LiveAudit;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineSink;
import io.detinit.training.timeline.UnitProbe;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells the listener how a run goes on, and audits where that is due. Not thread-safe. */
final class Audits {

    private final TrainingRun run;
    private final TrainingListener listener;
    private final @Nullable AuditSchedule schedule;
    private final TimelineSink sink;
    private final DeviceSamples scored;
    private final Optional<GradientHook> gradients;
    private @Nullable LiveAudit live;

    Audits(
            TrainingRun run,
            @Nullable AuditSchedule schedule,
            TimelineSink sink,
            TrainingListener listener,
            DeviceSamples scored,
            Optional<GradientHook> gradients) {
        this.run = run;
        this.schedule = schedule;
        this.sink = sink;
        this.listener = listener;
        this.scored = scored;
        this.gradients = gradients;
    }

    /** Audits the state before the first step. */
    void begin() {
        if (schedule != null) {
            live = open(schedule);
            point(live, 0);
        }
    }

    private LiveAudit open(AuditSchedule when) {
        LiveAudit audit = LiveAudit.begin(run.parameters(), LiveAudit.Source.of(run.plan()), when, sink);
        gradients.ifPresent(hook -> audit.with(hook.watch()));
        audit.with(new UnitProbe(run.model().getBlock(), run.parameters(), scored.first(UnitProbe.SAMPLES)));
        if (run.hooks().stream().anyMatch(StepHook::changesFirstWeights)) {
            audit.startsElsewhere();
        }
        return audit;
    }

    /** Goes on with the points up to the state that the run goes on from. */
    void resume(List<TimelinePoint> before) {
        if (schedule == null) {
            return;
        }
        live = open(schedule);
        live.restore(before);
        if (run.steps() == 0 && !live.has(0)) {
            point(live, 0);
        }
    }

    void step() {
        int steps = run.stepsInEpoch();
        int place = Math.toIntExact((run.steps() - 1) % steps) + 1;
        listener.onStep(run.epoch(), run.config().epochs(), place, steps);
        if (live != null && place < steps && live.schedule().isDueAfterStep(run.steps())) {
            point(live, run.epoch() - 1 + (double) place / steps);
        }
    }

    void epoch(EpochResult result, boolean last) {
        listener.onEpoch(result);
        if (live != null) {
            AuditSchedule due = live.schedule();
            if (due.isDueAfterEpoch(result.epoch()) || due.isDueAfterStep(run.steps())) {
                point(live, result.epoch());
            } else if (last) {
                listener.onAudit(live.lastPoint(result.epoch(), run.steps()));
            }
        }
    }

    /** Audits the last state where it was not yet. */
    void end() {
        if (live != null && !live.has(run.steps())) {
            point(live, run.epoch());
        }
    }

    private void point(LiveAudit audit, double epoch) {
        listener.onAudit(audit.point(epoch, run.steps()));
    }

    Optional<Timeline> timeline() {
        return Optional.ofNullable(live).map(LiveAudit::timeline);
    }
}
