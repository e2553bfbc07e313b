package io.detinit.interop.tensor;

import java.util.Optional;

/** Element types, named as safetensors names them. */
public enum DType {
    /** IEEE 754 binary64. */
    F64(64),
    /** IEEE 754 binary32. */
    F32(32),
    /** IEEE 754 binary16. */
    F16(16),
    /** The upper half of a binary32. */
    BF16(16),
    /** Signed 64-bit integer. */
    I64(64),
    /** Signed 32-bit integer. */
    I32(32),
    /** Signed 16-bit integer. */
    I16(16),
    /** Signed 8-bit integer. */
    I8(8),
    /** Unsigned 64-bit integer. */
    U64(64),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** Unsigned 8-bit integer. */
    U8(8),
    /** A byte that is 0 or 1. */
    BOOL(8),
    /** Two binary32, real part first. */
    C64(64),
    /** Two binary64, real part first. */
    C128(128),
    /** 8-bit float, 4 exponent bits, no infinities. */
    F8_E4M3(8),
    /** 8-bit float, 5 exponent bits. */
    F8_E5M2(8),
    /** 8-bit power of two. */
    F8_E8M0(8),
    /** 8-bit float, 4 exponent bits, no negative zero. */
    F8_E4M3FNUZ(8),
    /** 8-bit float, 5 exponent bits, no negative zero. */
    F8_E5M2FNUZ(8),
    /** 6-bit float, 2 exponent bits. */
    F6_E2M3(6),
    /** 6-bit float, 3 exponent bits. */
    F6_E3M2(6),
    /** 4-bit float, 2 exponent bits; the first of two in the low half of a byte. */
    F4(4),
    /** Signed 4-bit integer; the first of two in the low half of a byte. */
    I4(4),
    /** Unsigned 4-bit integer; the first of two in the low half of a byte. */
    U4(4),
    /** Signed 2-bit integer; the first of four in the lowest bits of a byte. */
    I2(2),
    /** Unsigned 2-bit integer; the first of four in the lowest bits of a byte. */
    U2(2);

    private final int bits;

    DType(int bits) {
        this.bits = bits;
    }

    /** {@return the size of one element in bits} */
    public int bits() {
        return bits;
    }

    /** {@return whether elements are whole bytes} */
    public boolean isWholeBytes() {
        return bits % 8 == 0;
    }

    /**
     * The size of one element.
     *
     * @return bytes
     * @throws IllegalStateException if elements are smaller than a byte
     */
    public int bytes() {
        if (!isWholeBytes()) {
            throw new IllegalStateException(this + " has " + bits + " bits an element");
        }
        return bits / 8;
    }

    /**
     * The size of many elements, packed.
     *
     * @param elements how many, >= 0
     * @return bytes; the last one may be filled in part
     * @throws ArithmeticException if that is 2^63 or more
     */
    public long bytesOf(long elements) {
        return isWholeBytes()
                ? Math.multiplyExact(elements, (long) (bits / 8))
                : Math.addExact(Math.multiplyExact(elements, (long) bits), 7) / 8;
    }

    /** {@return whether weights of this type are audited: F64, F32, F16, BF16} */
    public boolean isFloating() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
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
