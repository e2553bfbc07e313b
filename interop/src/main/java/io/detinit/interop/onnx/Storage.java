package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.onnx.function.StoredInit;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /**
     * Nodes compute the elements from a seed.
     *
     * @param frame the last node
     * @param type the element type
     * @param shape the dims of the tensor
     * @param initial the initial values
     * @param coding the operator that puts other elements in, Identity where none does
     * @param places where those stand, null where there are none
     * @param values those elements, null where there are none
     * @param nodes the nodes of this tensor alone
     */
    record Computed(
            Frame frame,
            OnnxType type,
            TensorShape shape,
            StoredInit initial,
            String coding,
            @Nullable GraphTensor places,
            @Nullable GraphTensor values,
            List<Frame> nodes)
            implements Storage {}

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
