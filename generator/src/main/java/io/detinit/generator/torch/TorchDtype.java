package io.detinit.generator.torch;

/**
 * The dtype a tensor had <em>while it was initialised</em>: {@code nn.Linear(3, 4).half()} was initialised as
 * {@link #FLOAT32}, {@code nn.Linear(3, 4, dtype=torch.float16)} as {@link #FLOAT16}.
 */
public enum TorchDtype {
    /** IEEE 754 binary16; one draw an element. */
    FLOAT16(2, 1, 11, 65504),
    /** bfloat16; one draw an element. */
    BFLOAT16(2, 1, 8, 0x1.FEp127),
    /** IEEE 754 binary32, the default; one draw an element. */
    FLOAT32(4, 1, 24, Float.MAX_VALUE),
    /** IEEE 754 binary64; two draws an element. */
    FLOAT64(8, 2, 53, Double.MAX_VALUE),
    /** Signed 64-bit integers: counters such as {@code num_batches_tracked}; never drawn. */
    INT64(8, 0, 0, Long.MAX_VALUE);

    private final int bytes;
    private final int drawsPerUniform;
    private final int digits;
    private final double largest;

    TorchDtype(int bytes, int drawsPerUniform, int digits, double largest) {
        this.bytes = bytes;
        this.drawsPerUniform = drawsPerUniform;
        this.digits = digits;
        this.largest = largest;
    }

    /** {@return the bytes of an element} */
    public int bytes() {
        return bytes;
    }

    /** {@return the 32-bit draws that one uniform value takes; 0 for integers, which are never drawn} */
    public int drawsPerUniform() {
        return drawsPerUniform;
    }

    /** The significant bits, hidden bit included: how many bits of a draw a uniform value keeps. */
    int digits() {
        return digits;
    }

    /** The largest value; what {@code uniform_} accepts as a bound and as the distance of two. */
    double largest() {
        return largest;
    }

    /** Whether arithmetic on this dtype is done in float32 and rounded. */
    boolean isReduced() {
        return this == FLOAT16 || this == BFLOAT16;
    }
}
