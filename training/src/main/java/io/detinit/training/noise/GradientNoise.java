package io.detinit.training.noise;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.detinit.generator.InitPlan;
import io.detinit.generator.TensorShape;
import io.detinit.interop.noise.NoiseJson;
import io.detinit.interop.noise.NoiseLayer;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Measures the noise of gradients while a model is trained, and predicts how far each weight would have moved if its gradient had been
 * noise alone: independent from step to step, with mean 0. Nothing of the training changes.
 *
 * <p>From time to time the gradients of two consecutive steps are compared. What both have in common, the signal and whatever else changes
 * slowly, cancels; half the mean squared difference is the variance. It is kept for each row (unit) and each column (input) of a
 * matrix; the noise of one weight is their product over the layer's, as in Adafactor (Shazeer and Stern 2018), which is exact where the
 * unit's error and the input are independent, as they are for an input that carries no information. The variances drive a {@link
 * RandomWalk} through all steps with their learning rates, momentum, decay and Adam's normalisation.
 *
 * <p>Must be the last of the hooks, to see the gradients that the optimizer sees. One object serves one run. Cost: a copy of the gradients
 * for one step in {@code every}, and rows + columns numbers for each parameter. Not thread-safe.
 */
public final class GradientNoise implements StepHook {

    /** The usual distance of two measurements in steps, after the first {@value #EVERY} * {@value #GROWING} steps. */
    public static final int EVERY = 32;

    /** The distance at the beginning, where the noise changes most. */
    private static final int CLOSE = 4;

    /** The distance is one in so many of the steps made. */
    private static final int GROWING = 8;

    /** How many numbers come before the rates in the kept state. */
    private static final int COUNTERS = 3;

    private final int every;
    private final Map<String, LayerNoise> layers = new LinkedHashMap<>();
    private final Map<String, NDArray> first = new LinkedHashMap<>();
    private final List<Double> rates = new ArrayList<>();
    private @Nullable TrainingRun run;
    private @Nullable NDManager kept;
    private @Nullable InitPlan plan;
    private @Nullable OptimizerConfig optimizer;
    private String reason = "no two steps were made";
    private long next = 1;
    private long steps;
    private long pairs;

    /** Measures every {@value #EVERY} steps, more often in the beginning. */
    public GradientNoise() {
        this(EVERY);
    }

    /**
     * Measures now and then.
     *
     * @param every steps from one measurement to the next, >= 2; in the beginning there are fewer
     * @throws IllegalArgumentException if it is less
     */
    public GradientNoise(int every) {
        if (every < 2) {
            throw new IllegalArgumentException("noise measured every " + every + " steps; at least 2 are needed");
        }
        this.every = every;
    }

    @Override
    public void begin(TrainingRun begun) {
        run = begun;
        plan = begun.plan();
        OptimizerConfig config = begun.config().optimizer();
        optimizer = config;
        if (config.kind() == OptimizerKind.ADAM && config.weightDecay() > 0) {
            reason = "adam with a weight decay in the gradient moves every weight in its own way; adamw decouples it";
        } else {
            begun.parameters().forEach((name, parameter) -> {
                if (parameter.requiresGradient()) {
                    TensorShape shape =
                            TensorShape.of(parameter.getArray().getShape().getShape());
                    layers.put(name, new LayerNoise(name, shape, config));
                }
            });
        }
    }

    @Override
    public void beforeUpdate(Step step) {
        if (layers.isEmpty()) {
            return;
        }
        rates.add(step.rate());
        steps = step.number();
        if (!first.isEmpty()) {
            measure(step);
        } else if (step.number() >= next && !isShort(step.number()) && !isShort(step.number() + 1)) {
            for (TrainedWeight weight : step.weights()) {
                NDArray copy = weight.gradient().duplicate();
                copy.attach(manager());
                first.put(weight.name(), copy);
            }
        }
    }

    /** Float64: the counters and the rates since the last measurement, the walks of the layers, and the first of two gradients. */
    @Override
    public Map<String, NDArray> state() {
        Map<String, NDArray> state = new LinkedHashMap<>();
        if (layers.isEmpty()) {
            return state;
        }
        if (kept != null) {
            kept.close();
        }
        NDManager owner = manager().newSubManager();
        kept = owner;
        double[] counters = new double[COUNTERS + rates.size()];
        counters[0] = (double) next;
        counters[1] = (double) steps;
        counters[2] = (double) pairs;
        for (int k = 0; k < rates.size(); k++) {
            counters[COUNTERS + k] = rates.get(k);
        }
        state.put("counters", owner.create(counters));
        layers.forEach((name, layer) -> state.put("walk." + name, owner.create(layer.state())));
        first.forEach((name, gradient) -> state.put("first." + name, gradient));
        return state;
    }

    @Override
    public void restore(Map<String, NDArray> state) {
        if (layers.isEmpty() || state.isEmpty()) {
            return;
        }
        state.forEach((key, array) -> {
            if (key.equals("counters")) {
                double[] counters = array.toDoubleArray();
                next = (long) counters[0];
                steps = (long) counters[1];
                pairs = (long) counters[2];
                rates.clear();
                for (int k = COUNTERS; k < counters.length; k++) {
                    rates.add(counters[k]);
                }
            } else if (key.startsWith("walk.")) {
                LayerNoise layer = layers.get(key.substring("walk.".length()));
                if (layer != null) {
                    layer.restore(array.toDoubleArray());
                }
            } else if (key.startsWith("first.")) {
                NDArray copy = array.duplicate();
                copy.attach(manager());
                first.put(key.substring("first.".length()), copy);
            }
        });
    }

    /** Whether a step is the last of its epoch, which may have fewer samples. */
    private boolean isShort(long number) {
        return run != null && run.stepsInEpoch() > 2 && number % run.stepsInEpoch() == 0;
    }

    private NDManager manager() {
        if (run == null) {
            throw new IllegalStateException("a step before the beginning of a run");
        }
        return run.manager();
    }

    private void measure(Step step) {
        long from = step.number() - rates.size() + 1;
        for (TrainedWeight weight : step.weights()) {
            LayerNoise layer = layers.get(weight.name());
            NDArray before = first.remove(weight.name());
            if (layer != null && before != null) {
                try (before) {
                    layer.measure(before, weight.gradient(), rates, from);
                }
            }
        }
        rates.clear();
        pairs++;
        long distance = Math.max(Math.min(CLOSE, every), Math.min(every, step.number() / GROWING));
        next = Math.max(step.number() + 1, next + distance);
    }

    @Override
    public Map<String, Object> describe() {
        return record().<Map<String, Object>>map(record -> Map.of("noise", NoiseJson.summary(record)))
                .orElse(Map.of());
    }

    @Override
    public Map<String, String> metadata() {
        return record().map(record -> Map.of(NoiseRecord.KEY, NoiseJson.write(record)))
                .orElse(Map.of());
    }

    @Override
    public boolean onlyLooks() {
        return true;
    }

    /**
     * What the steps so far would have moved weights without signal.
     *
     * @return the record; empty where {@link #reason} says why
     */
    public Optional<NoiseRecord> record() {
        InitPlan initial = plan;
        OptimizerConfig config = optimizer;
        if (pairs == 0 || initial == null || config == null) {
            return Optional.empty();
        }
        long from = steps - rates.size() + 1;
        layers.values().forEach(layer -> layer.walk(rates, from));
        rates.clear();
        double decay = layers.values().iterator().next().decay();
        if (!(decay > 0 && decay <= 1)) {
            reason = "weight decay alone leaves a factor of " + decay + " of a weight; it is too strong for this rate";
            return Optional.empty();
        }
        List<NoiseLayer> found = new ArrayList<>();
        layers.forEach((name, layer) -> found.add(layer.layer(initial.init(name), steps)));
        return Optional.of(new NoiseRecord(config.kind().id(), steps, pairs, decay, found));
    }

    /** {@return why there is no record, in a few words} */
    public String reason() {
        return reason;
    }
}
