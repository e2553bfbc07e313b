package io.detinit.interop.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a live DJL model as tensors, for audits without a file.
 *
 * <p>Stateless. Reading an NDArray is only as safe for many threads as its engine; snapshots are safe. No NDArray is left behind on
 * any device.
 */
public final class DjlTensors {

    private DjlTensors() {}

    /**
     * Takes a snapshot of parameters, wherever they live (CPU or GPU).
     *
     * @param parameters initialised parameters by name, in state-dict order
     * @return their values at this moment
     * @throws IllegalArgumentException if a parameter's data type is not one of float64, float32, float16, bfloat16, int64,
     *     int32, int8, uint8, boolean
     */
    public static List<ArrayTensor> of(Map<String, Parameter> parameters) {
        List<ArrayTensor> tensors = new ArrayList<>();
        parameters.forEach((name, parameter) -> tensors.add(of(name, parameter)));
        return tensors;
    }

    private static ArrayTensor of(String name, Parameter parameter) {
        TensorInfo info = info(name, parameter);
        ByteBuffer copy = ByteBuffer.allocate(size(info)).order(ByteOrder.LITTLE_ENDIAN);
        try (HostMemory memory = HostMemory.of(parameter.getArray(), true)) {
            copy.put(memory.bytes().duplicate()).flip();
        }
        return ArrayTensor.of(info, copy);
    }

    /**
     * Views parameters as they are whenever they are read, without a copy of the model: those in the memory of the CPU are read
     * where they lie, of those on other devices one at a time is copied to the CPU.
     *
     * @param parameters initialised parameters by name, in state-dict order
     * @return views, valid until they are closed; nobody may update or close the parameters while one is read
     * @throws IllegalArgumentException as {@link #of(Map)}, or if a parameter has 2^31 bytes or more
     */
    public static Live live(Map<String, Parameter> parameters) {
        return new Live(parameters, true);
    }

    /** As {@link #live}, with a copy of every parameter, as if it lay on another device. */
    static Live copied(Map<String, Parameter> parameters) {
        return new Live(parameters, false);
    }

    /**
     * Views of live parameters.
     *
     * <p>Safe for use by many threads; those that read different copied parameters at once wait for each other.
     */
    public static final class Live implements AutoCloseable {

        private final boolean direct;
        private final List<TensorView> tensors = new ArrayList<>();
        private @Nullable HostMemory held;
        private @Nullable LiveTensor holder;
        private boolean closed;

        private Live(Map<String, Parameter> parameters, boolean direct) {
            this.direct = direct;
            parameters.forEach((name, parameter) -> {
                TensorInfo info = info(name, parameter);
                size(info);
                tensors.add(new LiveTensor(this, info, parameter));
            });
        }

        /** {@return the views, in the order of the parameters} */
        public List<TensorView> tensors() {
            return List.copyOf(tensors);
        }

        private synchronized void read(LiveTensor tensor, int position, ByteBuffer destination) {
            destination.put(memory(tensor).bytes().slice(position, destination.remaining()));
        }

        /** The memory that the parameter itself lies in; null where only a copy can be had. */
        private synchronized @Nullable ByteBuffer shared(LiveTensor tensor) {
            HostMemory memory = memory(tensor);
            return memory.shared() ? memory.bytes().asReadOnlyBuffer() : null;
        }

        private HostMemory memory(LiveTensor tensor) {
            if (closed) {
                throw new IllegalStateException("the views of the live parameters are closed");
            }
            HostMemory memory = held;
            if (memory == null || holder != tensor) {
                release();
                memory = HostMemory.of(tensor.parameter.getArray(), direct);
                held = memory;
                holder = tensor;
            }
            return memory;
        }

        private void release() {
            if (held != null) {
                held.close();
            }
            held = null;
            holder = null;
        }

        @Override
        public synchronized void close() {
            release();
            closed = true;
        }
    }

    /** One parameter; its bytes are where {@link Live} finds them. */
    private static final class LiveTensor implements TensorView {

        private final Live owner;
        private final TensorInfo info;
        private final Parameter parameter;

        LiveTensor(Live owner, TensorInfo info, Parameter parameter) {
            this.owner = owner;
            this.info = info;
            this.parameter = parameter;
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) {
            Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
            owner.read(this, (int) position, destination);
        }

        @Override
        public ByteBuffer view(long position, int length) {
            Objects.checkFromIndexSize(position, length, info.bytes());
            ByteBuffer memory = owner.shared(this);
            if (memory != null) {
                return memory.slice((int) position, length).order(ByteOrder.LITTLE_ENDIAN);
            }
            ByteBuffer copy = ByteBuffer.allocate(length);
            owner.read(this, (int) position, copy);
            return copy.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /**
     * An array's elements in the memory of the CPU. Everything made on the way belongs to a manager of its own: what DJL's {@code
     * toByteBuffer} makes of an array on a GPU, or of one whose elements do not lie together, would stay until training ends.
     *
     * @param manager owns what was made
     * @param bytes the elements
     * @param shared whether they are the array's own memory and no copy
     */
    private record HostMemory(NDManager manager, ByteBuffer bytes, boolean shared) implements AutoCloseable {

        static HostMemory of(NDArray array, boolean direct) {
            NDManager manager = array.getManager().newSubManager();
            boolean done = false;
            try {
                boolean shared = direct && array.getDevice().equals(Device.cpu());
                NDArray own = shared ? array.stopGradient() : array.toDevice(Device.cpu(), true);
                own.attach(manager);
                HostMemory memory = new HostMemory(manager, own.toByteBuffer(true), shared);
                done = true;
                return memory;
            } finally {
                if (!done) {
                    manager.close();
                }
            }
        }

        @Override
        public void close() {
            manager.close();
        }
    }

    private static TensorInfo info(String name, Parameter parameter) {
        NDArray array = parameter.getArray();
        TensorShape shape = TensorShape.of(array.getShape().getShape());
        return new TensorInfo(name, dtype(name, array.getDataType()), shape, kind(parameter));
    }

    private static int size(TensorInfo info) {
        if (info.bytes() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "parameter '" + info.name() + "' has " + info.bytes() + " bytes; live ones can have 2^31 - 1");
        }
        return (int) info.bytes();
    }

    private static TensorInfo.Kind kind(Parameter parameter) {
        return switch (parameter.getType()) {
            case RUNNING_MEAN, RUNNING_VAR -> TensorInfo.Kind.BUFFER;
            default -> TensorInfo.Kind.PARAMETER;
        };
    }

    private static DType dtype(String name, DataType type) {
        return switch (type) {
            case FLOAT64 -> DType.F64;
            case FLOAT32 -> DType.F32;
            case FLOAT16 -> DType.F16;
            case BFLOAT16 -> DType.BF16;
            case INT64 -> DType.I64;
            case INT32 -> DType.I32;
            case INT8 -> DType.I8;
            case UINT8 -> DType.U8;
            case BOOLEAN -> DType.BOOL;
            default ->
                throw new IllegalArgumentException("parameter '" + name + "' has the data type " + type
                        + "; known are float64, float32, float16, bfloat16, int64, int32, int8, uint8, boolean");
        };
    }
}
