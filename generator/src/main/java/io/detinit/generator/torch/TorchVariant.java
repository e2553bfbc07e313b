package io.detinit.generator.torch;

/**
 * How the multiply-add {@code x * (to - from) + from} of a uniform value was compiled. About half of all elements differ in
 * their last bit between the two; both occur in published checkpoints.
 */
public enum TorchVariant {
    /** One rounding (fused multiply-add): seen from PyTorch for Linux x86-64 on processors with AVX2 or AVX-512. */
    FUSED("fused"),
    /**
     * Two roundings: seen from releases up to about 1.4, from macOS, and on Linux x86-64 without AVX2 or with
     * {@code ATEN_CPU_CAPABILITY=default}. Not established for Linux on Arm and for Windows.
     */
    SEPARATE("separate");

    private final String id;

    TorchVariant(String id) {
        this.id = id;
    }

    /** {@return the name in a plan: {@code fused} or {@code separate}} */
    public String id() {
        return id;
    }

    /**
     * The variant of a name.
     *
     * @param id {@code fused} or {@code separate}
     * @return the variant
     * @throws IllegalArgumentException for any other name
     */
    public static TorchVariant parse(String id) {
        for (TorchVariant variant : values()) {
            if (variant.id.equals(id)) {
                return variant;
            }
        }
        throw new IllegalArgumentException("unknown variant '" + id + "'; known: fused, separate");
    }
}
