package io.detinit.interop.plan;

import io.detinit.generator.TensorShape;
import java.io.IOException;

/**
 * The initial values of one parameter, made or read when they are asked for, in its logical shape (outputs first), row-major.
 *
 * <p>Implementations are safe for use by many threads.
 */
public interface InitialValues {

    /** {@return the logical shape} */
    TensorShape shape();

    /** {@return whether the values differ from one another by chance: drawn, or read from a file; false for constants} */
    boolean isRandom();

    /** {@return the standard deviation of the distribution; 0 for constants, NaN where only the values are known} */
    double std();

    /**
     * Values as float32.
     *
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IOException if they come from a file that cannot be read
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    void fill(long from, float[] destination, int offset, int count) throws IOException;

    /**
     * Values as float64, for float64 parameters: the double nearest to the real weight where there is one, else what the
     * initialisation wrote.
     *
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IOException if they come from a file that cannot be read
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    void fill(long from, double[] destination, int offset, int count) throws IOException;
}
