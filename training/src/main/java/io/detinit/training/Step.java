package io.detinit.training;

import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * A step under way.
 *
 * @param number the step's number from 1, over the whole training
 * @param epoch the epoch from 1
 * @param rate the learning rate of the step
 * @param weights the parameters that are trained, in state-dict order
 * @param manager owns temporary arrays until the step is done
 */
public record Step(long number, int epoch, double rate, List<TrainedWeight> weights, NDManager manager) {}
