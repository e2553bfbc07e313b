package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import io.detinit.training.StepHook;
import io.detinit.training.TrainingRun;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Starts a run from given weights in place of the initial ones, which the run's plan still regenerates: fine-tuning. It is the first
 * hook, so that masks are laid over these weights. A run that continues (steps were made) is left alone.
 *
 * <p>Holds a copy of the weights in memory. Not thread-safe.
 */
public final class StartingWeights implements StepHook {

    private final Map<String, float[]> values;
    private final Map<String, Object> described;

    /**
     * Makes a hook.
     *
     * @param values the elements of each parameter, row-major, by the parameters' stable names
     */
    public StartingWeights(Map<String, float[]> values) {
        this(values, Map.of());
    }

    /**
     * Makes a hook that a run card tells about.
     *
     * @param values the elements of each parameter, row-major, by the parameters' stable names
     * @param described where they come from, names and values as JSON takes them
     */
    public StartingWeights(Map<String, float[]> values, Map<String, Object> described) {
        this.values = new LinkedHashMap<>(values);
        this.described = new LinkedHashMap<>(described);
    }

    /**
     * Copies the values.
     *
     * @throws IllegalArgumentException if this is not the first hook, a parameter has no values, there are values without a
     *     parameter, or their number does not fit
     */
    @Override
    public void begin(TrainingRun run) {
        if (run.steps() > 0) {
            return;
        }
        if (run.hooks().get(0) != this) {
            throw new IllegalArgumentException("starting weights must be the first hook: others see what they leave");
        }
        if (!run.parameters().keySet().equals(values.keySet())) {
            throw new IllegalArgumentException("starting weights of " + String.join(", ", values.keySet())
                    + "; the model has " + String.join(", ", run.parameters().keySet()));
        }
        values.forEach((name, given) -> copy(run, name, given));
    }

    private static void copy(TrainingRun run, String name, float[] given) {
        Parameter parameter = run.parameters().get(name);
        NDArray array = parameter == null ? null : parameter.getArray();
        if (array == null || array.size() != given.length) {
            throw new IllegalArgumentException("'" + name + "' gets " + given.length
                    + " starting weights, its shape is " + (array == null ? "unknown" : array.getShape()));
        }
        Shape shape = array.getShape();
        try (NDArray copy = run.manager().create(given, shape)) {
            array.set(new NDIndex().addAllDim(), copy);
        }
    }

    @Override
    public boolean changesFirstWeights() {
        return true;
    }

    @Override
    public Map<String, Object> describe() {
        return described.isEmpty() ? Map.of() : Map.of("from", described);
    }
}
