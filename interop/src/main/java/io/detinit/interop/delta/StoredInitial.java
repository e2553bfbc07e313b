package io.detinit.interop.delta;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.generator.WeightType;
import io.detinit.interop.plan.AddressedValues;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The initial values of a tensor as its file keeps them: in its order and dtype. Packing and unpacking both ask this class, so that
 * what was left away is what comes back.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param values the values in the logical order
 * @param order which way round the file keeps them
 * @param dtype the file's floating-point dtype
 */
record StoredInitial(InitialValues values, StoredOrder order, DType dtype) {

    /** Rows up to this length are transposed in blocks. */
    private static final long MAX_ROW = 1 << 18;

    TensorShape shape() {
        return order.stored(values.shape());
    }

    /**
     * Writes elements at the buffer's position; does not move it.
     *
     * @param from the first element in the file's order
     * @param count how many, at most {@link ChunkBits#BLOCK}
     * @param out little-endian
     */
    void fill(long from, int count, ByteBuffer out) throws IOException {
        ByteBuffer target = out.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (order == StoredOrder.IN_OUT) {
            transposed(from, count, target);
        } else if (values instanceof AddressedValues addressed) {
            addressed.init().fill(from, count, type(), target);
        } else if (dtype == DType.F64) {
            double[] wide = new double[count];
            values.fill(from, wide, 0, count);
            target.asDoubleBuffer().put(wide);
        } else {
            float[] narrow = new float[count];
            values.fill(from, narrow, 0, count);
            put(narrow, 0, count, target);
        }
    }

    private WeightType type() {
        return switch (dtype) {
            case F64 -> WeightType.FLOAT64;
            case F16 -> WeightType.FLOAT16;
            case BF16 -> WeightType.BFLOAT16;
            default -> WeightType.FLOAT32;
        };
    }

    private void put(float[] narrow, int offset, int count, ByteBuffer target) {
        if (dtype == DType.F32) {
            target.asFloatBuffer().put(narrow, offset, count);
            return;
        }
        for (int k = 0; k < count; k++) {
            float value = narrow[offset + k];
            target.putShort(
                    2 * k, dtype == DType.F16 ? ReducedPrecision.toFloat16(value) : ReducedPrecision.toBfloat16(value));
        }
    }

    /** A matrix that the file keeps inputs first: element (i, j) of the file is weight (j, i). */
    private void transposed(long from, int count, ByteBuffer target) throws IOException {
        long cols = shape().dim(1);
        if (values instanceof AddressedValues addressed && dtype != DType.F64 && cols <= MAX_ROW) {
            long firstRow = from / cols;
            long endRow = (from + count + cols - 1) / cols;
            float[] block = new float[Math.toIntExact((endRow - firstRow) * cols)];
            addressed.init().fillBlock(0, cols, firstRow, endRow, block, 0, 1, (int) cols);
            put(block, (int) (from - firstRow * cols), count, target);
            return;
        }
        long rows = shape().dim(0);
        for (long col = 0; col < cols; col++) {
            column(col, rows, cols, from, count, target);
        }
    }

    /** What a range holds of one column. */
    private void column(long col, long rows, long cols, long from, int count, ByteBuffer target) throws IOException {
        long firstRow = from <= col ? 0 : (from - col + cols - 1) / cols;
        long end = from + count;
        long endRow = end <= col ? 0 : (end - col + cols - 1) / cols;
        int run = (int) (endRow - firstRow);
        if (run <= 0) {
            return;
        }
        double[] wide = new double[dtype == DType.F64 ? run : 0];
        float[] narrow = new float[dtype == DType.F64 ? 0 : run];
        if (dtype == DType.F64) {
            values.fill(col * rows + firstRow, wide, 0, run);
        } else {
            values.fill(col * rows + firstRow, narrow, 0, run);
        }
        for (int k = 0; k < run; k++) {
            int at = (int) ((firstRow + k) * cols + col - from);
            Values.put(target, at, dtype, dtype == DType.F64 ? wide[k] : narrow[k]);
        }
    }
}
