package io.detinit.interop.mask;

import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The mask of a parameter as the U8 tensor that a mask file holds, worked out as it is read. Not thread-safe; {@link #kept} is right
 * once every element was read once.
 */
public final class MaskView implements TensorView {

    private static final int AT_ONCE = ScoreChunk.SIZE;

    private final TensorInfo info;
    private final MaskBits mask;
    private final long[] words = new long[AT_ONCE / Long.SIZE];
    private long kept;

    /**
     * A mask as a tensor.
     *
     * @param tensor the parameter
     * @param mask its mask
     */
    public MaskView(RankedTensor tensor, MaskBits mask) {
        this.info = info(tensor.stored().info());
        this.mask = mask;
    }

    /**
     * What the mask of a parameter is.
     *
     * @param parameter the parameter as its file keeps it
     * @return its name, dtype and shape
     */
    public static TensorInfo info(TensorInfo parameter) {
        return new TensorInfo(parameter.name() + MaskFile.SUFFIX, DType.U8, parameter.shape(), TensorInfo.Kind.BUFFER);
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    /** {@return how many ones were read} */
    public long kept() {
        return kept;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        if (position % Long.SIZE != 0) {
            throw new IllegalArgumentException("a mask that is worked out is read from multiples of 64 on");
        }
        long from = position;
        while (destination.hasRemaining()) {
            int count = Math.min(AT_ONCE, destination.remaining());
            kept += mask.read(from, count, words);
            for (int k = 0; k < count; k++) {
                destination.put((byte) (words[k >>> 6] >>> k & 1));
            }
            from += count;
        }
    }
}
