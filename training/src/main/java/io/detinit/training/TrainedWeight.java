package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;

/**
 * A parameter that is trained, within a step. The arrays belong to the run; what is written into them in place counts.
 *
 * @param name its stable name
 * @param parameter DJL's parameter
 * @param values the values on the first device
 * @param gradient the gradient of the batch's mean loss, of the same shape; what it holds after the update is not defined
 */
public record TrainedWeight(String name, Parameter parameter, NDArray values, NDArray gradient) {}
