package io.detinit.generator.torch;

import java.util.Objects;

/**
 * Everything about a PyTorch build that changes output bits.
 *
 * @param variant how uniform values were rounded
 * @param normal which functions {@code normal_} used
 * @param era the rules of the release
 */
public record TorchKernels(TorchVariant variant, NormalKernel normal, TorchEra era) {

    /** PyTorch 1.2 or later on x86-64 Linux with AVX2 or AVX-512. */
    public static final TorchKernels AVX2 = new TorchKernels(TorchVariant.FUSED, NormalKernel.AVX2, TorchEra.V1_2);

    /** PyTorch 1.2 or later on x86-64 without AVX2, or with {@code ATEN_CPU_CAPABILITY=default}. */
    public static final TorchKernels DEFAULT =
            new TorchKernels(TorchVariant.SEPARATE, NormalKernel.LIBM, TorchEra.V1_2);

    /** Checks that nothing is missing. */
    public TorchKernels {
        Objects.requireNonNull(variant, "variant");
        Objects.requireNonNull(normal, "normal");
        Objects.requireNonNull(era, "era");
    }

    /**
     * The usual kernels of a variant: {@link #AVX2} for fused, {@link #DEFAULT} for separate.
     *
     * @param variant the variant
     * @return the kernels, of {@link TorchEra#V1_2}
     */
    public static TorchKernels of(TorchVariant variant) {
        return variant == TorchVariant.FUSED ? AVX2 : DEFAULT;
    }

    /**
     * The same kernels in another era.
     *
     * @param era the era
     * @return the kernels
     */
    public TorchKernels withEra(TorchEra era) {
        return new TorchKernels(variant, normal, era);
    }
}
