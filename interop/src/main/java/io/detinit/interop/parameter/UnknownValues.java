package io.detinit.interop.parameter;

import io.detinit.generator.TensorShape;
import io.detinit.interop.plan.InitialValues;

/**
 * Stands for values that nobody knows and that are never read.
 *
 * @param shape the logical shape
 */
record UnknownValues(TensorShape shape) implements InitialValues {

    @Override
    public boolean isRandom() {
        return false;
    }

    @Override
    public double std() {
        return Double.NaN;
    }

    @Override
    public void fill(long from, float[] destination, int offset, int count) {
        throw new UnsupportedOperationException("the values are not known");
    }

    @Override
    public void fill(long from, double[] destination, int offset, int count) {
        throw new UnsupportedOperationException("the values are not known");
    }
}
