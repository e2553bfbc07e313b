package io.detinit.interop.budget;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor on the line from its initial to its trained values: w0 + part * (w - w0), computed in double and rounded once to the dtype.
 * Nothing is stored; safe for use by many threads. Read in whole elements.
 */
final class PartWayTensor implements TensorView {

    private final TensorView initial;
    private final TensorView trained;
    private final double part;

    /**
     * Sees a tensor part-way.
     *
     * @param initial the initial values
     * @param trained the trained values, of the same dtype and shape
     * @param part how far from the initial values, in [0, 1]
     */
    PartWayTensor(TensorView initial, TensorView trained, double part) {
        this.initial = initial;
        this.trained = trained;
        this.part = part;
    }

    /** At the ends the very bits of either. */
    static TensorView of(TensorView initial, TensorView trained, double part) {
        return part == 0 ? initial : part == 1 ? trained : new PartWayTensor(initial, trained, part);
    }

    @Override
    public TensorInfo info() {
        return trained.info();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        DType dtype = info().dtype();
        int count = destination.remaining();
        if (position % dtype.bytes() != 0 || count % dtype.bytes() != 0) {
            throw new IllegalArgumentException("a tensor part-way is read in whole elements");
        }
        ByteBuffer from = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        initial.readBytes(position, from);
        ByteBuffer to = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        trained.readBytes(position, to);
        ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int start = out.position();
        for (int at = 0; at < count; at += dtype.bytes()) {
            double w0 = get(from, at, dtype);
            put(out, start + at, w0 + part * (get(to, at, dtype) - w0), dtype);
        }
        destination.position(destination.limit());
    }

    private static double get(ByteBuffer bytes, int at, DType dtype) {
        return switch (dtype) {
            case F64 -> bytes.getDouble(at);
            case F16 -> ReducedPrecision.fromFloat16(bytes.getShort(at));
            case BF16 -> ReducedPrecision.fromBfloat16(bytes.getShort(at));
            default -> bytes.getFloat(at);
        };
    }

    private static void put(ByteBuffer bytes, int at, double value, DType dtype) {
        switch (dtype) {
            case F64 -> bytes.putDouble(at, value);
            case F16 -> bytes.putShort(at, ReducedPrecision.toFloat16((float) value));
            case BF16 -> bytes.putShort(at, ReducedPrecision.toBfloat16((float) value));
            default -> bytes.putFloat(at, (float) value);
        }
    }
}
