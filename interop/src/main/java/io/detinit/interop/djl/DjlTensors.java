package io.detinit.interop.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a live DJL model as tensors, for audits without a file.
 *
 * <p>Stateless. Reading an NDArray is only as safe for many threads as its engine; the tensors returned are snapshots and are
 * safe.
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
        NDArray array = parameter.getArray();
        TensorShape shape = TensorShape.of(array.getShape().getShape());
        TensorInfo info = new TensorInfo(name, dtype(name, array.getDataType()), shape, kind(parameter));
        ByteBuffer source = array.toByteBuffer();
        ByteBuffer copy = ByteBuffer.allocate(source.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        copy.put(source.duplicate()).flip();
        return ArrayTensor.of(info, copy);
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
