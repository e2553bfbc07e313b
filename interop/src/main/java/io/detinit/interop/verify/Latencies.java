package io.detinit.interop.verify;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Times models in turns.
 *
 * <p>Stateless; safe for use by many threads, though timings of two at a time disturb each other.
 */
public final class Latencies {

    private Latencies() {}

    /**
     * Times the models in turns: the first run of each, then the second of each, and so on, so that what else the machine does
     * meanwhile falls on all of them alike.
     *
     * @param models what to time
     * @param warmUp runs of each before the clock starts, >= 0
     * @param runs runs of each that are timed, >= 1
     * @param progress told after each round how many rounds are done, those that warm up included
     * @return one latency for each, in their order
     * @throws IOException if a run fails
     * @throws IllegalArgumentException if a count is too small
     */
    public static List<Latency> interleaved(
            List<? extends LatencyProbe> models, int warmUp, int runs, IntConsumer progress) throws IOException {
        if (warmUp < 0 || runs < 1) {
            throw new IllegalArgumentException(
                    "warm-up " + warmUp + ", runs " + runs + "; at least 0 and 1 are needed");
        }
        double[][] milliseconds = new double[models.size()][runs];
        for (int run = -warmUp; run < runs; run++) {
            for (int model = 0; model < milliseconds.length; model++) {
                long nanos = models.get(model).nanos(run);
                if (run >= 0) {
                    milliseconds[model][run] = nanos / 1e6;
                }
            }
            progress.accept(warmUp + run + 1);
        }
        return Arrays.stream(milliseconds).map(Scoring::latency).toList();
    }
}
