package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.nio.FloatBuffer;

/**
 * Soft thresholding of w - w0 in place: w = median(w - reach, w0, w + reach). In the engine's own memory where that is the CPU's, a
 * piece at a time: libtorch's operations would need four arrays of the parameter's size. Both ways give the same bits. Not
 * thread-safe.
 */
final class Shrinkage {

    private static final int PIECE = 1024;
    private static final NDIndex ALL = new NDIndex().addAllDim();

    private final float[] weights = new float[PIECE];
    private final float[] initial = new float[PIECE];

    /**
     * Shrinks.
     *
     * @param values float32, contiguous, changed
     * @param start the initial values, of the same shape
     * @param reach how far a weight moves at most, >= 0
     */
    void apply(NDArray values, NDArray start, float reach) {
        if (values.getDevice().isGpu()) {
            byEngine(values, start, reach);
        } else {
            inMemory(values, start, reach);
        }
    }

    void inMemory(NDArray values, NDArray start, float reach) {
        FloatBuffer memory = values.toByteBuffer(true).asFloatBuffer();
        FloatBuffer from = start.toByteBuffer(true).asFloatBuffer();
        int size = memory.remaining();
        for (int at = 0; at < size; at += PIECE) {
            int count = Math.min(PIECE, size - at);
            memory.get(at, weights, 0, count);
            from.get(at, initial, 0, count);
            shrink(weights, initial, count, reach);
            memory.put(at, weights, 0, count);
        }
    }

    /** A loop of its own, which the compiler turns into vector instructions. */
    private static void shrink(float[] w, float[] w0, int count, float reach) {
        for (int k = 0; k < count; k++) {
            w[k] = Math.min(Math.max(w0[k], w[k] - reach), w[k] + reach);
        }
    }

    static void byEngine(NDArray values, NDArray start, float reach) {
        try (NDArray lower = values.sub(reach);
                NDArray upper = values.add(reach);
                NDArray atLeast = lower.maximum(start);
                NDArray shrunk = atLeast.minimum(upper)) {
            values.set(ALL, shrunk);
        }
    }
}
