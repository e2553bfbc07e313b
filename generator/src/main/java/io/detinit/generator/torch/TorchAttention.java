package io.detinit.generator.torch;

/**
 * {@code nn.MultiheadAttention}. The number of heads changes no tensor. Order of the draws: {@code out_proj} as a linear
 * layer (weight, then bias); {@code xavier_uniform_} on {@code in_proj_weight}, or on the query, key and value projections
 * where their widths differ; the biases are set to zero; {@code xavier_normal_} on {@code bias_k} and {@code bias_v}.
 *
 * @param embed {@code embed_dim}
 * @param keys {@code kdim}
 * @param values {@code vdim}
 * @param bias whether the projections have biases
 * @param addBiasKv whether there are {@code bias_k} and {@code bias_v}
 */
public record TorchAttention(long embed, long keys, long values, boolean bias, boolean addBiasKv) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public TorchAttention {
        TorchModules.positive(embed, "embed_dim");
        TorchModules.positive(keys, "kdim");
        TorchModules.positive(values, "vdim");
    }

    /**
     * With keys and values as wide as the embedding, biases, and no {@code bias_k}.
     *
     * @param embed {@code embed_dim}
     * @return the attention
     */
    public static TorchAttention of(long embed) {
        return new TorchAttention(embed, embed, embed, true, false);
    }

    /**
     * The module, as since 1.2. Before, {@code xavier_uniform_} drew each third of {@code in_proj_weight} and the output
     * projection anew; that is not replayed.
     *
     * @param era the rules, of 1.2 or later
     * @return the module
     * @throws IllegalArgumentException if the rules are of before 1.2
     */
    public TorchModule module(TorchEra era) {
        if (era.compareTo(TorchEra.V1_2) < 0) {
            throw new IllegalArgumentException(
                    "nn.MultiheadAttention is replayed as of PyTorch 1.2 on, not as of " + era);
        }
        TorchModule.Builder builder = TorchModule.builder(era);
        boolean joint = keys == embed && values == embed;
        long three = Math.multiplyExact(3, embed);
        if (joint) {
            builder.tensor("in_proj_weight", three, embed);
        } else {
            builder.tensor("q_proj_weight", embed, embed);
            builder.tensor("k_proj_weight", embed, keys);
            builder.tensor("v_proj_weight", embed, values);
        }
        if (bias) {
            builder.tensor("in_proj_bias", three);
        }
        builder.child("out_proj", new TorchModules(era).linear(embed, embed, bias));
        if (addBiasKv) {
            builder.tensor("bias_k", 1, 1, embed).tensor("bias_v", 1, 1, embed);
        }
        if (joint) {
            builder.fill("in_proj_weight", TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN);
        } else {
            builder.fill("q_proj_weight", TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN);
            builder.fill("k_proj_weight", TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN);
            builder.fill("v_proj_weight", TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN);
        }
        if (bias) {
            builder.fill("in_proj_bias", TorchRule.ZEROS, TorchRule.NO_FAN);
            builder.fill("out_proj.bias", TorchRule.ZEROS, TorchRule.NO_FAN);
        }
        if (addBiasKv) {
            builder.fill("bias_k", TorchRule.XAVIER_NORMAL, TorchRule.NO_FAN);
            builder.fill("bias_v", TorchRule.XAVIER_NORMAL, TorchRule.NO_FAN);
        }
        return builder.build();
    }
}
