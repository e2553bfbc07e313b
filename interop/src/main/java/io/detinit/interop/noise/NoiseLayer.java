package io.detinit.interop.noise;

import io.detinit.generator.TensorShape;
import java.util.List;

/**
 * What a parameter's weights would have moved without signal: a normal distribution around 0 for each, whose standard deviation is that
 * of the layer times a factor of the row times a factor of the column.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param name the parameter's name in the plan
 * @param shape its logical shape, outputs first
 * @param std the standard deviation of w - w0 without signal, root of the mean square over the layer, >= 0
 * @param rows one factor for each row (unit; of a vector each element), >= 0
 * @param cols one factor for each column (input), >= 0; one factor 1 for a vector
 * @param rounding the standard deviation of what rounding left where weight decay touches every weight in every step, >= 0; 0 without
 *     decay
 */
public record NoiseLayer(
        String name, TensorShape shape, double std, List<Double> rows, List<Double> cols, double rounding) {

    /**
     * Checks sizes and values.
     *
     * @throws IllegalArgumentException if the factors do not fit the shape, or a number is negative, NaN or infinite
     */
    public NoiseLayer {
        rows = List.copyOf(rows);
        cols = List.copyOf(cols);
        if (rows.size() != rows(shape) || cols.size() != cols(shape)) {
            throw new IllegalArgumentException("noise of '" + name + "': " + rows.size() + " row and " + cols.size()
                    + " column factors, the shape " + shape + " has " + rows(shape) + " rows and " + cols(shape)
                    + " columns");
        }
        check(name, std);
        check(name, rounding);
        for (double factor : rows) {
            check(name, factor);
        }
        for (double factor : cols) {
            check(name, factor);
        }
    }

    private static void check(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("noise of '" + name + "': found " + value + ", expected a number >= 0");
        }
    }

    /**
     * How many rows a shape has here.
     *
     * @param shape a logical shape
     * @return outputs of a matrix; elements of a vector; 1 for a scalar
     */
    public static long rows(TensorShape shape) {
        return shape.rank() >= 2 ? shape.rows() : shape.elements();
    }

    /**
     * How many columns a shape has here.
     *
     * @param shape a logical shape
     * @return inputs of a matrix (all axes but the first together); 1 for a vector or a scalar
     */
    public static long cols(TensorShape shape) {
        return shape.rank() >= 2 ? shape.cols() : 1;
    }

    /**
     * The standard deviation of one weight.
     *
     * @param row its row, in [0, rows)
     * @param col its column, in [0, cols)
     * @return the standard deviation of w - w0 without signal; 0 where no gradient reaches it
     */
    public double std(int row, int col) {
        return with(rounding, std * rows.get(row) * cols.get(col));
    }

    /**
     * Adds what rounding left to a standard deviation.
     *
     * @param rounding a layer's rounding
     * @param noise the standard deviation that gradient noise made
     * @return that of both
     */
    public static double with(double rounding, double noise) {
        return rounding == 0 ? noise : Math.sqrt(noise * noise + rounding * rounding);
    }
}
