package io.detinit.interop.audit;

import io.detinit.interop.plan.InitialValues;
import java.io.IOException;

/** The standard deviation of values of which nothing else is known. */
final class InitialStd {

    private static final int BLOCK = 1 << 16;

    private InitialStd() {}

    static double measure(InitialValues values) throws IOException {
        long elements = values.shape().elements();
        float[] block = new float[(int) Math.min(BLOCK, elements)];
        double sum = 0;
        double squares = 0;
        for (long from = 0; from < elements; from += BLOCK) {
            int count = (int) Math.min(BLOCK, elements - from);
            values.fill(from, block, 0, count);
            for (int k = 0; k < count; k++) {
                sum += block[k];
                squares += (double) block[k] * block[k];
            }
        }
        double mean = elements == 0 ? 0 : sum / elements;
        return elements == 0 ? 0 : Math.sqrt(Math.max(0, squares / elements - mean * mean));
    }
}
