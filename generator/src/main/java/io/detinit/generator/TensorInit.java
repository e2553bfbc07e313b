package io.detinit.generator;

import io.detinit.generator.internal.ExactNormal;
import io.detinit.generator.internal.ExactUniform;
import io.detinit.generator.internal.FastNormal;
import java.util.Objects;

/**
 * The initial values of one tensor, as a function: nothing is stored, any part can be computed at any time.
 *
 * <p>Values are float32, correctly rounded (half to even) from the real number that {@code docs/generator.md} defines, so
 * they are the same on every JVM, CPU and thread count. Elements are in row-major order of {@link #shape()}.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param seed the seed, any 64 bits
 * @param layer the layer id, >= 0; it is not used by zeros, ones and constant
 * @param shape the shape
 * @param scheme the scheme
 */
public record TensorInit(long seed, long layer, TensorShape shape, Scheme scheme) {

    /**
     * Checks that the scheme fits the shape.
     *
     * @throws IllegalArgumentException if the layer is negative, or the scheme needs a fan and the rank is below 2
     */
    public TensorInit {
        Objects.requireNonNull(shape, "shape");
        Objects.requireNonNull(scheme, "scheme");
        if (layer < 0) {
            throw new IllegalArgumentException("layer " + layer + " is negative; layers start at 0");
        }
        if (shape.elements() > 0) {
            scheme.std(shape);
        }
    }

    /**
     * The initial values of a matrix.
     *
     * @param seed the seed
     * @param layer the layer id, >= 0
     * @param rows outputs, the first axis
     * @param cols inputs, the second axis
     * @param scheme the scheme
     * @return its initial values
     */
    public static TensorInit matrix(long seed, long layer, long rows, long cols, Scheme scheme) {
        return new TensorInit(seed, layer, TensorShape.of(rows, cols), scheme);
    }

    /** {@return the standard deviation the scheme aims at; 0 for zeros, ones and constant} */
    public double std() {
        return shape.elements() == 0 ? 0 : scheme.std(shape);
    }

    /**
     * One weight.
     *
     * @param i the row, in [0, {@link TensorShape#rows()})
     * @param j the column, in [0, {@link TensorShape#cols()})
     * @return the float32 nearest to the real weight
     * @throws IndexOutOfBoundsException if the address lies outside the shape
     */
    public float weight(long i, long j) {
        checkAddress(i, j);
        return switch (scheme.kind()) {
            case ZEROS, ONES, CONSTANT -> (float) constant();
            case HE_UNIFORM, XAVIER_UNIFORM, LECUN_UNIFORM, UNIFORM ->
                ExactUniform.toFloat(SplitMix64.absorb(address(i, j), 0), bound());
            case HE, XAVIER, LECUN, CUSTOM -> {
                long h = address(i, j);
                yield FastNormal.weight(SplitMix64.absorb(h, 0), SplitMix64.absorb(h, 1), scheme.std(shape));
            }
        };
    }

    /**
     * One weight in double precision, for float64 models.
     *
     * @param i the row
     * @param j the column
     * @return the float64 nearest to the real weight; its cast to float is not always {@link #weight}
     * @throws IndexOutOfBoundsException if the address lies outside the shape
     */
    public double weightAsDouble(long i, long j) {
        checkAddress(i, j);
        return switch (scheme.kind()) {
            case ZEROS, ONES, CONSTANT -> constant();
            case HE_UNIFORM, XAVIER_UNIFORM, LECUN_UNIFORM, UNIFORM ->
                ExactUniform.toDouble(SplitMix64.absorb(address(i, j), 0), bound());
            case HE, XAVIER, LECUN, CUSTOM -> {
                long h = address(i, j);
                yield ExactNormal.toDouble(SplitMix64.absorb(h, 0), SplitMix64.absorb(h, 1), scheme.std(shape));
            }
        };
    }

    /**
     * Fills with consecutive elements.
     *
     * @param from the first element, in row-major order over the whole tensor
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many elements
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fill(long from, float[] destination, int offset, int count) {
        Objects.checkFromIndexSize(from, count, shape.elements());
        Objects.checkFromIndexSize(offset, count, destination.length);
        if (count == 0) {
            return;
        }
        if (!scheme.isRandom()) {
            java.util.Arrays.fill(destination, offset, offset + count, (float) constant());
            return;
        }
        long cols = shape.cols();
        long row = from / cols;
        long col = from % cols;
        int at = offset;
        int end = offset + count;
        while (at < end) {
            int run = (int) Math.min(end - at, cols - col);
            fillRun(row, col, destination, at, run);
            at += run;
            row++;
            col = 0;
        }
    }

    /**
     * Fills with whole rows.
     *
     * @param fromRow the first row
     * @param toRow the row after the last
     * @param destination receives the values, row-major
     * @param offset where in the destination
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fillRows(long fromRow, long toRow, float[] destination, int offset) {
        Objects.checkFromToIndex(fromRow, toRow, shape.rows());
        long count = Math.multiplyExact(toRow - fromRow, shape.cols());
        if (count > Integer.MAX_VALUE) {
            throw new IndexOutOfBoundsException(count + " elements do not fit an array");
        }
        fill(fromRow * shape.cols(), destination, offset, (int) count);
    }

    /**
     * The whole tensor.
     *
     * @return its elements in row-major order
     * @throws IllegalStateException if the tensor has more elements than an array can hold
     */
    public float[] toArray() {
        if (shape.elements() > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException("a tensor of shape " + shape + " does not fit an array; fill it in parts");
        }
        float[] values = new float[(int) shape.elements()];
        fill(0, values, 0, values.length);
        return values;
    }

    private void fillRun(long row, long col, float[] destination, int at, int run) {
        long prefix = SplitMix64.absorb(SplitMix64.absorb(seed, layer), row);
        if (scheme.isUniform()) {
            double bound = bound();
            for (int k = 0; k < run; k++) {
                long h = SplitMix64.absorb(prefix, col + k);
                destination[at + k] = ExactUniform.toFloat(SplitMix64.hash(h ^ HASH_0), bound);
            }
            return;
        }
        double std = scheme.std(shape);
        for (int k = 0; k < run; k++) {
            long h = SplitMix64.absorb(prefix, col + k);
            destination[at + k] = FastNormal.weight(SplitMix64.hash(h ^ HASH_0), SplitMix64.hash(h ^ HASH_1), std);
        }
    }

    private static final long HASH_0 = SplitMix64.hash(0);
    private static final long HASH_1 = SplitMix64.hash(1);

    private long address(long i, long j) {
        return SplitMix64.absorb(SplitMix64.absorb(SplitMix64.absorb(seed, layer), i), j);
    }

    private double bound() {
        return scheme.bound(shape).orElseThrow();
    }

    private double constant() {
        return switch (scheme.kind()) {
            case ONES -> 1;
            case CONSTANT -> scheme.parameter();
            default -> 0;
        };
    }

    private void checkAddress(long i, long j) {
        if (i < 0 || i >= shape.rows() || j < 0 || j >= shape.cols()) {
            throw new IndexOutOfBoundsException("weight (" + i + ", " + j + ") lies outside the matrix " + shape.rows()
                    + " x " + shape.cols() + " of shape " + shape);
        }
    }
}
