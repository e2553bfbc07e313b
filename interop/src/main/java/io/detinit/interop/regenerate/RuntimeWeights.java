package io.detinit.interop.regenerate;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.ConstantOutputs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Map;
import java.util.Objects;

/** The weights that ONNX Runtime computes from a prelude, beside those of the generator and those of the model. */
final class RuntimeWeights {

    private static final int CHUNK = 1 << 16;

    /** One in so many initial weights may be rounded otherwise; more mean that the runtime computes something else. */
    private static final long MAX_ROUNDED = 1000;

    private static final int ALWAYS_ALLOWED = 8;

    private final GeneratedTensor tensor;
    private final String file;
    private final int opset;

    RuntimeWeights(GeneratedTensor tensor, String file, int opset) {
        this.tensor = tensor;
        this.file = file;
        this.opset = opset;
    }

    /**
     * Where the model's elements are not what the runtime computes.
     *
     * @param moved their positions
     * @param rounded how many of them are initial values
     */
    record Difference(BitSet moved, long rounded) {}

    /**
     * Compares.
     *
     * @param wanted the elements that the model is to have
     * @throws MalformedFileException if the runtime does not compute the generator's values
     */
    Difference difference(TensorView wanted) throws IOException {
        MovedValues none = MovedValues.of(new BitSet(), tensor.info(), position -> 0);
        ByteBuffer computed = compute(none, true);
        BitSet moved = new BitSet();
        long rounded = 0;
        long other = 0;
        int count = Math.toIntExact(tensor.info().shape().elements());
        int size = tensor.info().dtype().bytes();
        float[] initial = new float[CHUNK];
        ByteBuffer elements = ByteBuffer.allocate(CHUNK * size).order(computed.order());
        for (int from = 0; from < count; from += CHUNK) {
            int length = Math.min(CHUNK, count - from);
            tensor.stored().fill(from, initial, length);
            elements.clear().limit(length * size);
            wanted.readBytes((long) from * size, elements);
            for (int k = 0; k < length; k++) {
                int runtime = bits(computed, from + k);
                int exact = bits(initial[k]);
                int here = bits(elements, k);
                if (runtime != exact) {
                    other++;
                    rounded += here == exact ? 1 : 0;
                }
                if (runtime != here) {
                    moved.set(from + k);
                }
            }
        }
        if (other > ALWAYS_ALLOWED + count / MAX_ROUNDED) {
            throw MalformedFileException.withAdvice(
                    MalformedFileException.of(
                            file,
                            "tensor '" + tensor.info().name() + "'",
                            "this ONNX Runtime computes " + other + " of " + count
                                    + " initial weights with other bits than the generator",
                            "64-bit integers that wrap around, and Log, Sqrt and Sin of doubles"),
                    "write it with --storage dense");
        }
        return new Difference(moved, rounded);
    }

    private int bits(float value) {
        return switch (tensor.info().dtype()) {
            case F16 -> ReducedPrecision.toFloat16(value) & 0xFFFF;
            case BF16 -> ReducedPrecision.toBfloat16(value) & 0xFFFF;
            default -> Float.floatToRawIntBits(value);
        };
    }

    private int bits(ByteBuffer elements, int position) {
        return tensor.info().dtype() == DType.F32
                ? elements.getInt(position * Integer.BYTES)
                : elements.getShort(position * Short.BYTES) & 0xFFFF;
    }

    /** Packs the elements that differ. */
    MovedValues pack(BitSet moved, TensorView wanted) throws IOException {
        int size = tensor.info().dtype().bytes();
        ByteBuffer all =
                ByteBuffer.allocate(Math.toIntExact(wanted.info().bytes())).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < all.capacity(); at += (long) CHUNK * size) {
            all.limit((int) Math.min(all.capacity(), at + (long) CHUNK * size));
            wanted.readBytes(at, all);
        }
        return MovedValues.of(moved, tensor.info(), position -> bits(all, position));
    }

    /**
     * Makes sure that the finished nodes give the model's elements, bit for bit, with and without constant folding.
     *
     * @throws MalformedFileException if they do not
     */
    void check(MovedValues moved, TensorView wanted) throws IOException {
        for (boolean optimized : new boolean[] {false, true}) {
            ByteBuffer computed = compute(moved, optimized);
            int size = tensor.info().dtype().bytes();
            ByteBuffer elements = ByteBuffer.allocate(CHUNK * size).order(computed.order());
            for (int from = 0; from < computed.capacity(); from += CHUNK * size) {
                elements.clear().limit(Math.min(CHUNK * size, computed.capacity() - from));
                wanted.readBytes(from, elements);
                int mismatch = elements.flip().mismatch(computed.slice(from, elements.limit()));
                if (mismatch >= 0) {
                    throw MalformedFileException.of(
                            file,
                            "tensor '" + tensor.info().name() + "'",
                            "ONNX Runtime computes another element " + (from + mismatch) / size,
                            "the pruned weight, bit for bit; write it with --storage dense");
                }
            }
        }
    }

    private ByteBuffer compute(MovedValues moved, boolean optimized) throws IOException {
        byte[] model = new Prelude(opset, Map.of(tensor, moved)).model();
        String name = tensor.info().name();
        ByteBuffer computed =
                Objects.requireNonNull(ConstantOutputs.run(file + ", tensor '" + name + "'", model, optimized)
                        .get(name));
        if (computed.capacity() != tensor.info().bytes()) {
            throw MalformedFileException.of(
                    file,
                    "tensor '" + name + "'",
                    "ONNX Runtime computes " + computed.capacity() + " bytes",
                    Long.toString(tensor.info().bytes()));
        }
        return computed;
    }
}
