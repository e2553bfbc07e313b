package io.detinit.generator.torch;

/** Which logarithm, sine and cosine {@code normal_} used on a contiguous tensor of 16 elements or more. */
public enum NormalKernel {
    /** The float32 Cephes polynomials of PyTorch's AVX2 build, with fused multiply-adds. Other dtypes use the C library. */
    AVX2,
    /**
     * The C library: bit for bit glibc 2.28 to 2.40 in float32 (its {@code logf}, {@code sinf}, {@code cosf}), the JDK's
     * {@link StrictMath} in float64. Other C libraries may differ in the last place.
     */
    LIBM
}
