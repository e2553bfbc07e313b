package io.detinit.interop.tensor;

import io.detinit.generator.TensorShape;
import java.io.Serializable;

/**
 * What is known of a tensor before its elements are read.
 *
 * @param name its name in the file
 * @param dtype the element type
 * @param shape the shape as the file stores it, row-major
 * @param kind what it is in the model
 */
public record TensorInfo(String name, DType dtype, TensorShape shape, Kind kind) implements Serializable {

    /** What a tensor is in its model. */
    public enum Kind {
        /** Trained. */
        PARAMETER,
        /** State that is not trained, such as running statistics. */
        BUFFER,
        /** A constant of a graph. */
        CONSTANT,
        /** State of an optimizer. */
        OPTIMIZER,
        /** Anything else. */
        OTHER
    }

    /** {@return the size of the elements in bytes} */
    public long bytes() {
        return dtype.bytesOf(shape.elements());
    }
}
