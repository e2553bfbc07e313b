package io.detinit.generator;

import io.detinit.generator.internal.BlockSource;
import io.detinit.generator.internal.FillKernel;
import io.detinit.generator.internal.FillKernel.Scratch;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * Writes a run of a tensor's elements into a buffer, block by block, without an array of its size.
 *
 * @param init the tensor
 * @param source computes its elements as float32
 * @param from the first element of the run
 * @param type the number format
 * @param target begins with that element
 */
record BufferFill(TensorInit init, BlockSource source, long from, WeightType type, ByteBuffer target) {

    /** Where a run goes: the buffer's bytes from its position on, in its byte order. */
    static ByteBuffer target(TensorInit init, long from, long count, WeightType type, ByteBuffer destination) {
        Objects.checkFromIndexSize(from, count, init.shape().elements());
        if (count > destination.remaining() / type.bytes()) {
            throw new IndexOutOfBoundsException(count + " weights of " + type.bytes() + " bytes do not fit the "
                    + destination.remaining() + " bytes that remain of the buffer");
        }
        int bytes = Math.toIntExact(count * type.bytes());
        return destination.slice(destination.position(), bytes).order(destination.order());
    }

    /** Writes the elements [from + start, from + start + count) to their place. */
    void write(long start, long count, Scratch scratch) {
        if (type == WeightType.FLOAT64) {
            long cols = init.shape().cols();
            for (long e = start; e < start + count; e++) {
                target.putDouble((int) e * 8, init.weightAsDouble((from + e) / cols, (from + e) % cols));
            }
            return;
        }
        FloatBuffer floats = target.asFloatBuffer();
        for (long e = start; e < start + count; e += FillKernel.BLOCK) {
            int run = (int) Math.min(FillKernel.BLOCK, start + count - e);
            source.fill(from + e, scratch.values, 0, run, scratch);
            put((int) e, scratch.values, run, floats);
        }
    }

    private void put(int at, float[] values, int count, FloatBuffer floats) {
        switch (type) {
            case FLOAT32 -> floats.put(at, values, 0, count);
            case FLOAT16 -> {
                for (int k = 0; k < count; k++) {
                    target.putShort(2 * (at + k), ReducedPrecision.toFloat16(values[k]));
                }
            }
            default -> {
                for (int k = 0; k < count; k++) {
                    target.putShort(2 * (at + k), ReducedPrecision.toBfloat16(values[k]));
                }
            }
        }
    }
}
