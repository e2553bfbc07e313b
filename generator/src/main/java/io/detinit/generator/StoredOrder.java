package io.detinit.generator;

/** Which way round a checkpoint keeps a matrix. */
public enum StoredOrder {
    /** As the plan says the shape: outputs first, as PyTorch's layers have it. */
    OUT_IN("out_in"),
    /** Transposed, inputs first: the weight of an ONNX MatMul. Matrices (rank 2) only. */
    IN_OUT("in_out");

    private final String id;

    StoredOrder(String id) {
        this.id = id;
    }

    /** {@return the name in a plan: {@code out_in} or {@code in_out}} */
    public String id() {
        return id;
    }

    /**
     * The shape that the checkpoint has.
     *
     * @param logical the shape, outputs first
     * @return the same, or its two axes exchanged
     */
    public TensorShape stored(TensorShape logical) {
        return this == OUT_IN ? logical : TensorShape.of(logical.dim(1), logical.dim(0));
    }

    /**
     * The logical shape of what a checkpoint has.
     *
     * @param stored the checkpoint's shape
     * @return the same, or its two axes exchanged
     */
    public TensorShape logical(TensorShape stored) {
        return stored(stored);
    }

    /**
     * Refuses to transpose what is no matrix.
     *
     * @param name the tensor's name, for the message
     * @param shape its shape
     * @throws InvalidPlanException if this is IN_OUT and the rank is not 2
     */
    public void requireFits(String name, TensorShape shape) {
        if (this == IN_OUT && shape.rank() != 2) {
            throw new InvalidPlanException("tensor '" + name + "' of shape " + shape
                    + " cannot be stored in_out: only a matrix (rank 2) is transposed");
        }
    }
}
