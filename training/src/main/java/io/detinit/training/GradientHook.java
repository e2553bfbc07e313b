package io.detinit.training;

import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.GradientWatch;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Shows a timeline the gradients and updates of sampled steps. The last hook of a run, it sees what the optimizer sees and what is left. */
final class GradientHook implements StepHook {

    private final AuditSchedule schedule;
    private @Nullable GradientWatch watch;

    GradientHook(AuditSchedule schedule) {
        this.schedule = schedule;
    }

    @Override
    public void begin(TrainingRun run) {
        watch = new GradientWatch(schedule.interval(run.stepsInEpoch()));
    }

    @Override
    public boolean onlyLooks() {
        return true;
    }

    GradientWatch watch() {
        return Objects.requireNonNull(watch, "the run has not begun");
    }

    @Override
    public void beforeUpdate(Step step) {
        if (watch().isDue(step.number())) {
            watch().before(weights(step), step.manager());
        }
    }

    @Override
    public void afterUpdate(Step step) {
        if (watch().isDue(step.number())) {
            watch().after(weights(step), step.manager());
        }
    }

    private static List<GradientWatch.Weight> weights(Step step) {
        return step.weights().stream()
                .map(weight -> new GradientWatch.Weight(weight.name(), weight.values(), weight.gradient()))
                .toList();
    }
}
