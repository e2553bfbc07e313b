package io.detinit.interop.identify;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchStream;
import io.detinit.generator.torch.TorchValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;

/**
 * How a tensor compares with initial values.
 *
 * @param weights how many weights were compared
 * @param identical how many have the same bits, in the precision of the file; of initial values that are 0 none
 * @param equal how many have the same bits, zeros counted
 * @param correlation of the two; NaN where one is constant
 * @param slope by which the initial values are multiplied to come nearest to the weights: 1 where training only adds
 */
record TorchFigures(long weights, long identical, long equal, double correlation, double slope) {

    /** The most weights that are compared. */
    static final int MOST = 1 << 16;

    static TorchFigures of(TorchTarget target, TorchInit init, TorchStream stream) throws IOException {
        TensorView view = target.view();
        int count = (int) Math.min(MOST, init.shape().elements());
        double[] initial = new double[count];
        new TorchValues(init, stream).fill(0, initial, 0, count);
        double[] weights = new double[count];
        if (view.info().dtype() == DType.F64) {
            view.readDoubles(0, weights, 0, count);
        } else {
            float[] narrow = new float[count];
            view.readFloats(0, narrow, 0, count);
            for (int k = 0; k < count; k++) {
                weights[k] = narrow[k];
                initial[k] = rounded((float) initial[k], view.info().dtype());
            }
        }
        return of(weights, initial);
    }

    private static float rounded(float value, DType dtype) {
        return switch (dtype) {
            case F16 -> ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16(value));
            case BF16 -> ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16(value));
            default -> value;
        };
    }

    private static TorchFigures of(double[] weights, double[] initial) {
        long identical = 0;
        long equal = 0;
        double sum = 0;
        double initialSum = 0;
        int n = weights.length;
        for (int k = 0; k < n; k++) {
            equal += weights[k] == initial[k] ? 1 : 0;
            identical += weights[k] == initial[k] && initial[k] != 0 ? 1 : 0;
            sum += weights[k];
            initialSum += initial[k];
        }
        double both = 0;
        double squares = 0;
        double initialSquares = 0;
        for (int k = 0; k < n; k++) {
            double w = weights[k] - sum / n;
            double w0 = initial[k] - initialSum / n;
            both += w * w0;
            squares += w * w;
            initialSquares += w0 * w0;
        }
        double correlation =
                squares > 0 && initialSquares > 0 ? both / Math.sqrt(squares * initialSquares) : Double.NaN;
        return new TorchFigures(
                n, identical, equal, correlation, initialSquares > 0 ? both / initialSquares : Double.NaN);
    }
}
