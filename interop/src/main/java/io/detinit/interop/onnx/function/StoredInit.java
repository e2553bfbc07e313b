package io.detinit.interop.onnx.function;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorInit;

/**
 * Initial values in the order in which a model has them.
 *
 * @param init the function of their addresses
 * @param order which way round the model has the matrix
 */
public record StoredInit(TensorInit init, StoredOrder order) {

    /**
     * Values of a range.
     *
     * @param from the first element, row-major in the model's shape
     * @param destination receives them from its first element on
     * @param count how many
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fill(long from, float[] destination, int count) {
        if (order == StoredOrder.OUT_IN) {
            init.fill(from, destination, 0, count);
            return;
        }
        long rows = init.shape().rows();
        int done = 0;
        while (done < count) { // a row of the model is a column of the matrix
            long column = (from + done) / rows;
            long row = (from + done) % rows;
            int length = (int) Math.min(count - done, rows - row);
            init.fillBlock(row, row + length, column, column + 1, destination, done, 1, 1);
            done += length;
        }
    }
}
