package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.WeightUse.Layout;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which inputs of which operators are weights (ONNX operators; com.microsoft's of ONNX Runtime). */
final class WeightSlots {

    /** What an input is to its operator. */
    enum Role {
        /** {@code [out, in / groups, kernel...]}. */
        CONVOLUTION,
        /** {@code [in, out / groups, kernel...]}. */
        TRANSPOSED_CONVOLUTION,
        /** The left factor of a matrix product. */
        LEFT,
        /** The right factor of a matrix product. */
        RIGHT,
        /** A table of rows. */
        EMBEDDING,
        /** Passed on as it is: the layout is what it says. */
        NORM_SCALE,
        NORM_SHIFT,
        STATISTICS,
        RECURRENT,
        BIAS,
        QUANTISATION;

        boolean isFactor() {
            return this == CONVOLUTION || this == TRANSPOSED_CONVOLUTION || this == LEFT || this == RIGHT;
        }
    }

    private static final Map<String, Map<Integer, Role>> ROLES = new HashMap<>();

    static {
        put(Role.CONVOLUTION, "Conv 1, ConvInteger 1, QLinearConv 3, FusedConv 1, DeformConv 1");
        put(Role.TRANSPOSED_CONVOLUTION, "ConvTranspose 1");
        put(Role.RIGHT, "Gemm 1, FusedGemm 1, MatMul 1, FusedMatMul 1, MatMulInteger 1, QLinearMatMul 3");
        put(Role.RIGHT, "DynamicQuantizeMatMul 1, MatMulIntegerToFloat 1, Attention 1, QAttention 1");
        put(Role.LEFT, "Gemm 0, FusedGemm 0, MatMul 0, FusedMatMul 0, MatMulInteger 0, QLinearMatMul 0");
        put(Role.EMBEDDING, "Gather 0, EmbedLayerNormalization 2 3 4");
        put(Role.NORM_SCALE, "BatchNormalization 1, LayerNormalization 1, InstanceNormalization 1");
        put(Role.NORM_SCALE, "GroupNormalization 1, GroupNorm 1, RMSNormalization 1, SimplifiedLayerNormalization 1");
        put(Role.NORM_SCALE, "SkipLayerNormalization 2, SkipSimplifiedLayerNormalization 2, EmbedLayerNormalization 5");
        put(Role.NORM_SHIFT, "BatchNormalization 2, LayerNormalization 2, InstanceNormalization 2");
        put(Role.NORM_SHIFT, "GroupNormalization 2, GroupNorm 2, SkipLayerNormalization 3, EmbedLayerNormalization 6");
        put(Role.STATISTICS, "BatchNormalization 3 4");
        put(Role.RECURRENT, "LSTM 1 2 3, GRU 1 2 3, RNN 1 2 3, DynamicQuantizeLSTM 1 2 3");
        put(Role.BIAS, "Conv 2, QLinearConv 8, FusedConv 2, DeformConv 3, ConvTranspose 2, Gemm 2, FusedGemm 2");
        put(Role.BIAS, "DynamicQuantizeMatMul 4, MatMulIntegerToFloat 6, Attention 2, QAttention 2");
        put(Role.BIAS, "SkipLayerNormalization 4, BiasGelu 1, FastGelu 1");
        put(Role.QUANTISATION, "QuantizeLinear 1 2, DequantizeLinear 1 2, QLinearConv 1 2 4 5 6 7");
        put(Role.QUANTISATION, "QLinearMatMul 1 2 4 5 6 7, ConvInteger 2 3, MatMulInteger 2 3");
        put(Role.QUANTISATION, "DynamicQuantizeMatMul 2 3, MatMulIntegerToFloat 2 3 4 5, QAttention 3 4 6 7");
    }

    private WeightSlots() {}

    private static void put(Role role, String operators) {
        for (String operator : operators.split(", ", -1)) {
            String[] words = operator.split(" ", -1);
            for (int k = 1; k < words.length; k++) {
                ROLES.computeIfAbsent(words[0], name -> new HashMap<>()).put(Integer.valueOf(words[k]), role);
            }
        }
    }

    static @Nullable Role role(Node node, int slot) {
        if (!node.domain().isEmpty() && !node.domain().equals("com.microsoft")) {
            return null;
        }
        Map<Integer, Role> roles = ROLES.get(node.operator());
        return roles == null ? null : roles.get(slot);
    }

    /** The layout of a stored tensor that reaches a weight input. */
    static Layout layout(Role role, NodeSettings settings, Origin origin, TensorShape shape) {
        boolean stored = origin.asStored();
        boolean matrix = shape.rank() >= 2;
        return switch (role) {
            case CONVOLUTION -> stored && shape.rank() >= 3 ? Layout.OUT_IN : Layout.OTHER;
            case TRANSPOSED_CONVOLUTION -> stored && shape.rank() >= 3 ? Layout.IN_OUT : Layout.OTHER;
            case RIGHT -> matrix ? product(settings.flag("transB"), origin) : Layout.OTHER;
            case LEFT -> matrix ? product(!settings.flag("transA"), origin) : Layout.OTHER;
            case EMBEDDING -> stored && matrix && settings.number("axis") == 0 ? Layout.EMBEDDING : Layout.OTHER;
            case NORM_SCALE -> Layout.NORM_SCALE;
            case NORM_SHIFT -> Layout.NORM_SHIFT;
            case STATISTICS -> Layout.STATISTICS;
            case RECURRENT -> stored ? Layout.RECURRENT : Layout.OTHER;
            case BIAS -> Layout.BIAS;
            case QUANTISATION -> Layout.QUANTISATION;
        };
    }

    private static Layout product(boolean outFirst, Origin origin) {
        boolean first = outFirst != origin.flipped();
        if (first) {
            return origin.firstKept() ? Layout.OUT_IN : Layout.OTHER;
        }
        return origin.lastKept() ? Layout.IN_OUT : Layout.OTHER;
    }
}
