package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.FileBytes;

/** How a tensor's elements are stored. */
sealed interface Storage {

    /** {@return the message that holds them: a TensorProto, a SparseTensorProto or an AttributeProto} */
    Frame frame();

    /** {@return the element type} */
    OnnxType type();

    /** {@return the tensor's dims} */
    TensorShape shape();

    /**
     * Every element is there.
     *
     * @param frame the message
     * @param type the element type
     * @param shape the dims
     * @param elements where they lie
     */
    record Dense(Frame frame, OnnxType type, TensorShape shape, Elements elements) implements Storage {
        long bytes() {
            return type.dtype().bytesOf(shape.elements());
        }
    }

    /**
     * Only the elements that are not zero are there.
     *
     * @param frame the SparseTensorProto
     * @param shape the dims of the tensor
     * @param values the elements
     * @param entries the elements by ascending position
     */
    record Sparse(Frame frame, TensorShape shape, Dense values, SparseEntries entries) implements Storage {
        @Override
        public OnnxType type() {
            return values.type();
        }
    }

    /** Where the elements of a dense tensor lie. */
    sealed interface Elements {}

    /**
     * As little-endian bytes in the model file.
     *
     * @param from the first one
     */
    record InPlace(long from) implements Elements {}

    /**
     * In a typed field, to be decoded.
     *
     * @param field the field
     */
    record Typed(TypedField field) implements Elements {}

    /**
     * As little-endian bytes in another file.
     *
     * @param file that file
     * @param offset the first byte
     */
    record External(FileBytes file, long offset) implements Elements {}
}
