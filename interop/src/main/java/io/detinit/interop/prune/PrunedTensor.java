package io.detinit.interop.prune;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.plan.TransposedValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A tensor seen through a rule: kept weights are the file's own bytes, pruned ones are zero or the initial values. Works in
 * blocks, of which one where all is kept costs no initial values. Nothing is stored; safe for use by many threads.
 */
final class PrunedTensor implements TensorView {

    private static final int BLOCK = 1 << 14;

    /** Of a matrix that the file keeps transposed: as many whole rows of it as come at a time. */
    private static final int TURNED_BLOCK = 1 << 18;

    private static final ThreadLocal<PruneBlock> BLOCKS = ThreadLocal.withInitial(() -> new PruneBlock(BLOCK));
    private static final ThreadLocal<PruneBlock> TURNED = ThreadLocal.withInitial(() -> new PruneBlock(TURNED_BLOCK));

    private final TensorView trained;
    private final @Nullable InitialValues values;
    private final Fill fill;
    private final KeepRule rule;
    private final boolean turned;

    /**
     * Sees a tensor through a rule.
     *
     * @param trained the tensor as the checkpoint keeps it
     * @param values its initial values in the same order; null where neither the fill nor the rule needs them
     * @param fill what stands where a weight was pruned
     * @param rule which weights are kept
     */
    PrunedTensor(TensorView trained, @Nullable InitialValues values, Fill fill, KeepRule rule) {
        this.trained = trained;
        this.values = values;
        this.fill = fill;
        this.rule = rule;
        this.turned = rule instanceof KeepRule.Turned || values instanceof TransposedValues;
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
        long grain = (long) KeepRule.GRAIN * size;
        long end = position + destination.remaining();
        long from = position - position % grain;
        long to = Math.min(info().bytes(), (end + grain - 1) / grain * grain);
        if (from == position && to == end) {
            readGrains(position, destination);
            return;
        }
        ByteBuffer grains = ByteBuffer.allocate(Math.toIntExact(to - from));
        readGrains(from, grains);
        destination.put(grains.slice((int) (position - from), destination.remaining()));
    }

    private void readGrains(long position, ByteBuffer destination) throws IOException {
        int start = destination.position();
        trained.readBytes(position, destination);
        ByteBuffer out = destination
                .duplicate()
                .limit(destination.position())
                .position(start)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        int size = info().dtype().bytes();
        int count = out.remaining() / size;
        PruneBlock block = (turned ? TURNED : BLOCKS).get();
        IntBuffer ints = out.asIntBuffer();
        for (int at = 0; at < count; at += block.size()) {
            int length = Math.min(block.size(), count - at);
            if (info().dtype() == DType.F32) {
                pruneFloats(position / size + at, length, ints, at, block);
            } else {
                pruneOthers(position / size + at, length, out, at, block);
            }
        }
    }

    private void pruneFloats(long from, int count, IntBuffer out, int at, PruneBlock block) throws IOException {
        out.get(at, block.bits(), 0, count);
        if (rule.needsInit()) {
            fill(from, block.w0(), count);
        }
        if (rule.mark(from, count, block) == count) {
            return;
        }
        if (fill.needsInit() && !rule.needsInit()) {
            fill(from, block.w0(), count);
        }
        switch (fill) {
            case ZERO -> zero(block.bits(), block.keep(), count);
            case INIT -> init(block, count);
            case INIT_OR_ZERO -> initOrZero(block, count);
        }
        out.put(at, block.bits(), 0, count);
    }

    private void fill(long from, float[] w0, int count) throws IOException {
        if (values == null) {
            throw new IllegalStateException(info().name() + ": no initial values");
        }
        values.fill(from, w0, 0, count);
    }

    private static void zero(int[] bits, int[] keep, int count) {
        for (int k = 0; k < count; k++) {
            bits[k] &= keep[k];
        }
    }

    private static void init(PruneBlock block, int count) {
        int[] bits = block.bits();
        int[] keep = block.keep();
        float[] w0 = block.w0();
        for (int k = 0; k < count; k++) {
            bits[k] = (bits[k] & keep[k]) | (Float.floatToRawIntBits(w0[k]) & ~keep[k]);
        }
    }

    private void initOrZero(PruneBlock block, int count) {
        int[] bits = block.bits();
        int[] keep = block.keep();
        float[] w0 = block.w0();
        for (int k = 0; k < count; k++) {
            int other = fill.zeroes(Float.intBitsToFloat(bits[k]), w0[k]) ? 0 : Float.floatToRawIntBits(w0[k]);
            bits[k] = (bits[k] & keep[k]) | (other & ~keep[k]);
        }
    }

    private void pruneOthers(long from, int count, ByteBuffer out, int at, PruneBlock block) throws IOException {
        if (rule.mark(from, count, block) == count) {
            return;
        }
        boolean wide = info().dtype() == DType.F64;
        double[] w0 = new double[wide && values != null ? count : 0];
        if (values != null && wide) {
            values.fill(from, w0, 0, count);
        } else if (values != null) {
            values.fill(from, block.w0(), 0, count);
        }
        for (int k = 0; k < count; k++) {
            if (block.keep()[k] == 0) {
                double initial = values == null ? 0 : wide ? w0[k] : block.w0()[k];
                prune(out, at + k, initial);
            }
        }
    }

    private void prune(ByteBuffer out, int k, double w0) {
        switch (info().dtype()) {
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
