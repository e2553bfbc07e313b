package io.detinit.interop.verify;

import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.ElementReader;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;

/**
 * How many weights of a model are zero, of either sign.
 *
 * @param weights the elements of the floating-point parameters, biases and norm scales included, tied ones once
 * @param zeros how many of them are zero
 */
public record ZeroWeights(long weights, long zeros) {

    private static final int CHUNK = 1 << 14;

    /** {@return the fraction of the weights that are zero; NaN where there are none} */
    public double share() {
        return (double) zeros / weights;
    }

    /**
     * Counts. Reads each tensor once; memory does not grow with them.
     *
     * @param checkpoint an open checkpoint
     * @return what was counted
     * @throws IOException if reading fails
     */
    public static ZeroWeights of(Checkpoint checkpoint) throws IOException {
        ElementReader reader = new ElementReader();
        long weights = 0;
        long zeros = 0;
        for (TensorView tensor : checkpoint.tensors()) {
            TensorInfo info = tensor.info();
            boolean counted = info.kind() == TensorInfo.Kind.PARAMETER
                    && info.dtype().isFloating()
                    && !checkpoint.tied().containsKey(info.name());
            if (counted) {
                weights += info.shape().elements();
                zeros += zeros(reader, tensor);
            }
        }
        return new ZeroWeights(weights, zeros);
    }

    private static long zeros(ElementReader reader, TensorView tensor) throws IOException {
        long elements = tensor.info().shape().elements();
        boolean doubles = tensor.info().dtype() == DType.F64;
        float[] floats = new float[doubles ? 0 : CHUNK];
        double[] values = new double[CHUNK];
        long zeros = 0;
        for (long from = 0; from < elements; from += CHUNK) {
            int count = (int) Math.min(CHUNK, elements - from);
            if (doubles) {
                reader.doubles(tensor, from, values, 0, count);
            } else {
                reader.floats(tensor, from, floats, 0, count);
                Scoring.row(floats, 0, values);
            }
            for (int k = 0; k < count; k++) {
                zeros += values[k] == 0 ? 1 : 0;
            }
        }
        return zeros;
    }
}
