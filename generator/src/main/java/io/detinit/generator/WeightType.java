package io.detinit.generator;

/** The number formats that initial weights come in. */
public enum WeightType {
    /** IEEE 754 binary32: the weight's float32, which all other formats but float64 are rounded from. */
    FLOAT32(4),
    /** IEEE 754 binary16: the float32 rounded once more. */
    FLOAT16(2),
    /** bfloat16: the float32 rounded once more. */
    BFLOAT16(2),
    /** IEEE 754 binary64: the double nearest to the real weight. */
    FLOAT64(8);

    private final int bytes;

    WeightType(int bytes) {
        this.bytes = bytes;
    }

    /** {@return the size of one weight in bytes} */
    public int bytes() {
        return bytes;
    }
}
