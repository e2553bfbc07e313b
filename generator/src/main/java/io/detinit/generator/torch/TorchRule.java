package io.detinit.generator.torch;

import io.detinit.generator.TensorShape;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A rule of PyTorch's default initialisation, or of {@code torch.nn.init} as models call it themselves: from a tensor's shape and its
 * layer's fan, or a number of the model's own, to a {@link TorchFill}.
 *
 * <p>Bounds are computed in float64 by the same operations in the same order as PyTorch's Python code, because the last bit
 * of a bound shows in the values. Source: {@code reset_parameters} of {@code torch/nn/modules/*.py} and
 * {@code torch/nn/init.py}.
 */
public enum TorchRule {
    /** A linear layer; fan: {@code in_features}. */
    LINEAR("linear"),
    /** A convolution; fan: {@code in_channels / groups * prod(kernel)}, in {@link TorchEra#V0_4} not divided by groups. */
    CONV("conv"),
    /**
     * A transposed convolution; fan: {@code out_channels / groups * prod(kernel)}, in {@link TorchEra#V0_4}
     * {@code in_channels * prod(kernel)}.
     */
    CONV_TRANSPOSE("conv_transpose"),
    /** A bilinear layer; fan: {@code in1_features}. */
    BILINEAR("bilinear"),
    /** An embedding or embedding bag: standard normal; no fan. */
    EMBEDDING("embedding"),
    /** An Elman network or cell; fan: {@code hidden_size}. */
    RNN("rnn"),
    /** A long short-term memory or its cell; fan: {@code hidden_size}. */
    LSTM("lstm"),
    /** A gated recurrent unit or its cell; fan: {@code hidden_size}. */
    GRU("gru"),
    /** {@code kaiming_uniform_(nonlinearity='relu')} or with {@code a=0}; fan: the one of its mode. */
    KAIMING_UNIFORM("kaiming_uniform"),
    /** {@code kaiming_normal_(nonlinearity='relu')} or with {@code a=0}; fan: the one of its mode. */
    KAIMING_NORMAL("kaiming_normal"),
    /** {@code uniform_(-scale, scale)}. */
    UNIFORM("uniform"),
    /** {@code normal_(0, scale)}. */
    NORMAL("normal"),
    /** {@code xavier_uniform_}: attention's input projections; the fans are the shape's. */
    XAVIER_UNIFORM("xavier_uniform"),
    /** {@code xavier_normal_}: attention's {@code bias_k} and {@code bias_v}; the fans are the shape's. */
    XAVIER_NORMAL("xavier_normal"),
    /** BatchNorm's weight: ones; before 1.2 drawn from [0, 1). */
    BATCH_NORM("batch_norm"),
    /** Zeros; draws nothing. */
    ZEROS("zeros"),
    /** Ones; draws nothing. */
    ONES("ones"),
    /** PReLU's slope, 0.25; draws nothing. */
    PRELU("prelu");

    /** The fan of a tensor whose rule has none. */
    public static final long NO_FAN = 0;

    /** The scale of a tensor whose rule has none. */
    public static final double NO_SCALE = 0;

    private static final double KAIMING_SLOPE = Math.sqrt(5);

    private final String id;

    TorchRule(String id) {
        this.id = id;
    }

    /** {@return the name in a plan, such as {@code conv_transpose}} */
    public String id() {
        return id;
    }

    /**
     * The rule of a name.
     *
     * @param id a name that {@link #id()} gives
     * @return the rule
     * @throws IllegalArgumentException for any other name
     */
    public static TorchRule parse(String id) {
        for (TorchRule rule : values()) {
            if (rule.id.equals(id)) {
                return rule;
            }
        }
        throw new IllegalArgumentException("unknown rule '" + id + "' of PyTorch's initialisation; known: "
                + Arrays.stream(values()).map(TorchRule::id).collect(Collectors.joining(", ")));
    }

    /** {@return whether {@link #fill} needs the layer's fan} */
    public boolean needsFan() {
        return switch (this) {
            case LINEAR, CONV, CONV_TRANSPOSE, BILINEAR, RNN, LSTM, GRU, KAIMING_UNIFORM, KAIMING_NORMAL -> true;
            default -> false;
        };
    }

    /** {@return whether {@link #fill(TensorShape, long, double, TorchEra)} needs a bound or a standard deviation} */
    public boolean needsScale() {
        return this == UNIFORM || this == NORMAL;
    }

    /**
     * What a rule without a scale writes into a tensor.
     *
     * @param shape the tensor's shape; rank 1 is a bias, more a weight
     * @param fan the layer's fan, > 0 where {@link #needsFan()}; else ignored
     * @param era the rules
     * @return the fill
     * @throws IllegalArgumentException if a fan is needed and not positive, the shape has no fans and needs them, or a scale is needed
     */
    public TorchFill fill(TensorShape shape, long fan, TorchEra era) {
        return fill(shape, fan, NO_SCALE, era);
    }

    /**
     * What this rule writes into a tensor.
     *
     * @param shape the tensor's shape; rank 1 is a bias, more a weight
     * @param fan the layer's fan, > 0 where {@link #needsFan()}; else ignored
     * @param scale the bound of {@link #UNIFORM}, the standard deviation of {@link #NORMAL}, > 0 and finite; else ignored
     * @param era the rules
     * @return the fill
     * @throws IllegalArgumentException if a fan or a scale is needed and not positive, or the shape has no fans and needs them
     */
    public TorchFill fill(TensorShape shape, long fan, double scale, TorchEra era) {
        if (needsFan() && fan <= 0) {
            throw new IllegalArgumentException(
                    "rule '" + id + "' for shape " + shape + " needs a fan > 0, found " + fan);
        }
        if (needsScale() && !(scale > 0 && scale <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "rule '" + id + "' needs a " + (this == NORMAL ? "std" : "bound") + " > 0, found " + scale);
        }
        return switch (this) {
            case LINEAR, CONV, CONV_TRANSPOSE ->
                TorchFill.Uniform.within(
                        shape.rank() > 1 && era.kaimingBounds() ? kaimingBound(fan) : inverseRoot(fan));
            case BILINEAR, RNN, LSTM, GRU -> TorchFill.Uniform.within(inverseRoot(fan));
            case KAIMING_UNIFORM -> TorchFill.Uniform.within(Math.sqrt(3.0) * kaimingStd(fan));
            case KAIMING_NORMAL -> new TorchFill.Normal(0, kaimingStd(fan));
            case UNIFORM -> TorchFill.Uniform.within(scale);
            case NORMAL -> new TorchFill.Normal(0, scale);
            case EMBEDDING -> new TorchFill.Normal(0, 1);
            case XAVIER_UNIFORM -> TorchFill.Uniform.within(Math.sqrt(3.0) * xavierStd(shape));
            case XAVIER_NORMAL -> new TorchFill.Normal(0, xavierStd(shape));
            case BATCH_NORM -> era.drawsBatchNorm() ? new TorchFill.Uniform(0, 1) : new TorchFill.Constant(1);
            case ZEROS -> new TorchFill.Constant(0);
            case ONES -> new TorchFill.Constant(1);
            case PRELU -> new TorchFill.Constant(0.25);
        };
    }

    /** {@code kaiming_uniform_(a=sqrt(5))}: about 1/sqrt(fan), but not always the same float64. */
    private static double kaimingBound(long fan) {
        double gain = Math.sqrt(2.0 / (1 + KAIMING_SLOPE * KAIMING_SLOPE));
        double std = gain / Math.sqrt((double) fan);
        return Math.sqrt(3.0) * std;
    }

    /** With the gain of relu. */
    private static double kaimingStd(long fan) {
        return Math.sqrt(2.0) / Math.sqrt((double) fan);
    }

    private static double inverseRoot(long fan) {
        return 1.0 / Math.sqrt((double) fan);
    }

    private static double xavierStd(TensorShape shape) {
        return Math.sqrt(2.0 / Math.addExact(shape.fanIn(), shape.fanOut()));
    }
}
