package io.detinit.generator.torch;

/**
 * The layers of {@code nn.Transformer}. The number of heads, the dropout and {@code norm_first} change no tensor.
 *
 * @param width {@code d_model}
 * @param feedForward {@code dim_feedforward}
 * @param bias whether attention, linear layers and norms have biases (an option since 2.1)
 */
public record TorchTransformer(long width, long feedForward, boolean bias) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public TorchTransformer {
        TorchModules.positive(width, "d_model");
        TorchModules.positive(feedForward, "dim_feedforward");
    }

    /**
     * {@code nn.TransformerEncoderLayer}: attention, two linear layers, two norms.
     *
     * @param era the rules
     * @return the module
     */
    public TorchModule encoderLayer(TorchEra era) {
        TorchModule.Builder builder = TorchModule.builder(era).child("self_attn", attention(era));
        return feedForward(builder, era, 2).build();
    }

    /**
     * {@code nn.TransformerDecoderLayer}: two attentions, two linear layers, three norms.
     *
     * @param era the rules
     * @return the module
     */
    public TorchModule decoderLayer(TorchEra era) {
        TorchModule.Builder builder =
                TorchModule.builder(era).child("self_attn", attention(era)).child("multihead_attn", attention(era));
        return feedForward(builder, era, 3).build();
    }

    private TorchModule attention(TorchEra era) {
        return new TorchAttention(width, width, width, bias, false).module(era);
    }

    private TorchModule.Builder feedForward(TorchModule.Builder builder, TorchEra era, int norms) {
        TorchModules modules = new TorchModules(era);
        builder.child("linear1", modules.linear(width, feedForward, bias))
                .child("linear2", modules.linear(feedForward, width, bias));
        for (int norm = 1; norm <= norms; norm++) {
            builder.child("norm" + norm, modules.norm(bias, width));
        }
        return builder;
    }

    /**
     * {@code nn.TransformerEncoder} or {@code nn.TransformerDecoder}: deep copies of the layer it was given, so that all
     * layers begin equal and only the given one has drawn.
     *
     * @param era the rules
     * @param layer the layer, such as {@link #encoderLayer}
     * @param layers {@code num_layers}, > 0
     * @param norm whether a final LayerNorm was given
     * @return the module
     * @throws IllegalArgumentException if there is no layer
     */
    public TorchModule stack(TorchEra era, TorchModule layer, int layers, boolean norm) {
        TorchModules.positive(layers, "num_layers");
        TorchModule.Builder builder = TorchModule.builder(era).child("layers.0", layer);
        for (int i = 1; i < layers; i++) {
            builder.copy("layers." + i, layer, "layers.0");
        }
        if (norm) {
            builder.child("norm", new TorchModules(era).norm(bias, width));
        }
        return builder.build();
    }

    /**
     * {@code nn.Transformer}: encoder and decoder with their final norms, after which every weight of two axes or more is
     * drawn anew by {@code xavier_uniform_}, in the order of the state dict; so its layers differ.
     *
     * @param era the rules
     * @param encoders {@code num_encoder_layers}, > 0
     * @param decoders {@code num_decoder_layers}, > 0
     * @return the module
     * @throws IllegalArgumentException if a number of layers is not positive
     */
    public TorchModule transformer(TorchEra era, int encoders, int decoders) {
        TorchModule.Builder builder = TorchModule.builder(era)
                .child("encoder", stack(era, encoderLayer(era), encoders, true))
                .child("decoder", stack(era, decoderLayer(era), decoders, true));
        for (TorchTensor tensor : builder.build().stateDict()) {
            if (tensor.shape().rank() > 1) {
                builder.fill(tensor.name(), TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN);
            }
        }
        return builder.build();
    }
}
