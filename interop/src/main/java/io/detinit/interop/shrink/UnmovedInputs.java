package io.detinit.interop.shrink;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Finds inputs whose weights are exactly the initial ones. Stateless. */
public final class UnmovedInputs {

    private UnmovedInputs() {}

    /**
     * The inputs (columns; of a convolution channels) of each float32 matrix or kernel that kept all their initial weights, bit for bit.
     * Cost: one pass over the weights, a row at a time.
     *
     * @param checkpoint the trained model
     * @param baseline its initial values
     * @return by the name of the weights, the inputs that are unmoved; weights without any are left out
     * @throws IOException if reading fails
     */
    public static Map<String, BitSet> of(Checkpoint checkpoint, Baseline baseline) throws IOException {
        Map<String, BitSet> found = new HashMap<>();
        for (TensorView tensor : checkpoint.tensors()) {
            Optional<Baseline.Initial> initial = baseline.kind() == Baseline.Kind.NONE
                    ? Optional.empty()
                    : baseline.find(tensor.info().name());
            if (initial.isPresent()
                    && tensor.info().dtype() == DType.F32
                    && tensor.info().shape().rank() >= 2) {
                BitSet unmoved = unmoved(initial.get(), initial.get().view(tensor));
                if (!unmoved.isEmpty()) {
                    found.put(tensor.info().name(), unmoved);
                }
            }
        }
        return found;
    }

    private static BitSet unmoved(Baseline.Initial initial, TensorView logical) throws IOException {
        int rows = Math.toIntExact(logical.info().shape().dim(0));
        int inputs = Math.toIntExact(logical.info().shape().dim(1));
        int length = rows == 0 ? 0 : Math.toIntExact(logical.info().shape().elements() / rows);
        int kernel = inputs == 0 ? 1 : length / inputs;
        BitSet unmoved = new BitSet();
        unmoved.set(0, inputs);
        float[] trained = new float[length];
        float[] first = new float[length];
        for (int row = 0; row < rows && !unmoved.isEmpty(); row++) {
            logical.readFloats((long) row * length, trained, 0, length);
            initial.values().fill((long) row * length, first, 0, length);
            for (int k = 0; k < length; k++) {
                if (Float.floatToRawIntBits(trained[k]) != Float.floatToRawIntBits(first[k])) {
                    unmoved.clear(k / kernel);
                }
            }
        }
        return unmoved;
    }
}
