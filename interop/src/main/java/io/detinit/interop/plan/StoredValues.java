package io.detinit.interop.plan;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.ElementReader;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;

/**
 * Values that a file holds: those of the file that a training began with.
 *
 * @param tensor a floating-point tensor in its logical shape
 */
public record StoredValues(TensorView tensor) implements InitialValues {

    private static final ThreadLocal<ElementReader> READER = ThreadLocal.withInitial(ElementReader::new);

    @Override
    public TensorShape shape() {
        return tensor.info().shape();
    }

    /** {@return true for weights; vectors are as a rule constants at first, and too short to tell} */
    @Override
    public boolean isRandom() {
        return shape().rank() >= 2;
    }

    @Override
    public double std() {
        return Double.NaN;
    }

    @Override
    public void fill(long from, float[] destination, int offset, int count) throws IOException {
        READER.get().floats(tensor, from, destination, offset, count);
    }

    @Override
    public void fill(long from, double[] destination, int offset, int count) throws IOException {
        if (tensor.info().dtype() == DType.F64) {
            READER.get().doubles(tensor, from, destination, offset, count);
            return;
        }
        float[] floats = new float[count];
        fill(from, floats, 0, count);
        for (int k = 0; k < count; k++) {
            destination[offset + k] = floats[k];
        }
    }
}
