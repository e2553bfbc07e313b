package io.detinit.training.timeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Measures gradients and updates at some steps of every interval: their norms and the update-to-weight ratio. Which steps follows from
 * their number alone, so a run that is continued samples those of one that was not interrupted. Reads only: no bit of the training
 * depends on it.
 *
 * <p>Cost of a sampled step: two passes over the gradients' size, a copy of the weights until the step is done, and two small copies
 * from the device; of any other step nothing.
 *
 * <p>Not thread-safe.
 */
public final class GradientWatch {

    /** The sampled steps of an interval, unless it has fewer. */
    public static final int SAMPLES = 8;

    private final long interval;
    private final long samples;
    private final Map<String, Sums> sums = new LinkedHashMap<>();
    private List<NDArray> copies = List.of();
    private double[] gradientNorms = {};
    private double[] weightNorms = {};

    /**
     * A trained parameter within a step.
     *
     * @param name its stable name
     * @param values its values
     * @param gradient its gradient as the optimizer sees it
     */
    public record Weight(String name, NDArray values, NDArray gradient) {}

    /**
     * Samples {@value #SAMPLES} steps of every interval.
     *
     * @param interval the steps between two points, >= 1
     * @throws IllegalArgumentException if there is none
     */
    public GradientWatch(long interval) {
        if (interval < 1) {
            throw new IllegalArgumentException("an interval of " + interval + " steps; at least 1 is needed");
        }
        this.interval = interval;
        this.samples = Math.min(SAMPLES, interval);
    }

    /**
     * Whether a step is sampled: evenly spaced ones of its interval, the last among them.
     *
     * @param step the step's number from 1, over the whole training
     * @return whether to call {@link #before} and {@link #after} around its update
     */
    public boolean isDue(long step) {
        long place = (step - 1) % interval + 1;
        return place * samples / interval != (place - 1) * samples / interval;
    }

    /**
     * Measures gradients and weights before the update.
     *
     * @param weights the trained parameters, in state-dict order
     * @param scratch owns temporary arrays; must stay open until {@link #after}
     */
    public void before(List<Weight> weights, NDManager scratch) {
        gradientNorms = Norms.of(weights.stream().map(Weight::gradient).toList(), scratch);
        weightNorms = Norms.of(weights.stream().map(Weight::values).toList(), scratch);
        copies = new ArrayList<>();
        for (Weight weight : weights) {
            NDArray copy = weight.values().duplicate();
            copy.attach(scratch);
            copies.add(copy);
        }
    }

    /**
     * Measures what the update changed.
     *
     * @param weights as given to {@link #before}; their gradients are not read
     * @param scratch owns temporary arrays
     * @throws IllegalStateException if there was no {@link #before} with as many weights
     */
    public void after(List<Weight> weights, NDManager scratch) {
        if (copies.size() != weights.size()) {
            throw new IllegalStateException(
                    weights.size() + " weights after an update, " + copies.size() + " before it");
        }
        List<NDArray> changes = new ArrayList<>();
        for (int k = 0; k < weights.size(); k++) {
            NDArray copy = copies.get(k);
            changes.add(copy.subi(weights.get(k).values()));
        }
        double[] changeNorms = Norms.of(changes, scratch);
        double[] squares = new double[3];
        for (int k = 0; k < changeNorms.length; k++) {
            sums(weights.get(k).name()).add(gradientNorms[k], weightNorms[k], changeNorms[k]);
            squares[0] += gradientNorms[k] * gradientNorms[k];
            squares[1] += weightNorms[k] * weightNorms[k];
            squares[2] += changeNorms[k] * changeNorms[k];
        }
        if (changeNorms.length > 0) {
            sums("").add(Math.sqrt(squares[0]), Math.sqrt(squares[1]), Math.sqrt(squares[2]));
        }
        copies = List.of();
    }

    /**
     * What was measured since the last point.
     *
     * @return figures by parameter; empty where nothing was
     */
    public Map<String, double[]> state() {
        Map<String, double[]> state = new LinkedHashMap<>();
        sums.forEach((name, sum) -> state.put(name, sum.state()));
        return state;
    }

    /**
     * Goes on with what was measured.
     *
     * @param state what {@link #state} gave, in its order
     */
    public void restore(Map<String, double[]> state) {
        sums.clear();
        state.forEach((name, values) -> sums(name).restore(values));
    }

    private Sums sums(String name) {
        return sums.computeIfAbsent(name, key -> new Sums());
    }

    /** The figures since the last interval ended; begins anew where this one ends. */
    Activity take(boolean endsInterval) {
        List<TensorGradient> gradients = new ArrayList<>();
        sums.forEach((name, sum) -> {
            if (!name.isEmpty()) {
                gradients.add(sum.figures(name));
            }
        });
        Activity taken = new Activity(
                gradients, java.util.Optional.ofNullable(sums.get("")).map(sum -> sum.figures("")), List.of());
        if (endsInterval) {
            sums.clear();
        }
        return taken;
    }

    /** What the sampled steps of an interval had. */
    private static final class Sums {
        private int steps;
        private int finite;
        private int updates;
        private double normSum;
        private double ratioSum;
        private double norm;
        private double weightNorm;
        private double ratio;

        void add(double gradient, double weights, double change) {
            steps++;
            norm = gradient;
            weightNorm = weights;
            ratio = change / weights;
            if (Double.isFinite(norm)) {
                finite++;
                normSum += norm;
            }
            if (Double.isFinite(ratio)) {
                updates++;
                ratioSum += ratio;
            }
        }

        double[] state() {
            return new double[] {steps, finite, updates, normSum, ratioSum, norm, weightNorm, ratio};
        }

        void restore(double[] state) {
            steps = (int) state[0];
            finite = (int) state[1];
            updates = (int) state[2];
            normSum = state[3];
            ratioSum = state[4];
            norm = state[5];
            weightNorm = state[6];
            ratio = state[7];
        }

        TensorGradient figures(String name) {
            return new TensorGradient(
                    name,
                    steps,
                    steps - finite,
                    finite(norm),
                    finite(normSum / finite),
                    finite(weightNorm),
                    finite(ratio),
                    finite(ratioSum / updates));
        }

        private static OptionalDouble finite(double value) {
            return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        }
    }
}
