package io.detinit.generator.torch;

/**
 * {@code nn.Conv1d}, {@code Conv2d}, {@code Conv3d} and their transposes. Weight: {@code [out, in/groups, kernel...]};
 * transposed {@code [in, out/groups, kernel...]}.
 *
 * @param in {@code in_channels}
 * @param out {@code out_channels}
 * @param kernel the kernel's length along each spatial axis
 * @param groups {@code groups}, a divisor of both
 * @param bias whether there is a bias {@code [out]}
 * @param transposed whether it is a {@code ConvTranspose}
 */
public record TorchConvolution(
        long in, long out, java.util.List<Long> kernel, long groups, boolean bias, boolean transposed) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is not positive, there is no kernel, or groups does not divide the channels
     */
    public TorchConvolution {
        kernel = java.util.List.copyOf(kernel);
        TorchModules.positive(in, "in_channels");
        TorchModules.positive(out, "out_channels");
        TorchModules.positive(groups, "groups");
        kernel.forEach(k -> TorchModules.positive(k, "kernel_size"));
        if (kernel.isEmpty() || in % groups != 0 || out % groups != 0) {
            throw new IllegalArgumentException("a convolution of " + in + " to " + out + " channels in " + groups
                    + " groups with the kernel " + kernel + " does not exist");
        }
    }

    /**
     * The module: weight, then bias.
     *
     * @param era the rules
     * @return the module
     */
    public TorchModule module(TorchEra era) {
        long[] dims = new long[kernel.size() + 2];
        dims[0] = transposed ? in : out;
        dims[1] = (transposed ? out : in) / groups;
        long taps = 1;
        for (int axis = 0; axis < kernel.size(); axis++) {
            dims[axis + 2] = kernel.get(axis);
            taps = Math.multiplyExact(taps, kernel.get(axis));
        }
        TorchRule rule = transposed ? TorchRule.CONV_TRANSPOSE : TorchRule.CONV;
        long fan = Math.multiplyExact(era.kaimingBounds() ? dims[1] : in, taps);
        TorchModule.Builder builder = TorchModule.builder(era).filled("weight", rule, fan, dims);
        if (bias) {
            builder.filled("bias", rule, fan, out);
        }
        return builder.build();
    }
}
