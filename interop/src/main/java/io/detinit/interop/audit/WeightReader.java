package io.detinit.interop.audit;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.TensorInit;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;

/**
 * Reads chunks of a tensor beside the same chunks of its initial values, both in the precision of the file: for F16 and BF16
 * the initial float32 is rounded once more, for F64 it is the nearest double.
 *
 * <p>Not thread-safe; each thread has its own.
 */
public final class WeightReader {

    private final double[] w;
    private final double[] w0;
    private final float[] floats;

    /**
     * Makes a reader.
     *
     * @param chunk the most elements read at once
     */
    public WeightReader(int chunk) {
        w = new double[chunk];
        w0 = new double[chunk];
        floats = new float[chunk];
    }

    /**
     * Reads a chunk.
     *
     * @param tensor a floating-point tensor
     * @param init its initial values, of the same shape
     * @param from the first element
     * @param count how many, at most the chunk size
     * @throws IOException if reading fails
     */
    public void read(TensorView tensor, TensorInit init, long from, int count) throws IOException {
        if (tensor.info().dtype() == DType.F64) {
            tensor.readDoubles(from, w, 0, count);
            long cols = init.shape().cols();
            for (int k = 0; k < count; k++) {
                w0[k] = init.weightAsDouble((from + k) / cols, (from + k) % cols);
            }
            return;
        }
        tensor.readFloats(from, floats, 0, count);
        for (int k = 0; k < count; k++) {
            w[k] = floats[k];
        }
        init.fill(from, floats, 0, count);
        round(floats, count, tensor.info().dtype());
        for (int k = 0; k < count; k++) {
            w0[k] = floats[k];
        }
    }

    /**
     * Rounds float32 values to what a file of another dtype can hold.
     *
     * @param values rounded in place
     * @param count how many
     * @param dtype F16 and BF16 round, others leave the values alone
     */
    public static void round(float[] values, int count, DType dtype) {
        if (dtype == DType.F16) {
            for (int k = 0; k < count; k++) {
                values[k] = ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16(values[k]));
            }
        } else if (dtype == DType.BF16) {
            for (int k = 0; k < count; k++) {
                values[k] = ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16(values[k]));
            }
        }
    }

    /**
     * A weight of the chunk.
     *
     * @param k its place in the chunk
     * @return its value
     */
    public double w(int k) {
        return w[k];
    }

    /**
     * An initial value of the chunk.
     *
     * @param k its place in the chunk
     * @return its value, in the precision of the file
     */
    public double w0(int k) {
        return w0[k];
    }

    /**
     * The difference w - w0, formed in float32 unless the file is F64.
     *
     * @param k its place in the chunk
     * @param dtype the file's dtype
     * @return the difference
     */
    public double delta(int k, DType dtype) {
        return dtype == DType.F64 ? w[k] - w0[k] : (float) w[k] - (float) w0[k];
    }
}
