package io.detinit.generator.torch;

import java.util.Objects;

/**
 * {@code nn.RNN}, {@code nn.LSTM} and {@code nn.GRU}. Every parameter is drawn in the order of the state dict: per layer, per
 * direction {@code weight_ih}, {@code weight_hh}, {@code bias_ih}, {@code bias_hh}, {@code weight_hr}.
 *
 * @param kind the recurrence
 * @param input {@code input_size}
 * @param hidden {@code hidden_size}
 * @param layers {@code num_layers}
 * @param bias whether there are biases
 * @param bidirectional whether each layer also runs backwards
 * @param projection {@code proj_size} of an LSTM; 0 for none
 */
public record TorchRecurrent(
        Kind kind, long input, long hidden, int layers, boolean bias, boolean bidirectional, long projection) {

    /** A recurrence. */
    public enum Kind {
        /** Elman network, tanh or ReLU: one gate. */
        RNN(1, TorchRule.RNN),
        /** Long short-term memory: four gates. */
        LSTM(4, TorchRule.LSTM),
        /** Gated recurrent unit: three gates. */
        GRU(3, TorchRule.GRU);

        private final int gates;
        private final TorchRule rule;

        Kind(int gates, TorchRule rule) {
            this.gates = gates;
            this.rule = rule;
        }
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a size is not positive, or the projection is negative, not smaller than the hidden
     *     size, or not an LSTM's
     */
    public TorchRecurrent {
        Objects.requireNonNull(kind, "kind");
        TorchModules.positive(input, "input_size");
        TorchModules.positive(hidden, "hidden_size");
        TorchModules.positive(layers, "num_layers");
        if (projection < 0 || projection >= hidden || (projection > 0 && kind != Kind.LSTM)) {
            throw new IllegalArgumentException(
                    "proj_size " + projection + " does not fit " + kind + " with hidden_size " + hidden);
        }
    }

    /**
     * One layer, one direction, no projection.
     *
     * @param kind the recurrence
     * @param input {@code input_size}
     * @param hidden {@code hidden_size}
     * @return the network
     */
    public static TorchRecurrent of(Kind kind, long input, long hidden) {
        return new TorchRecurrent(kind, input, hidden, 1, true, false, 0);
    }

    /**
     * The module.
     *
     * @param era the rules
     * @return the module
     */
    public TorchModule module(TorchEra era) {
        TorchModule.Builder builder = TorchModule.builder(era);
        long state = projection > 0 ? projection : hidden;
        long directions = bidirectional ? 2 : 1;
        for (int layer = 0; layer < layers; layer++) {
            long width = layer == 0 ? input : Math.multiplyExact(state, directions);
            for (int direction = 0; direction < directions; direction++) {
                String suffix = "_l" + layer + (direction == 1 ? "_reverse" : "");
                gates(builder, suffix, width, state);
                if (projection > 0) {
                    builder.filled("weight_hr" + suffix, kind.rule, hidden, projection, hidden);
                }
            }
        }
        return builder.build();
    }

    /**
     * {@code nn.RNNCell}, {@code nn.LSTMCell} or {@code nn.GRUCell}: the first layer without its suffix.
     *
     * @param era the rules
     * @return the module
     * @throws IllegalArgumentException if there are several layers, two directions or a projection
     */
    public TorchModule cell(TorchEra era) {
        if (layers != 1 || bidirectional || projection != 0) {
            throw new IllegalArgumentException("a cell has one layer, one direction and no projection, found " + this);
        }
        TorchModule.Builder builder = TorchModule.builder(era);
        gates(builder, "", input, hidden);
        return builder.build();
    }

    private void gates(TorchModule.Builder builder, String suffix, long width, long state) {
        long rows = Math.multiplyExact(kind.gates, hidden);
        builder.filled("weight_ih" + suffix, kind.rule, hidden, rows, width);
        builder.filled("weight_hh" + suffix, kind.rule, hidden, rows, state);
        if (bias) {
            builder.filled("bias_ih" + suffix, kind.rule, hidden, rows);
            builder.filled("bias_hh" + suffix, kind.rule, hidden, rows);
        }
    }
}
