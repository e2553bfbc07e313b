package io.detinit.interop.export;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * A value of the ONNX graph that a {@link BlockConverter} takes.
 *
 * @param name its name in the graph
 * @param shape its shape; -1 on an axis that grows with the batch
 * @param dataType its dtype
 */
public record OnnxValue(String name, Shape shape, DataType dataType) {}
