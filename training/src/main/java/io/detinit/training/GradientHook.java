package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.GradientWatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Shows a timeline the gradients and updates of sampled steps. The last hook of a run, it sees what the optimizer sees and what is left. */
final class GradientHook implements StepHook {

    private static final String ALL = "*";

    private final AuditSchedule schedule;
    private @Nullable GradientWatch watch;
    private @Nullable NDManager manager;
    private Map<String, NDArray> kept = Map.of();

    GradientHook(AuditSchedule schedule) {
        this.schedule = schedule;
    }

    @Override
    public void begin(TrainingRun run) {
        manager = run.manager();
        watch = new GradientWatch(schedule.interval(run.stepsInEpoch()));
    }

    /** The figures of the interval under way, float64 [8] for each parameter; the model's have the name {@value #ALL}. */
    @Override
    public Map<String, NDArray> state() {
        kept.values().forEach(NDArray::close);
        Map<String, NDArray> state = new LinkedHashMap<>();
        NDManager owner = Objects.requireNonNull(manager, "the run has not begun");
        watch().state().forEach((name, values) -> state.put(name.isEmpty() ? ALL : name, owner.create(values)));
        kept = state;
        return state;
    }

    @Override
    public void restore(Map<String, NDArray> state) {
        Map<String, double[]> values = new LinkedHashMap<>();
        state.forEach((name, array) -> values.put(name.equals(ALL) ? "" : name, array.toDoubleArray()));
        watch().restore(values);
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
