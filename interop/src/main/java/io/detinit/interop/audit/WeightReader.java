package io.detinit.interop.audit;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.ElementReader;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.FloatBuffer;

/**
 * Reads chunks of a tensor beside the same chunks of its initial values, both in the precision of the file: for F16 and BF16
 * the initial float32 is rounded once more, for F64 both are doubles. Weight decay is undone by a factor on the initial values.
 *
 * <p>Not thread-safe; each thread has its own.
 */
public final class WeightReader {

    private final ElementReader elements = new ElementReader();
    private final int chunk;
    private final float[] w;
    private final float[] w0;
    private final FloatBuffer copied;
    private FloatBuffer shown;
    private boolean isCopied;
    private double[] wide = new double[0];
    private double[] wide0 = new double[0];

    /**
     * Makes a reader.
     *
     * @param chunk the most elements read at once
     */
    public WeightReader(int chunk) {
        this.chunk = chunk;
        w = new float[chunk];
        w0 = new float[chunk];
        copied = FloatBuffer.wrap(w);
        shown = copied;
    }

    /**
     * Reads a chunk.
     *
     * @param tensor a floating-point tensor in its logical shape
     * @param values its initial values, of the same shape
     * @param decay the factor on the initial values; 1 leaves them alone
     * @param from the first element
     * @param count how many, at most the chunk size
     * @throws IOException if reading fails
     */
    public void read(TensorView tensor, InitialValues values, double decay, long from, int count) throws IOException {
        DType dtype = tensor.info().dtype();
        if (dtype == DType.F64) {
            readWide(tensor, values, decay, from, count);
            return;
        }
        isCopied = dtype != DType.F32 || count > ElementReader.MOST_SHOWN;
        if (isCopied) {
            elements.floats(tensor, from, w, 0, count);
            shown = copied;
        } else {
            shown = elements.show(tensor, from, count);
        }
        values.fill(from, w0, 0, count);
        if (decay != 1) {
            for (int k = 0; k < count; k++) {
                w0[k] = (float) (w0[k] * decay);
            }
        }
        round(w0, count, dtype);
    }

    /**
     * Reads the file's elements ahead, as {@link ElementReader#ahead} does.
     *
     * @param tensor the tensor
     * @param from the first element
     * @param count how many
     * @throws IOException if reading fails
     */
    void ahead(TensorView tensor, long from, int count) throws IOException {
        elements.ahead(tensor, from, count);
    }

    private void readWide(TensorView tensor, InitialValues values, double decay, long from, int count)
            throws IOException {
        if (wide.length == 0) {
            wide = new double[chunk];
            wide0 = new double[chunk];
        }
        elements.doubles(tensor, from, wide, 0, count);
        values.fill(from, wide0, 0, count);
        if (decay != 1) {
            for (int k = 0; k < count; k++) {
                wide0[k] *= decay;
            }
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

    /** The weights, unless they are F64, where they were read to; until the next ones are read. */
    FloatBuffer shown() {
        return shown;
    }

    /** The weights, unless they are F64. */
    float[] floats() {
        if (!isCopied) {
            shown.get(0, w, 0, shown.limit());
            isCopied = true;
        }
        return w;
    }

    /** Their initial values, unless they are F64. */
    float[] initialFloats() {
        return w0;
    }

    /** The weights where they are F64. */
    double[] doubles() {
        return wide;
    }

    /** Their initial values where they are F64. */
    double[] initialDoubles() {
        return wide0;
    }

    /**
     * A weight of the chunk.
     *
     * @param k its place in the chunk
     * @param dtype the file's dtype
     * @return its value
     */
    public double w(int k, DType dtype) {
        return dtype == DType.F64 ? wide[k] : floats()[k];
    }

    /** Whether a weight of the chunk has the very bits of its initial value. */
    boolean isIdentical(int k, DType dtype) {
        return dtype == DType.F64
                ? Double.doubleToRawLongBits(wide[k]) == Double.doubleToRawLongBits(wide0[k])
                : Float.floatToRawIntBits(floats()[k]) == Float.floatToRawIntBits(w0[k]);
    }

    /**
     * The difference w - w0, formed in float32 unless the file is F64.
     *
     * @param k its place in the chunk
     * @param dtype the file's dtype
     * @return the difference
     */
    public double delta(int k, DType dtype) {
        return dtype == DType.F64 ? wide[k] - wide0[k] : floats()[k] - w0[k];
    }
}
