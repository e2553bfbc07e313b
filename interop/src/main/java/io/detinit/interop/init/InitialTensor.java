package io.detinit.interop.init;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.WeightType;
import io.detinit.interop.plan.AddressedValues;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A tensor whose elements are its initial values, computed when they are asked for, on all cores. F16 and BF16 are the float32
 * value rounded once more, F64 is the nearest double.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class InitialTensor implements TensorView {

    private final TensorInfo info;
    private final InitialValues values;
    private final WeightType type;

    /**
     * Makes the tensor.
     *
     * @param info what it replaces: a floating-point tensor
     * @param values its initial values, of the same shape
     * @throws IllegalArgumentException if the shapes differ or the dtype is not a floating-point one
     */
    public InitialTensor(TensorInfo info, InitialValues values) {
        this.info = info;
        this.values = Objects.requireNonNull(values, "values");
        if (!info.shape().equals(values.shape())) {
            throw new IllegalArgumentException("tensor '" + info.name() + "' has the shape " + info.shape()
                    + ", its initial values " + values.shape());
        }
        this.type = type(info);
    }

    private static WeightType type(TensorInfo info) {
        return switch (info.dtype()) {
            case F32 -> WeightType.FLOAT32;
            case F16 -> WeightType.FLOAT16;
            case BF16 -> WeightType.BFLOAT16;
            case F64 -> WeightType.FLOAT64;
            default ->
                throw new IllegalArgumentException("tensor '" + info.name() + "' is " + info.dtype()
                        + "; initial values are F64, F32, F16 or BF16");
        };
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = type.bytes();
        boolean whole = position % size == 0 && destination.remaining() % size == 0;
        if (whole && values instanceof AddressedValues addressed) {
            ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            addressed.init().fillParallel(position / size, out.remaining() / size, type, out);
            destination.position(destination.limit());
        } else {
            elements(position, destination);
        }
    }

    /** Of any values, in a range that may begin or end inside an element. */
    private void elements(long position, ByteBuffer destination) throws IOException {
        int size = type.bytes();
        long first = position / size;
        int count = Math.toIntExact((position + destination.remaining() + size - 1) / size - first);
        ByteBuffer elements = ByteBuffer.allocate(count * size).order(ByteOrder.LITTLE_ENDIAN);
        if (type == WeightType.FLOAT64) {
            double[] wide = new double[count];
            values.fill(first, wide, 0, count);
            elements.asDoubleBuffer().put(wide);
        } else {
            put(elements, first, count);
        }
        destination.put(elements.slice((int) (position - first * size), destination.remaining()));
    }

    private void put(ByteBuffer elements, long first, int count) throws IOException {
        float[] narrow = new float[count];
        values.fill(first, narrow, 0, count);
        for (int k = 0; k < count; k++) {
            switch (type) {
                case FLOAT16 -> elements.putShort(2 * k, ReducedPrecision.toFloat16(narrow[k]));
                case BFLOAT16 -> elements.putShort(2 * k, ReducedPrecision.toBfloat16(narrow[k]));
                default -> elements.putFloat(4 * k, narrow[k]);
            }
        }
    }
}
