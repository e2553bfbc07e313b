package io.detinit.interop.delta;

import io.detinit.interop.tensor.DType;
import java.util.Arrays;
import java.util.Locale;

/** How wide the kept values of a delta are. */
public enum ValueType {
    /** As the file has them: bit for bit. */
    FILE(null),
    /** At most float32: float64 is rounded, narrower ones stay. */
    FP32(DType.F32),
    /** At most 16 bits: float64 and float32 are rounded to binary16; F16 and BF16 stay. */
    FP16(DType.F16),
    /** At most 16 bits: float64 and float32 are rounded to the upper half of a binary32; F16 and BF16 stay. */
    BF16(DType.BF16);

    private final @org.jspecify.annotations.Nullable DType dtype;

    ValueType(@org.jspecify.annotations.Nullable DType dtype) {
        this.dtype = dtype;
    }

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name.
     *
     * @param name as {@link #id} writes it
     * @return the type
     * @throws IllegalArgumentException if it is unknown; the message lists the known ones
     */
    public static ValueType parse(String name) {
        for (ValueType type : values()) {
            if (type.id().equals(name)) {
                return type;
            }
        }
        throw new IllegalArgumentException("unknown type of values '" + name + "'; known: "
                + String.join(", ", Arrays.stream(values()).map(ValueType::id).toList()));
    }

    /** The dtype in which values of a floating-point dtype are kept: never a wider one. */
    DType of(DType own) {
        return dtype == null || dtype.bits() >= own.bits() ? own : dtype;
    }
}
