package io.detinit.interop.parameter;

import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;

/** Correlation of a tensor with values of the same shape, over its first elements. */
public final class Correlations {

    private Correlations() {}

    /**
     * How far above chance two tensors correlate.
     *
     * @param tensor a floating-point tensor
     * @param values values of the same shape
     * @param most the most elements to read, from the first one on
     * @return r sqrt(n), about standard normal where they have nothing to do with each other; 0 where one of them is constant
     * @throws IOException if reading fails
     */
    public static double z(TensorView tensor, InitialValues values, int most) throws IOException {
        int count = (int) Math.min(most, tensor.info().shape().elements());
        float[] w = new float[count];
        float[] w0 = new float[count];
        tensor.readFloats(0, w, 0, count);
        values.fill(0, w0, 0, count);
        return pearson(w, w0) * Math.sqrt(count);
    }

    /**
     * Pearson's correlation.
     *
     * @param x values
     * @param y as many
     * @return r in [-1, 1]; 0 where it is not defined: a side is constant, or not finite
     */
    public static double pearson(float[] x, float[] y) {
        double meanX = 0;
        double meanY = 0;
        for (int k = 0; k < x.length; k++) {
            meanX += x[k];
            meanY += y[k];
        }
        meanX /= x.length;
        meanY /= x.length;
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int k = 0; k < x.length; k++) {
            double dx = x[k] - meanX;
            double dy = y[k] - meanY;
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        double r = xy / Math.sqrt(xx * yy);
        return Double.isFinite(r) ? r : 0;
    }
}
