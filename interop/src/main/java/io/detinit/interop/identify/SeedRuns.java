package io.detinit.interop.identify;

import io.detinit.interop.tensor.ElementReader;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** Short runs of weights spread over a tensor, at places that depend on its size alone. */
final class SeedRuns {

    private static final ThreadLocal<ElementReader> READER = ThreadLocal.withInitial(ElementReader::new);

    /** Consecutive weights in a run: enough for the generator's bulk form to pay. */
    static final int LENGTH = 256;

    /** How many places are looked at for each run that is wanted, where runs of one value (dead or pruned rows) give no information. */
    private static final int CANDIDATES = 4;

    private static final long SCATTER = 0x9E3779B97F4A7C15L;

    private SeedRuns() {}

    /** One run. */
    static final class Run implements Serializable {

        private static final long serialVersionUID = 1L;

        final long from;
        final float[] weights;

        Run(long from, float[] weights) {
            this.from = from;
            this.weights = weights;
        }

        /** Whether two of its weights are finite and differ. */
        private boolean tellsSomething() {
            float first = Float.NaN;
            for (float weight : weights) {
                if (Float.isFinite(weight)) {
                    if (Float.isNaN(first)) {
                        first = weight;
                    } else if (weight != first) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    /**
     * Reads runs that do not overlap.
     *
     * @param view the tensor in logical order
     * @param wanted how many weights; all of them where the tensor has no more
     */
    static List<Run> of(TensorView view, long wanted) throws IOException {
        long elements = view.info().shape().elements();
        List<Run> runs = new ArrayList<>();
        if (wanted >= elements || elements < 2 * LENGTH) {
            for (long from = 0; from < Math.min(wanted, elements); from += LENGTH) {
                add(view, from, (int) Math.min(LENGTH, elements - from), runs);
            }
            return runs;
        }
        long count = Math.max(1, wanted / LENGTH);
        long places = Math.min(elements / LENGTH, count * CANDIDATES);
        long stride = elements / places;
        long step = Math.max(1, places / count);
        for (long pass = 0; pass < step; pass++) {
            for (long place = pass; place < places && runs.size() < count; place += step) {
                long shift = Long.remainderUnsigned(SCATTER * (place + 1), stride - LENGTH + 1);
                add(view, place * stride + shift, LENGTH, runs);
            }
        }
        return runs;
    }

    private static void add(TensorView view, long from, int length, List<Run> runs) throws IOException {
        float[] weights = new float[length];
        READER.get().floats(view, from, weights, 0, length);
        Run run = new Run(from, weights);
        if (run.tellsSomething()) {
            runs.add(run);
        }
    }
}
