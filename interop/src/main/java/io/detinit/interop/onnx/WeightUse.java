package io.detinit.interop.onnx;

/**
 * What the graph does with a tensor: the node that consumes it, and so which way round it lies.
 *
 * <p>Identity, Cast, Dropout, Transpose, Reshape, Squeeze, Unsqueeze, Flatten, QuantizeLinear and DequantizeLinear between the
 * tensor and the node are looked through; {@link #layout} is that of the tensor as it is stored.
 *
 * @param operator the node's op_type, such as {@code Gemm}
 * @param node the node's name, its first output where it has none
 * @param slot which input of the node it reaches, from 0
 * @param layout the order of the stored axes
 * @param quantised whether the stored numbers are not the weights themselves but integers with a scale and a zero point; a
 *     weight of 0 is then stored as the zero point
 */
public record WeightUse(String operator, String node, int slot, Layout layout, boolean quantised) {

    /** The order of a tensor's axes as they are stored, or what else it is. */
    public enum Layout {
        /**
         * {@code [out, in, ...]}: Gemm with transB=1, Conv ({@code [out, in / groups, kernel...]}), MatMul of a transposed
         * weight. PyTorch's order.
         */
        OUT_IN,
        /**
         * {@code [in, out, ...]}: MatMul, Gemm with transB=0, the other way round than PyTorch's Linear; and ConvTranspose
         * ({@code [in, out / groups, kernel...]}), where it is PyTorch's order.
         */
        IN_OUT,
        /** {@code [entries, features]} of Gather on axis 0. PyTorch's order. */
        EMBEDDING,
        /** The scale of a normalisation, one number a channel. */
        NORM_SCALE,
        /** The shift of a normalisation, one number a channel. */
        NORM_SHIFT,
        /** A running mean or variance. */
        STATISTICS,
        /**
         * W {@code [directions, gates * hidden, input]}, R {@code [directions, gates * hidden, hidden]} or B of LSTM, GRU or
         * RNN; ONNX orders the gates otherwise than PyTorch does.
         */
        RECURRENT,
        /** Added to the result of a matrix product or convolution, one number an output. */
        BIAS,
        /** A scale or zero point of quantised numbers. */
        QUANTISATION,
        /** Anything else. */
        OTHER
    }

    /**
     * Whether the axes are stored as PyTorch stores those of the same layer.
     *
     * @return false for IN_OUT but of ConvTranspose, for RECURRENT (gate order), QUANTISATION and OTHER
     */
    public boolean inTorchOrder() {
        return switch (layout) {
            case OUT_IN, EMBEDDING, NORM_SCALE, NORM_SHIFT, STATISTICS, BIAS -> true;
            case IN_OUT -> operator.equals("ConvTranspose");
            case RECURRENT, QUANTISATION, OTHER -> false;
        };
    }
}
