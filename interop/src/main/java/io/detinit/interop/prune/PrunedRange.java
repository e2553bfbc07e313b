package io.detinit.interop.prune;

import io.detinit.interop.mask.MaskBits;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A tensor of which a mask is worked out as it is read, with what stands where weights are pruned: the same bytes as {@link Pruner}
 * writes. Read it from front to back, once: then {@link #kept} is right. Memory does not depend on the tensor's size.
 *
 * <p>Not thread-safe.
 */
public final class PrunedRange implements TensorView {

    private final KeepRule.Ranged rule;
    private final PrunedTensor tensor;

    /**
     * A pruned tensor.
     *
     * @param trained the parameter, as its file keeps it
     * @param mask its mask
     * @param fill what stands where a weight was pruned
     */
    public PrunedRange(RankedTensor trained, MaskBits mask, Fill fill) {
        this.rule = new KeepRule.Ranged(mask);
        this.tensor = new PrunedTensor(
                trained.stored(), fill.needsInit() ? trained.initial().storedValues() : null, fill, rule);
    }

    @Override
    public TensorInfo info() {
        return tensor.info();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        tensor.readBytes(position, destination);
    }

    /** {@return how many weights were kept} */
    public long kept() {
        return rule.kept();
    }
}
