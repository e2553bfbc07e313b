package io.detinit.interop.plan;

import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import java.util.Objects;

/**
 * Values that are a function of their address.
 *
 * @param init the function
 */
public record AddressedValues(TensorInit init) implements InitialValues {

    @Override
    public TensorShape shape() {
        return init.shape();
    }

    @Override
    public boolean isRandom() {
        return init.scheme().isRandom();
    }

    @Override
    public double std() {
        return isRandom() ? init.std() : 0;
    }

    @Override
    public void fill(long from, float[] destination, int offset, int count) {
        init.fill(from, destination, offset, count);
    }

    @Override
    public void fill(long from, double[] destination, int offset, int count) {
        Objects.checkFromIndexSize(offset, count, destination.length);
        Objects.checkFromIndexSize(from, count, shape().elements());
        long cols = shape().cols();
        for (int k = 0; k < count; k++) {
            destination[offset + k] = init.weightAsDouble((from + k) / cols, (from + k) % cols);
        }
    }
}
