package io.detinit.interop.export;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * An input of an exported model.
 *
 * @param name its name in the ONNX model, not empty
 * @param shape all its axes; the batch axis N, free in the model, is -1, every other axis is greater than 0. Exactly one axis
 *     is -1 in at least one input of a model, at most one in the others (an input without one does not grow with the batch)
 * @param dataType its dtype: float32 (which becomes float16 in a model of float16 parameters), float64, int64, int32, int16,
 *     int8, uint8 or boolean
 */
public record ModelInput(String name, Shape shape, DataType dataType) {

    /** Checks the components. */
    public ModelInput {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an input needs a name");
        }
        int free = 0;
        for (long dim : shape.getShape()) {
            if (dim == -1) {
                free++;
            } else if (dim <= 0) {
                throw new IllegalArgumentException("input '" + name + "': the shape is " + shape
                        + "; every axis must be greater than 0, or -1 for the batch axis");
            }
        }
        if (free > 1) {
            throw new IllegalArgumentException(
                    "input '" + name + "': the shape is " + shape + "; only the batch axis may be -1");
        }
        if (OnnxTypes.code(dataType) == 0) {
            throw new IllegalArgumentException("input '" + name + "': ONNX has no dtype " + dataType + " here");
        }
    }

    /**
     * A float32 input with the batch axis first.
     *
     * @param name its name
     * @param sampleShape its shape without the batch axis, such as {@code (1, 28, 28)}; each axis > 0
     * @return the input of shape {@code [N, ...]}
     */
    public static ModelInput ofSamples(String name, Shape sampleShape) {
        for (long dim : sampleShape.getShape()) {
            if (dim <= 0) {
                throw new IllegalArgumentException("the sample shape is " + sampleShape
                        + "; every axis must be greater than 0, and the batch axis left out");
            }
        }
        return new ModelInput(name, new Shape(-1).addAll(sampleShape), DataType.FLOAT32);
    }

    /** The index of the batch axis; -1 where there is none. */
    int batchAxis() {
        for (int axis = 0; axis < shape.dimension(); axis++) {
            if (shape.get(axis) == -1) {
                return axis;
            }
        }
        return -1;
    }

    /** The shape for a batch of this size. */
    Shape withBatch(long batch) {
        long[] dims = shape.getShape().clone();
        if (batchAxis() >= 0) {
            dims[batchAxis()] = batch;
        }
        return new Shape(dims);
    }
}
