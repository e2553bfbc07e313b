package io.detinit.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** NDArrays of any device to tensors in memory and back; no NDArray is left behind. */
final class HostArrays {

    private HostArrays() {}

    /** A copy on the Java heap. */
    static ArrayTensor copy(String name, NDArray array) {
        TensorShape shape = TensorShape.of(array.getShape().getShape());
        TensorInfo info = new TensorInfo(name, dtype(name, array.getDataType()), shape, TensorInfo.Kind.BUFFER);
        ByteBuffer copy = ByteBuffer.allocate(Math.toIntExact(info.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        try (NDManager scratch = array.getManager().newSubManager(Device.cpu())) {
            NDArray own = array.toDevice(Device.cpu(), true);
            own.attach(scratch);
            copy.put(own.toByteBuffer()).flip();
        }
        return ArrayTensor.of(info, copy);
    }

    /** An NDArray of the tensor's values, on the device of its manager. */
    static NDArray array(TensorView tensor, NDManager manager) throws IOException {
        TensorInfo info = tensor.info();
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.toIntExact(info.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        tensor.readBytes(0, bytes);
        Shape shape = new Shape(info.shape().dims());
        return manager.create(bytes.flip().order(ByteOrder.nativeOrder()), shape, type(info));
    }

    private static DType dtype(String name, DataType type) {
        return switch (type) {
            case FLOAT64 -> DType.F64;
            case FLOAT32 -> DType.F32;
            case INT64 -> DType.I64;
            case INT32 -> DType.I32;
            case INT8 -> DType.I8;
            case UINT8 -> DType.U8;
            case BOOLEAN -> DType.BOOL;
            default ->
                throw new IllegalArgumentException("state '" + name + "' has the data type " + type
                        + "; checkpoints hold float64, float32, int64, int32, int8, uint8 and boolean");
        };
    }

    private static DataType type(TensorInfo info) {
        return switch (info.dtype()) {
            case F64 -> DataType.FLOAT64;
            case F32 -> DataType.FLOAT32;
            case I64 -> DataType.INT64;
            case I32 -> DataType.INT32;
            case I8 -> DataType.INT8;
            case U8 -> DataType.UINT8;
            case BOOL -> DataType.BOOLEAN;
            default -> throw new IllegalArgumentException("no state is " + info.dtype());
        };
    }
}
