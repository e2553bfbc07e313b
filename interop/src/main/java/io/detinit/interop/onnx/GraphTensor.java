package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;

/**
 * A tensor that a model holds.
 *
 * @param name its name among all tensors of the model
 * @param place in what part of the model it stands
 * @param storage its type, dims, and where its elements lie
 */
record GraphTensor(String name, Place place, Storage storage) {

    /** In what part of the model a tensor stands. */
    enum Place {
        /** In a graph's {@code initializer} list. */
        INITIALIZER,
        /** In a graph's {@code sparse_initializer} list. */
        SPARSE_INITIALIZER,
        /** A Constant node's attribute {@code value}. */
        CONSTANT_VALUE,
        /** A Constant node's sparse tensor. */
        CONSTANT_SPARSE,
        /** A Constant node's attribute {@code value_float(s)} or {@code value_int(s)}. */
        CONSTANT_NUMBERS,
        /** Nodes compute it from a seed. */
        COMPUTED;

        boolean isConstantNode() {
            return this != INITIALIZER && this != SPARSE_INITIALIZER && this != COMPUTED;
        }

        String label(String name) {
            String what = switch (this) {
                case INITIALIZER -> "initializer";
                case SPARSE_INITIALIZER -> "sparse initializer";
                case COMPUTED -> "computed weight";
                default -> "Constant node";
            };
            return what + " '" + name + "'";
        }
    }

    String label() {
        return place.label(name);
    }

    OnnxType type() {
        return storage.type();
    }

    TensorShape shape() {
        return storage.shape();
    }
}
