package io.detinit.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.initializer.Initializer;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.generator.WeightType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

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

    private static final Map<DataType, WeightType> TYPES = Map.of(
            DataType.FLOAT32, WeightType.FLOAT32,
            DataType.FLOAT16, WeightType.FLOAT16,
            DataType.FLOAT64, WeightType.FLOAT64);

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
        WeightType type = TYPES.get(dataType);
        if (type == null) {
            // bfloat16 too: DJL 0.36's PyTorch engine aborts the process when asked to make such an array
            throw new IllegalArgumentException("parameter '" + name + "': no initial weights in " + dataType
                    + "; use float32, float16 or float64");
        }
        TensorInit init = init(TensorShape.of(shape.getShape()));
        long size = Math.multiplyExact(init.shape().elements(), type.bytes());
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "parameter '" + name + "' has " + size + " bytes; DJL creates arrays of up to 2^31-1");
        }
        if (manager.getEngine().getEngineName().equals("PyTorch")
                && !manager.getDevice().isGpu()) {
            return inEngineMemory(manager, shape, dataType, init, type);
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect((int) size).order(ByteOrder.nativeOrder());
        init.fillParallel(0, init.shape().elements(), type, bytes);
        return manager.create(bytes.flip().order(ByteOrder.nativeOrder()), shape, dataType);
    }

    /** libtorch allocates the array, the generator writes into it: there is no copy. */
    private static NDArray inEngineMemory(
            NDManager manager, Shape shape, DataType dataType, TensorInit init, WeightType type) {
        NDArray array = manager.create(shape, dataType);
        try {
            if (init.shape().elements() > 0) {
                ByteBuffer memory = array.toByteBuffer(true);
                init.fillParallel(0, init.shape().elements(), type, memory);
            }
            return array;
        } catch (RuntimeException e) {
            array.close();
            throw e;
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
}
