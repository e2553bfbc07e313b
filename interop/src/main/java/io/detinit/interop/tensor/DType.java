package io.detinit.interop.tensor;

import java.util.Optional;

/** Element types, named as safetensors names them. */
public enum DType {
    /** IEEE 754 binary64. */
    F64(8, true),
    /** IEEE 754 binary32. */
    F32(4, true),
    /** IEEE 754 binary16. */
    F16(2, true),
    /** The upper half of a binary32. */
    BF16(2, true),
    /** Signed 64-bit integer. */
    I64(8, false),
    /** Signed 32-bit integer. */
    I32(4, false),
    /** Signed 16-bit integer. */
    I16(2, false),
    /** Signed 8-bit integer. */
    I8(1, false),
    /** Unsigned 64-bit integer. */
    U64(8, false),
    /** Unsigned 32-bit integer. */
    U32(4, false),
    /** Unsigned 16-bit integer. */
    U16(2, false),
    /** Unsigned 8-bit integer. */
    U8(1, false),
    /** A byte that is 0 or 1. */
    BOOL(1, false),
    /** Two binary32, real part first. */
    C64(8, false),
    /** 8-bit float, 4 exponent bits, no infinities. */
    F8_E4M3(1, false),
    /** 8-bit float, 5 exponent bits. */
    F8_E5M2(1, false),
    /** 8-bit power of two. */
    F8_E8M0(1, false),
    /** 8-bit float, 4 exponent bits, no negative zero. */
    F8_E4M3FNUZ(1, false),
    /** 8-bit float, 5 exponent bits, no negative zero. */
    F8_E5M2FNUZ(1, false);

    private final int bytes;
    private final boolean floating;

    DType(int bytes, boolean floating) {
        this.bytes = bytes;
        this.floating = floating;
    }

    /** {@return the size of one element in bytes} */
    public int bytes() {
        return bytes;
    }

    /** {@return whether weights of this type are audited: F64, F32, F16, BF16} */
    public boolean isFloating() {
        return floating;
    }

    /**
     * Looks a name up.
     *
     * @param name as safetensors writes it
     * @return the dtype, empty where the name is unknown
     */
    public static Optional<DType> of(String name) {
        for (DType dtype : values()) {
            if (dtype.name().equals(name)) {
                return Optional.of(dtype);
            }
        }
        return Optional.empty();
    }
}
