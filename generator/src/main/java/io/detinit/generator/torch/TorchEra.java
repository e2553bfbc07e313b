package io.detinit.generator.torch;

/**
 * A stretch of PyTorch's history with one set of rules, named by a release it holds for.
 *
 * <p>What changed: with 1.0 the bounds of linear layers and convolutions are computed by {@code kaiming_uniform_} and a
 * transposed convolution takes {@code size(1)} for its fan-in; with 1.2 BatchNorm starts at 1. From then on modules draw the
 * same, and in float32 and float64 every default initialisation has had the same bits; what changed is the arithmetic of the
 * reduced dtypes, and with 2.13 the last step of {@code normal_} with {@link NormalKernel#LIBM}, which shows where the mean is
 * not 0 or the deviation not 1.
 */
public enum TorchEra {
    /** 0.1 to 0.4: bounds are {@code 1/sqrt(fan)}, a transposed convolution counts its input channels. */
    V0_4,
    /** 1.0 and 1.1: bounds as today; BatchNorm draws its weight from [0, 1). */
    V1_0,
    /** 1.2 to 2.0; in float32 and float64 also later: what nearly every published checkpoint was made with. */
    V1_2,
    /** 2.1 to 2.11: {@code normal_} on 16 and more elements of float16 rounds after every operation. */
    V2_7,
    /** 2.12: float16 and bfloat16 drawn in float32 and then rounded; their normals by the C library, mean and std rounded first. */
    V2_12,
    /**
     * 2.13 to 2.15: as 2.12, but the kernel's own functions for every normal, and their last multiply-add is always fused.
     */
    V2_15;

    /** Whether {@code kaiming_uniform_(a=sqrt(5))} computes the bounds. */
    boolean kaimingBounds() {
        return this != V0_4;
    }

    /** Whether BatchNorm draws its weight. */
    boolean drawsBatchNorm() {
        return this == V0_4 || this == V1_0;
    }

    /** Whether {@code normal_} on a dtype computes in float32 between the uniform values and the result. */
    boolean normalsInFloat(TorchDtype dtype) {
        return dtype == TorchDtype.FLOAT16 && compareTo(V2_7) < 0;
    }

    /** Whether float16 and bfloat16 are drawn in float32. */
    boolean wideHalves() {
        return compareTo(V2_12) >= 0;
    }

    /** Which functions make the normals of 16 and more elements of float16 and bfloat16 that are drawn in float32. */
    NormalKernel wideHalvesBy(NormalKernel kernel) {
        return this == V2_12 ? NormalKernel.LIBM : kernel;
    }

    /** Whether the mean and the deviation of reduced normals that are drawn in float32 are first rounded to the dtype. */
    boolean roundsMoments() {
        return this == V2_12;
    }

    /** Whether a block of normals ends in a fused multiply-add whatever the compiler would do. */
    boolean fusesNormals() {
        return this == V2_15;
    }
}
