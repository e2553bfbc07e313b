package io.detinit.interop.identify;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.io.Serializable;

/**
 * A parameter, taken one way round.
 *
 * @param parameter the parameter
 * @param turned whether a matrix whose order the file does not say is taken with its axes exchanged
 */
record TorchTarget(Parameter parameter, boolean turned) implements Serializable {

    /** What is sent in its place: the first weights, as many as are looked at. */
    private record Form(TensorHead first, String canonicalName, String obstacle) implements Serializable {

        private Object readResolve() {
            return new TorchTarget(new Parameter(first, StoredOrder.OUT_IN, true, canonicalName, obstacle), false);
        }
    }

    /** The same, its first weights in memory, outputs first. */
    TorchTarget inMemory() throws IOException {
        TensorHead first = TensorHead.of(view(), TorchFigures.MOST);
        return new TorchTarget(
                new Parameter(first, StoredOrder.OUT_IN, true, parameter.canonicalName(), parameter.obstacle()), false);
    }

    private Object writeReplace() throws IOException {
        return new Form(TensorHead.of(view(), TorchFigures.MOST), parameter.canonicalName(), parameter.obstacle());
    }

    /** The most elements that are read as evidence. */
    static final int MOST = 1 << 14;

    /** How many deviations a weight counts at most: what training has carried far says little of where it began. */
    private static final float FAR = 3;

    StoredOrder order() {
        return turned ? StoredOrder.IN_OUT : parameter.order();
    }

    TensorShape shape() {
        return order().logical(parameter.stored().info().shape());
    }

    String name() {
        return parameter.name();
    }

    TensorView view() {
        return turned ? new TransposedTensor(parameter.stored()) : parameter.view();
    }

    private boolean isFolded() {
        return parameter.obstacle().contains("folded");
    }

    /**
     * The first weights, standardised; 0 where a weight is 0 or no number, so that pruned weights and padding do not count.
     *
     * @return at most {@value #MOST} values; none for a tensor whose stored numbers are not its weights
     */
    float[] evidence() throws IOException {
        if (!parameter.obstacle().isEmpty() && !isFolded()) {
            return new float[0];
        }
        float[] values = values(MOST);
        if (isFolded() && shape().rank() > 1) {
            int row = Math.toIntExact(Math.min(shape().cols(), values.length));
            for (int from = 0; row > 0 && from < values.length; from += row) {
                scale(values, from, Math.min(values.length, from + row), 0);
            }
        }
        double sum = 0;
        int present = 0;
        for (float value : values) {
            sum += value;
            present += value == 0 ? 0 : 1;
        }
        scale(values, 0, values.length, present == 0 ? 0 : sum / present);
        return values;
    }

    /** The first values in the logical order, widened; what is no finite number as 0. */
    float[] values(int most) throws IOException {
        TensorView view = view();
        float[] values = new float[(int) Math.min(most, view.info().shape().elements())];
        view.readFloats(0, values, 0, values.length);
        for (int k = 0; k < values.length; k++) {
            values[k] = Float.isFinite(values[k]) ? values[k] : 0;
        }
        return values;
    }

    private static void scale(float[] values, int from, int end, double mean) {
        double squares = 0;
        int present = 0;
        for (int k = from; k < end; k++) {
            if (values[k] != 0) {
                squares += (values[k] - mean) * (values[k] - mean);
                present++;
            }
        }
        double deviation = present == 0 ? 0 : Math.sqrt(squares / present);
        for (int k = from; k < end; k++) {
            boolean counts = values[k] != 0 && deviation > 0;
            values[k] = counts ? clipped((float) ((values[k] - mean) / deviation)) : 0;
        }
    }

    private static float clipped(float value) {
        return Math.max(-FAR, Math.min(FAR, value));
    }

    boolean isWide() {
        return parameter.stored().info().dtype() == DType.F64;
    }

    /** Whether equal bits mean something: 24 significant ones, of the weights themselves. */
    boolean isPrecise() {
        return parameter.obstacle().isEmpty()
                && (isWide() || parameter.stored().info().dtype() == DType.F32);
    }
}
