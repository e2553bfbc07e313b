package io.detinit.interop.prune;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.TensorInit;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor seen through a mask: kept weights are the file's own bytes, pruned ones are the fill. Nothing is stored; safe for
 * use by many threads.
 */
final class PrunedTensor implements TensorView {

    private final TensorView trained;
    private final TensorInit init;
    private final Mask mask;
    private final Fill fill;

    PrunedTensor(TensorView trained, TensorInit init, Mask mask, Fill fill) {
        this.trained = trained;
        this.init = init;
        this.mask = mask;
        this.fill = fill;
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
        float[] w0 = new float[fill == Fill.INIT && size < 8 ? count : 0];
        if (w0.length > 0) {
            init.fill(from, w0, 0, count);
        }
        long cols = init.shape().cols();
        for (int k = 0; k < count; k++) {
            if (mask.keeps(from + k)) {
                continue;
            }
            float value = w0.length > 0 ? w0[k] : 0;
            switch (info().dtype()) {
                case F32 -> out.putFloat(4 * k, value);
                case F16 -> out.putShort(2 * k, ReducedPrecision.toFloat16(value));
                case BF16 -> out.putShort(2 * k, ReducedPrecision.toBfloat16(value));
                case F64 ->
                    out.putDouble(
                            8 * k, fill == Fill.ZERO ? 0 : init.weightAsDouble((from + k) / cols, (from + k) % cols));
                default -> throw new IllegalStateException(info().name() + ": " + info().dtype());
            }
        }
    }
}
