package io.detinit.interop.verify;

import io.detinit.interop.tensor.DType;
import java.util.List;

/**
 * An input that a model declares.
 *
 * @param name its name
 * @param dtype the element type: F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL
 * @param shape its axes, -1 where one is free; empty for a scalar, and where the model declares no shape
 */
public record ModelInput(String name, DType dtype, List<Long> shape) {

    /** Copies the list. */
    public ModelInput {
        shape = List.copyOf(shape);
    }
}
