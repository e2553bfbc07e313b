package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;

/**
 * What a value of the graph is, seen from the tensors of the file: one of them, perhaps turned or reshaped, or the result of
 * a product with one.
 *
 * @param tensor the tensor's number; -1 for the result of a product
 * @param flipped whether the last two axes have changed places
 * @param firstKept whether the first axis is still that of the tensor (before flipping)
 * @param lastKept whether the last axis is still that of the tensor (before flipping)
 * @param quantised whether DequantizeLinear has been applied
 */
record Origin(int tensor, boolean flipped, boolean firstKept, boolean lastKept, boolean quantised) {

    static final Origin PRODUCT = new Origin(-1, false, false, false, false);

    static Origin of(int tensor) {
        return new Origin(tensor, false, true, true, false);
    }

    boolean isProduct() {
        return tensor < 0;
    }

    Origin flip() {
        return new Origin(tensor, !flipped, firstKept, lastKept, quantised);
    }

    Origin dequantised() {
        return new Origin(tensor, flipped, firstKept, lastKept, true);
    }

    Origin reshaped(boolean first, boolean last) {
        return new Origin(tensor, flipped, firstKept && first && !flipped, lastKept && last && !flipped, quantised);
    }

    /** Whether the axes are the tensor's own. */
    boolean asStored() {
        return !flipped && firstKept && lastKept;
    }

    /** Whether at most one axis is longer than 1. */
    static boolean isVector(TensorShape shape) {
        int longer = 0;
        for (long dim : shape.dims()) {
            longer += dim > 1 ? 1 : 0;
        }
        return longer <= 1;
    }
}
