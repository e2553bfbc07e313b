package io.detinit.generator.torch;

/**
 * A stretch of PyTorch's history with one set of rules, named by a release it holds for.
 *
 * <p>What changed: with 1.0 the bounds of linear layers and convolutions are computed by {@code kaiming_uniform_} and a
 * transposed convolution takes {@code size(1)} for its fan-in; with 1.2 BatchNorm starts at 1; by 2.7 {@code normal_} on
 * float16 rounds after every operation (1.13 does not); by 2.15 the reduced dtypes are drawn in float32 (2.7 still draws them in
 * their own precision). Which releases between those changed is not established. In float32 and float64 nothing differs from
 * 1.2 on.
 */
public enum TorchEra {
    /** 0.1 to 0.4: bounds are {@code 1/sqrt(fan)}, a transposed convolution counts its input channels. */
    V0_4,
    /** 1.0 and 1.1: bounds as today; BatchNorm draws its weight from [0, 1). */
    V1_0,
    /** 1.2 to 1.13 and later: what nearly every published checkpoint was made with. */
    V1_2,
    /** 2.7: {@code normal_} on 16 and more elements of float16 rounds after every operation. */
    V2_7,
    /** 2.15: float16 and bfloat16 drawn in float32 and then rounded; a value rounded up to the upper bound becomes the lower. */
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
        return this == V2_15;
    }
}
