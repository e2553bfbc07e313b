package io.detinit.generator.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * PyTorch's modules: for each type, its tensors and the order in which constructing it draws them. Constructions with more
 * options have a record of their own: {@link TorchConvolution}, {@link TorchRecurrent}, {@link TorchAttention},
 * {@link TorchTransformer}.
 *
 * @param era the rules
 */
public record TorchModules(TorchEra era) {

    /** The modules of PyTorch 1.2 and later. */
    public static final TorchModules CURRENT = new TorchModules(TorchEra.V1_2);

    /** Checks that the era is there. */
    public TorchModules {
        Objects.requireNonNull(era, "era");
    }

    /** The argument, if positive. */
    static long positive(long value, String what) {
        if (value <= 0) {
            throw new IllegalArgumentException(what + " is " + value + "; it must be > 0");
        }
        return value;
    }

    /**
     * {@code nn.Linear}: weight {@code [out, in]}, then bias {@code [out]}.
     *
     * @param in {@code in_features}, > 0
     * @param out {@code out_features}, > 0
     * @param bias whether there is a bias
     * @return the module
     * @throws IllegalArgumentException if a number is not positive
     */
    public TorchModule linear(long in, long out, boolean bias) {
        positive(out, "out_features");
        TorchModule.Builder builder =
                TorchModule.builder(era).filled("weight", TorchRule.LINEAR, positive(in, "in_features"), out, in);
        if (bias) {
            builder.filled("bias", TorchRule.LINEAR, in, out);
        }
        return builder.build();
    }

    /**
     * {@code nn.Bilinear}: weight {@code [out, in1, in2]}, then bias {@code [out]}.
     *
     * @param in1 {@code in1_features}, > 0
     * @param in2 {@code in2_features}, > 0
     * @param out {@code out_features}, > 0
     * @param bias whether there is a bias
     * @return the module
     * @throws IllegalArgumentException if a number is not positive
     */
    public TorchModule bilinear(long in1, long in2, long out, boolean bias) {
        positive(in2, "in2_features");
        positive(out, "out_features");
        TorchModule.Builder builder = TorchModule.builder(era)
                .filled("weight", TorchRule.BILINEAR, positive(in1, "in1_features"), out, in1, in2);
        if (bias) {
            builder.filled("bias", TorchRule.BILINEAR, in1, out);
        }
        return builder.build();
    }

    /**
     * {@code nn.Conv1d}, {@code nn.Conv2d} or {@code nn.Conv3d} with one group and a bias.
     *
     * @param in {@code in_channels}, > 0
     * @param out {@code out_channels}, > 0
     * @param kernel the kernel's length along each axis
     * @return the module
     * @throws IllegalArgumentException if a number is not positive
     */
    public TorchModule conv(long in, long out, long... kernel) {
        return new TorchConvolution(in, out, boxed(kernel), 1, true, false).module(era);
    }

    /**
     * {@code nn.ConvTranspose1d}, {@code 2d} or {@code 3d} with one group and a bias.
     *
     * @param in {@code in_channels}, > 0
     * @param out {@code out_channels}, > 0
     * @param kernel the kernel's length along each axis
     * @return the module
     * @throws IllegalArgumentException if a number is not positive
     */
    public TorchModule convTranspose(long in, long out, long... kernel) {
        return new TorchConvolution(in, out, boxed(kernel), 1, true, true).module(era);
    }

    private static List<Long> boxed(long[] kernel) {
        return Arrays.stream(kernel).boxed().toList();
    }

    /**
     * {@code nn.Embedding} or {@code nn.EmbeddingBag}: weight {@code [count, width]}.
     *
     * @param count {@code num_embeddings}, > 0
     * @param width {@code embedding_dim}, > 0
     * @param padding {@code padding_idx}, in [0, count), whose row is set to zero after the draw; empty for none. A negative
     *     index of Python's counts from the end and is given here as {@code count + index}
     * @return the module
     * @throws IllegalArgumentException if a number is not positive or the row does not exist
     */
    public TorchModule embedding(long count, long width, OptionalLong padding) {
        positive(count, "num_embeddings");
        positive(width, "embedding_dim");
        TorchModule.Builder builder = TorchModule.builder(era).tensor("weight", count, width);
        if (padding.isEmpty()) {
            return builder.fill("weight", TorchRule.EMBEDDING, TorchRule.NO_FAN).build();
        }
        long row = padding.getAsLong();
        if (row < 0 || row >= count) {
            throw new IllegalArgumentException("padding_idx " + row + " is not in [0, " + count + ")");
        }
        TorchFill fill = new TorchFill.ZeroRow(new TorchFill.Normal(0, 1), row);
        return builder.fill("weight", TorchRule.EMBEDDING, TorchRule.NO_FAN, fill)
                .build();
    }

    /**
     * {@code nn.BatchNorm1d}, {@code 2d} or {@code 3d}, affine and with running statistics.
     *
     * @param features {@code num_features}, > 0
     * @return weight, bias, running_mean, running_var, num_batches_tracked
     * @throws IllegalArgumentException if the number is not positive
     */
    public TorchModule batchNorm(long features) {
        positive(features, "num_features");
        return TorchModule.builder(era)
                .tensor("weight", features)
                .tensor("bias", features)
                .filled("running_mean", TorchRule.ZEROS, TorchRule.NO_FAN, features)
                .filled("running_var", TorchRule.ONES, TorchRule.NO_FAN, features)
                .counter("num_batches_tracked")
                .fill("weight", TorchRule.BATCH_NORM, TorchRule.NO_FAN)
                .fill("bias", TorchRule.ZEROS, TorchRule.NO_FAN)
                .build();
    }

    /**
     * {@code nn.LayerNorm} or {@code nn.GroupNorm}, affine: ones and zeros, no draws. Without affine parameters they are
     * {@link #stateless()}.
     *
     * @param bias whether there is a bias
     * @param shape the normalised shape, or the number of channels
     * @return the module
     * @throws IllegalArgumentException if there is no axis or one is not positive
     */
    public TorchModule norm(boolean bias, long... shape) {
        if (shape.length == 0) {
            throw new IllegalArgumentException("a norm has a normalised shape; found none");
        }
        for (long axis : shape) {
            positive(axis, "an axis of the normalised shape");
        }
        TorchModule.Builder builder =
                TorchModule.builder(era).filled("weight", TorchRule.ONES, TorchRule.NO_FAN, shape);
        if (bias) {
            builder.filled("bias", TorchRule.ZEROS, TorchRule.NO_FAN, shape);
        }
        return builder.build();
    }

    /**
     * {@code nn.PReLU}: 0.25, no draws.
     *
     * @param parameters {@code num_parameters}, > 0
     * @return the module
     * @throws IllegalArgumentException if the number is not positive
     */
    public TorchModule prelu(long parameters) {
        return TorchModule.builder(era)
                .filled("weight", TorchRule.PRELU, TorchRule.NO_FAN, positive(parameters, "num_parameters"))
                .build();
    }

    /**
     * A module without tensors: ReLU, Flatten, Dropout, pooling.
     *
     * @return the module
     */
    public TorchModule stateless() {
        return new TorchModule(List.of(), List.of());
    }

    /**
     * {@code nn.Sequential} or {@code nn.ModuleList} of modules constructed in this order: named {@code 0}, {@code 1}, ...
     *
     * @param modules the modules, {@link #stateless()} ones included, because they count
     * @return the module
     */
    public TorchModule sequential(TorchModule... modules) {
        List<Child> children = new ArrayList<>();
        for (int i = 0; i < modules.length; i++) {
            children.add(new Child(Integer.toString(i), modules[i]));
        }
        return container(children);
    }

    /**
     * A module whose submodules are constructed in this order.
     *
     * @param children the submodules
     * @return the module
     * @throws IllegalArgumentException if a name comes twice
     */
    public TorchModule container(List<Child> children) {
        TorchModule.Builder builder = TorchModule.builder(era);
        children.forEach(child -> builder.child(child.name(), child.module()));
        return builder.build();
    }

    /**
     * A submodule and the attribute it is kept in.
     *
     * @param name the attribute's name
     * @param module the submodule
     */
    public record Child(String name, TorchModule module) {}
}
