package io.detinit.interop.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * TensorProto (onnx.proto) to tensors and back. Elements stand in {@code raw_data} (little-endian) or in the one typed field of
 * their data type.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class OnnxTensors {

    private OnnxTensors() {}

    /** The dtype of an ONNX data type; empty where a tensor of it cannot be shown (strings, 4-bit, complex128). */
    static Optional<DType> dtype(int dataType) {
        OnnxMl.TensorProto.DataType type = OnnxMl.TensorProto.DataType.forNumber(dataType);
        if (type == null) {
            return Optional.empty();
        }
        return switch (type) {
            case FLOAT -> Optional.of(DType.F32);
            case DOUBLE -> Optional.of(DType.F64);
            case FLOAT16 -> Optional.of(DType.F16);
            case BFLOAT16 -> Optional.of(DType.BF16);
            case INT64 -> Optional.of(DType.I64);
            case INT32 -> Optional.of(DType.I32);
            case INT16 -> Optional.of(DType.I16);
            case INT8 -> Optional.of(DType.I8);
            case UINT64 -> Optional.of(DType.U64);
            case UINT32 -> Optional.of(DType.U32);
            case UINT16 -> Optional.of(DType.U16);
            case UINT8 -> Optional.of(DType.U8);
            case BOOL -> Optional.of(DType.BOOL);
            case COMPLEX64 -> Optional.of(DType.C64);
            default -> Optional.empty();
        };
    }

    /**
     * Reads a graph initializer.
     *
     * @param proto the tensor
     * @param dtype its dtype
     * @param kind its kind
     * @param file for messages
     * @return the tensor; raw data is not copied
     * @throws MalformedFileException if dims are negative or too large, or the data does not have the bytes that they ask for
     */
    static ArrayTensor read(OnnxMl.TensorProto proto, DType dtype, TensorInfo.Kind kind, Object file)
            throws MalformedFileException {
        String where = "initializer '" + proto.getName() + "'";
        if (proto.hasSegment()) {
            throw MalformedFileException.unsupported(file, where, "a segmented tensor", "no known program writes one");
        }
        TensorShape shape;
        long bytes;
        try {
            shape = TensorShape.of(
                    proto.getDimsList().stream().mapToLong(Long::longValue).toArray());
            bytes = Math.multiplyExact(shape.elements(), dtype.bytes());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw MalformedFileException.of(
                    file, where + ": dims", proto.getDimsList().toString(), "axes >= 0 and fewer than 2^63 bytes");
        }
        TensorInfo info = new TensorInfo(proto.getName(), dtype, shape, kind);
        if (proto.getDataLocation() == OnnxMl.TensorProto.DataLocation.EXTERNAL) {
            throw MalformedFileException.unsupported(
                    file,
                    where,
                    "external data",
                    "save the model as one file (onnx.save with save_as_external_data=False)");
        }
        if (proto.hasRawData()) {
            requireLength(proto.getRawData().size(), bytes, "bytes of raw_data", shape, dtype, where, file);
            return ArrayTensor.of(info, proto.getRawData().asReadOnlyByteBuffer());
        }
        return ArrayTensor.of(info, typedData(proto, dtype, shape, where, file));
    }

    private static ByteBuffer typedData(
            OnnxMl.TensorProto proto, DType dtype, TensorShape shape, String where, Object file)
            throws MalformedFileException {
        int found = switch (dtype) {
            case F32, C64 -> proto.getFloatDataCount();
            case F64 -> proto.getDoubleDataCount();
            case I64 -> proto.getInt64DataCount();
            case U64, U32 -> proto.getUint64DataCount();
            default -> proto.getInt32DataCount();
        };
        long wanted = dtype == DType.C64 ? Math.multiplyExact(2, shape.elements()) : shape.elements();
        requireLength(found, wanted, "values", shape, dtype, where, file);
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(Math.multiplyExact(shape.elements(), dtype.bytes())))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < found; k++) {
            switch (dtype) {
                case F32, C64 -> out.putFloat(proto.getFloatData(k));
                case F64 -> out.putDouble(proto.getDoubleData(k));
                case I64 -> out.putLong(proto.getInt64Data(k));
                case U64 -> out.putLong(proto.getUint64Data(k));
                case U32 -> out.putInt((int) proto.getUint64Data(k));
                case I32 -> out.putInt(proto.getInt32Data(k));
                case F16, BF16, I16, U16 -> out.putShort((short) proto.getInt32Data(k));
                default -> out.put((byte) proto.getInt32Data(k));
            }
        }
        return out.flip();
    }

    private static void requireLength(
            long found, long expected, String unit, TensorShape shape, DType dtype, String where, Object file)
            throws MalformedFileException {
        if (found != expected) {
            throw MalformedFileException.of(file, where, found + " " + unit, expected + " for " + dtype + " " + shape);
        }
    }

    /** A copy of a tensor with other elements, as raw data. */
    static OnnxMl.TensorProto withData(OnnxMl.TensorProto proto, ByteString littleEndian) {
        return proto.toBuilder()
                .clearFloatData()
                .clearInt32Data()
                .clearInt64Data()
                .clearDoubleData()
                .clearUint64Data()
                .clearStringData()
                .setRawData(littleEndian)
                .build();
    }

    /** The inputs of all nodes in graph order, first use first. */
    static List<String> uses(OnnxMl.GraphProto graph) {
        java.util.LinkedHashSet<String> uses = new java.util.LinkedHashSet<>();
        graph.getNodeList().forEach(node -> uses.addAll(node.getInputList()));
        return List.copyOf(uses);
    }
}
