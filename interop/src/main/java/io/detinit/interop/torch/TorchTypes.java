package io.detinit.interop.torch;

import io.detinit.interop.tensor.DType;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import java.util.Map;
import java.util.Optional;

/**
 * PyTorch's names of storage classes and dtypes. Source: {@code torch/__init__.py} and {@code torch/storage.py}.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchTypes {

    private static final Map<String, DType> STORAGES = Map.ofEntries(
            Map.entry("DoubleStorage", DType.F64),
            Map.entry("FloatStorage", DType.F32),
            Map.entry("HalfStorage", DType.F16),
            Map.entry("BFloat16Storage", DType.BF16),
            Map.entry("LongStorage", DType.I64),
            Map.entry("IntStorage", DType.I32),
            Map.entry("ShortStorage", DType.I16),
            Map.entry("CharStorage", DType.I8),
            Map.entry("ByteStorage", DType.U8),
            Map.entry("BoolStorage", DType.BOOL),
            Map.entry("ComplexFloatStorage", DType.C64),
            Map.entry("ComplexDoubleStorage", DType.C128),
            Map.entry("QInt8Storage", DType.I8),
            Map.entry("QUInt8Storage", DType.U8),
            Map.entry("QInt32Storage", DType.I32));

    private static final Map<String, DType> DTYPES = Map.ofEntries(
            Map.entry("float64", DType.F64),
            Map.entry("double", DType.F64),
            Map.entry("float32", DType.F32),
            Map.entry("float", DType.F32),
            Map.entry("float16", DType.F16),
            Map.entry("half", DType.F16),
            Map.entry("bfloat16", DType.BF16),
            Map.entry("int64", DType.I64),
            Map.entry("long", DType.I64),
            Map.entry("int32", DType.I32),
            Map.entry("int", DType.I32),
            Map.entry("int16", DType.I16),
            Map.entry("short", DType.I16),
            Map.entry("int8", DType.I8),
            Map.entry("uint8", DType.U8),
            Map.entry("uint16", DType.U16),
            Map.entry("uint32", DType.U32),
            Map.entry("uint64", DType.U64),
            Map.entry("bool", DType.BOOL),
            Map.entry("complex64", DType.C64),
            Map.entry("cfloat", DType.C64),
            Map.entry("complex128", DType.C128),
            Map.entry("cdouble", DType.C128),
            Map.entry("float8_e4m3fn", DType.F8_E4M3),
            Map.entry("float8_e5m2", DType.F8_E5M2),
            Map.entry("float8_e4m3fnuz", DType.F8_E4M3FNUZ),
            Map.entry("float8_e5m2fnuz", DType.F8_E5M2FNUZ),
            Map.entry("float8_e8m0fnu", DType.F8_E8M0),
            Map.entry("qint8", DType.I8),
            Map.entry("quint8", DType.U8),
            Map.entry("qint32", DType.I32));

    private TorchTypes() {}

    /**
     * The element type of a storage class.
     *
     * @param storage such as {@code torch.FloatStorage}, also of a device ({@code torch.cuda.FloatStorage})
     * @return the dtype; empty for UntypedStorage, whose tensors name theirs, and for classes without a {@link DType}
     */
    static Optional<DType> ofStorage(Global storage) {
        return Optional.ofNullable(storage.module().startsWith("torch") ? STORAGES.get(storage.name()) : null);
    }

    /** Whether a storage class counts bytes. */
    static boolean isUntyped(Global storage) {
        return storage.name().equals("UntypedStorage") && storage.module().startsWith("torch");
    }

    /**
     * A dtype by its global.
     *
     * @param dtype such as {@code torch.float8_e4m3fn}
     * @return the dtype, empty where it has no {@link DType}
     */
    static Optional<DType> ofDtype(Object dtype) {
        return dtype instanceof Global global && global.module().equals("torch")
                ? ofDtypeName(global.name())
                : Optional.empty();
    }

    /** A dtype by its name without {@code torch.}. */
    static Optional<DType> ofDtypeName(String name) {
        return Optional.ofNullable(DTYPES.get(name));
    }
}
