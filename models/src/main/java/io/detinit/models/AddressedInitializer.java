package io.detinit.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.initializer.Initializer;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A DJL initializer that knows the address of the tensor it fills: bound to one parameter, it gives the same bits on every
 * device, engine and thread count.
 *
 * <p>DJL tells an initializer neither the parameter nor its name, so each parameter gets an object of its own ({@link
 * Seeding} binds them).
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param name the parameter's name, for messages
 * @param seed the seed
 * @param layer the layer id; not used by zeros, ones and constant
 * @param scheme the scheme
 */
public record AddressedInitializer(String name, long seed, long layer, Scheme scheme) implements Initializer {

    private static final int CHUNK = 1 << 16;

    /**
     * Creates the array.
     *
     * @param manager owns the new array, and names its device
     * @param shape the parameter's shape
     * @param dataType float32, float16 or float64
     * @return the initial values; reduced precision is the float32 value rounded once more
     * @throws IllegalArgumentException if the scheme needs a fan and the rank is below 2, the data type is another, or the
     *     parameter has more than 2^31-1 bytes
     */
    @Override
    public NDArray initialize(NDManager manager, Shape shape, DataType dataType) {
        if (dataType != DataType.FLOAT32 && dataType != DataType.FLOAT16 && dataType != DataType.FLOAT64) {
            // bfloat16 too: DJL 0.36's PyTorch engine aborts the process when asked to make such an array
            throw new IllegalArgumentException("parameter '" + name + "': no initial weights in " + dataType
                    + "; use float32, float16 or float64");
        }
        TensorInit init = init(TensorShape.of(shape.getShape()));
        ByteBuffer bytes = bytes(init, dataType);
        NDArray array = manager.create(bytes, shape, dataType);
        if (manager.getDevice().isGpu()) {
            return array;
        }
        // The engine may borrow the buffer's memory: hand out an array in its own, aligned for its kernels
        try (array) {
            return array.duplicate();
        }
    }

    /**
     * The initial values this initializer gives to a shape.
     *
     * @param shape the shape
     * @return the values
     * @throws IllegalArgumentException if the scheme does not fit; the message names the parameter and says what to do
     */
    public TensorInit init(TensorShape shape) {
        try {
            return new TensorInit(seed, Math.max(layer, 0), shape, scheme);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "parameter '" + name + "': " + e.getMessage() + "; give it a rule of its own", e);
        }
    }

    private ByteBuffer bytes(TensorInit init, DataType dataType) {
        long size = Math.multiplyExact(init.shape().elements(), dataType.getNumOfBytes());
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "parameter '" + name + "' has " + size + " bytes; DJL creates arrays of up to 2^31-1");
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect((int) size).order(ByteOrder.nativeOrder());
        float[] chunk = new float[(int) Math.min(CHUNK, init.shape().elements())];
        long cols = init.shape().cols();
        for (long from = 0; from < init.shape().elements(); from += CHUNK) {
            int count = (int) Math.min(CHUNK, init.shape().elements() - from);
            if (dataType == DataType.FLOAT64) {
                for (long e = from; e < from + count; e++) {
                    bytes.putDouble(init.weightAsDouble(e / cols, e % cols));
                }
                continue;
            }
            init.fill(from, chunk, 0, count);
            for (int k = 0; k < count; k++) {
                if (dataType == DataType.FLOAT32) {
                    bytes.putFloat(chunk[k]);
                } else {
                    bytes.putShort(ReducedPrecision.toFloat16(chunk[k]));
                }
            }
        }
        return bytes.flip().order(ByteOrder.nativeOrder());
    }
}
