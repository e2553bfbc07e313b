package io.detinit.generator.torch;

import io.detinit.generator.TensorShape;
import java.util.Objects;

/**
 * One entry of a module's state dict.
 *
 * @param name its key, such as {@code layers.0.linear1.weight}
 * @param shape its shape
 * @param counter whether it is an int64 counter, whatever the module's dtype
 */
public record TorchTensor(String name, TensorShape shape, boolean counter) {

    /**
     * Checks the entry.
     *
     * @throws IllegalArgumentException if the name is empty
     */
    public TorchTensor {
        Objects.requireNonNull(shape, "shape");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a tensor of shape " + shape + " has no name");
        }
    }

    /**
     * The dtype of this entry in a module of a dtype.
     *
     * @param module the module's dtype
     * @return int64 for a counter, else the module's
     */
    public TorchDtype dtype(TorchDtype module) {
        return counter ? TorchDtype.INT64 : module;
    }

    /** The same entry below a submodule. */
    TorchTensor under(String prefix) {
        return new TorchTensor(prefix + "." + name, shape, counter);
    }
}
