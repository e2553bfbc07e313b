package io.detinit.interop.prune;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A tensor seen through a mask: kept weights are the file's own bytes, pruned ones are zero or the initial values. Nothing is
 * stored; safe for use by many threads.
 */
final class PrunedTensor implements TensorView {

    private final TensorView trained;
    private final @Nullable InitialValues values;
    private final Fill fill;
    private final Mask mask;

    /**
     * Sees a tensor through a mask.
     *
     * @param trained the tensor
     * @param values its initial values in the same order; null where the fill needs none
     * @param fill what stands where a weight was pruned
     * @param mask its mask in the same order
     */
    PrunedTensor(TensorView trained, @Nullable InitialValues values, Fill fill, Mask mask) {
        if (!mask.shape().equals(trained.info().shape())) {
            throw new IllegalArgumentException("tensor '" + trained.info().name() + "' has the shape "
                    + trained.info().shape() + ", its mask " + mask.shape());
        }
        this.trained = trained;
        this.values = values;
        this.fill = fill;
        this.mask = mask;
    }

    @Override
    public TensorInfo info() {
        return trained.info();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        int size = info().dtype().bytes();
        if (position % size != 0 || destination.remaining() % size != 0) {
            throw new IllegalArgumentException("a pruned tensor is read in whole elements");
        }
        int start = destination.position();
        int count = destination.remaining() / size;
        long from = position / size;
        trained.readBytes(position, destination);
        ByteBuffer out = destination.duplicate().position(start).slice().order(ByteOrder.LITTLE_ENDIAN);
        boolean wide = info().dtype() == DType.F64;
        double[] w0 = new double[wide ? count : 0];
        float[] narrow = new float[wide ? 0 : count];
        if (values != null && wide) {
            values.fill(from, w0, 0, count);
        } else if (values != null) {
            values.fill(from, narrow, 0, count);
        }
        for (int k = 0; k < count; k++) {
            if (!mask.keeps(from + k)) {
                prune(out, k, wide ? w0[k] : narrow[k]);
            }
        }
    }

    private void prune(ByteBuffer out, int k, double w0) {
        switch (info().dtype()) {
            case F32 -> {
                boolean zero = fill.zeroes(out.getFloat(4 * k), w0);
                out.putFloat(4 * k, zero ? 0 : (float) w0);
            }
            case F16 -> {
                short rounded = ReducedPrecision.toFloat16((float) w0);
                boolean zero = fill.zeroes(
                        ReducedPrecision.fromFloat16(out.getShort(2 * k)), ReducedPrecision.fromFloat16(rounded));
                out.putShort(2 * k, zero ? 0 : rounded);
            }
            case BF16 -> {
                short rounded = ReducedPrecision.toBfloat16((float) w0);
                boolean zero = fill.zeroes(
                        ReducedPrecision.fromBfloat16(out.getShort(2 * k)), ReducedPrecision.fromBfloat16(rounded));
                out.putShort(2 * k, zero ? 0 : rounded);
            }
            case F64 -> {
                boolean zero = fill.zeroes(out.getDouble(8 * k), w0);
                out.putDouble(8 * k, zero ? 0 : w0);
            }
            default -> throw new IllegalStateException(info().name() + ": " + info().dtype());
        }
    }
}
