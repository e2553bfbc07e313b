package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What early stopping remembers: the best epoch, its validation loss and its weights, running statistics included. The copies belong to the
 * run. Not thread-safe.
 */
final class Patience {

    private final EarlyStopping rule;
    private final Map<String, NDArray> weights = new LinkedHashMap<>();
    private int bestEpoch;
    private double bestLoss = Double.POSITIVE_INFINITY;

    Patience(EarlyStopping rule) {
        this.rule = rule;
    }

    /** The epoch with the best loss; 0 before there is one. */
    int bestEpoch() {
        return bestEpoch;
    }

    /** Its loss; infinite before there is one. */
    double bestLoss() {
        return bestLoss;
    }

    /** Its weights by the parameters' names. */
    Map<String, NDArray> weights() {
        return weights;
    }

    /** Takes note of an epoch. A loss that is NaN is no improvement. */
    void observe(int epoch, double loss, TrainingRun run) {
        if (!rule.isOn() || !(loss < bestLoss - rule.minDelta())) {
            return;
        }
        bestEpoch = epoch;
        bestLoss = loss;
        run.parameters().forEach((name, parameter) -> keep(name, parameter.getArray(), run.manager()));
    }

    /** Goes on from a checkpoint. */
    void resume(int epoch, double loss, Map<String, NDArray> best, NDManager manager) {
        bestEpoch = epoch;
        bestLoss = loss;
        best.forEach((name, values) -> keep(name, values, manager));
    }

    private void keep(String name, NDArray values, NDManager manager) {
        NDArray copy = values.duplicate();
        copy.attach(manager);
        NDArray before = weights.put(name, copy);
        if (before != null) {
            before.close();
        }
    }

    /** Whether it is time to stop after an epoch. */
    boolean isOver(int epoch) {
        return rule.isOn() && epoch - bestEpoch >= rule.patience();
    }

    /** Gives the parameters the weights of the best epoch, where there is one. */
    void restoreBest(TrainingRun run) {
        weights.forEach((name, values) -> {
            Parameter parameter = run.parameters().get(name);
            if (parameter != null) {
                InPlace.copy(values, parameter.getArray());
            }
        });
    }
}
