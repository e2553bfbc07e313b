package io.detinit.interop.onnx;

import io.detinit.interop.tensor.DType;
import java.util.Optional;

/**
 * {@code TensorProto.DataType}: the element types that have a {@link DType}, and the field of TensorProto that holds their
 * elements where {@code raw_data} does not.
 */
enum OnnxType {
    FLOAT(1, DType.F32, TensorField.FLOAT_DATA),
    UINT8(2, DType.U8, TensorField.INT32_DATA),
    INT8(3, DType.I8, TensorField.INT32_DATA),
    UINT16(4, DType.U16, TensorField.INT32_DATA),
    INT16(5, DType.I16, TensorField.INT32_DATA),
    INT32(6, DType.I32, TensorField.INT32_DATA),
    INT64(7, DType.I64, TensorField.INT64_DATA),
    BOOL(9, DType.BOOL, TensorField.INT32_DATA),
    FLOAT16(10, DType.F16, TensorField.INT32_DATA),
    DOUBLE(11, DType.F64, TensorField.DOUBLE_DATA),
    UINT32(12, DType.U32, TensorField.UINT64_DATA),
    UINT64(13, DType.U64, TensorField.UINT64_DATA),
    COMPLEX64(14, DType.C64, TensorField.FLOAT_DATA),
    COMPLEX128(15, DType.C128, TensorField.DOUBLE_DATA),
    BFLOAT16(16, DType.BF16, TensorField.INT32_DATA),
    FLOAT8E4M3FN(17, DType.F8_E4M3, TensorField.INT32_DATA),
    FLOAT8E4M3FNUZ(18, DType.F8_E4M3FNUZ, TensorField.INT32_DATA),
    FLOAT8E5M2(19, DType.F8_E5M2, TensorField.INT32_DATA),
    FLOAT8E5M2FNUZ(20, DType.F8_E5M2FNUZ, TensorField.INT32_DATA),
    UINT4(21, DType.U4, TensorField.INT32_DATA),
    INT4(22, DType.I4, TensorField.INT32_DATA),
    FLOAT4E2M1(23, DType.F4, TensorField.INT32_DATA),
    FLOAT8E8M0(24, DType.F8_E8M0, TensorField.INT32_DATA),
    UINT2(25, DType.U2, TensorField.INT32_DATA),
    INT2(26, DType.I2, TensorField.INT32_DATA);

    private final int number;
    private final DType dtype;
    private final int typedField;

    OnnxType(int number, DType dtype, int typedField) {
        this.number = number;
        this.dtype = dtype;
        this.typedField = typedField;
    }

    DType dtype() {
        return dtype;
    }

    int typedField() {
        return typedField;
    }

    /** The number that {@code data_type} holds. */
    int number() {
        return number;
    }

    /** The bytes that one entry of the typed field stands for: half an element for complex numbers, 1 for sub-byte types. */
    int unitBytes() {
        return switch (this) {
            case COMPLEX64 -> 4;
            case COMPLEX128 -> 8;
            default -> dtype.isWholeBytes() ? dtype.bytes() : 1;
        };
    }

    /** The type of a dtype's tensors. */
    static OnnxType of(DType dtype) {
        for (OnnxType type : values()) {
            if (type.dtype == dtype) {
                return type;
            }
        }
        throw new IllegalArgumentException("ONNX has no tensors of " + dtype);
    }

    /** The width of an entry of the typed field on the wire in bytes, 0 for a number of variable length. */
    int wireBytes() {
        return typedField == TensorField.FLOAT_DATA ? 4 : typedField == TensorField.DOUBLE_DATA ? 8 : 0;
    }

    static Optional<OnnxType> of(long number) {
        for (OnnxType type : values()) {
            if (type.number == number) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** How a type is called in messages. */
    static String nameOf(long number) {
        return of(number).map(OnnxType::name).orElse(number == 8 ? "STRING" : "data type " + number);
    }
}
