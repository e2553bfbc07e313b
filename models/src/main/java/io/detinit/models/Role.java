package io.detinit.models;

/**
 * What a parameter is for, which decides how it is initialised. {@link Roles} finds it; {@code docs/models.md} says why each scheme.
 */
public enum Role {
    /** A weight whose outputs meet ReLU or one of its kind (leaky, ELU, GELU, Swish, Mish, softplus) next: he. */
    BEFORE_RELU,
    /** A weight whose outputs meet SELU next: lecun. */
    BEFORE_SELU,
    /** A weight whose outputs meet tanh, sigmoid or softsign next: xavier. */
    BEFORE_SIGMOID,
    /** A weight whose outputs meet another weighted layer with no activation between: xavier. */
    LINEAR,
    /** A weight whose outputs are the network's, softmax or not: xavier. */
    OUTPUT,
    /** From the inputs to the gates of a recurrent layer: lecun, since xavier would count all gates as fan-out. */
    INPUT_TO_HIDDEN,
    /** From the hidden state to the gates of a recurrent layer: orthogonal_blocks:lecun, each gate orthonormal. */
    RECURRENT,
    /** The projections to queries, keys and values of an attention of width d_model: custom with std 1 / sqrt(d_model). */
    ATTENTION_QKV,
    /** A table of vectors that are looked up: lecun, which is std 1 / sqrt(length of a vector). */
    EMBEDDING,
    /** Scale, shift and running statistics of a normalisation: ones, zeros, zeros, ones. */
    NORM,
    /** The slope of a PReLU: 0.25. */
    SLOPE,
    /** A bias: zeros. */
    BIAS
}
