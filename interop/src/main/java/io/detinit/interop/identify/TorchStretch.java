package io.detinit.interop.identify;

import io.detinit.generator.torch.Mt19937;

/** Consecutive stretches of a stream, each beginning {@value TorchCorrelator#POSITIONS} draws after the one before. Mutable. */
final class TorchStretch {

    private static final int KEPT = TorchCorrelator.DRAWS - TorchCorrelator.POSITIONS;

    private final Mt19937 stream;
    private final int[] draws = new int[TorchCorrelator.DRAWS];
    private boolean begun;

    /** Takes over a stream at that position or before it. */
    TorchStretch(Mt19937 stream, long from) {
        this.stream = stream;
        stream.skip(from - stream.position());
    }

    /** The next stretch; valid until the one after it is asked for. */
    int[] next() {
        int from = 0;
        if (begun) {
            System.arraycopy(draws, TorchCorrelator.POSITIONS, draws, 0, KEPT);
            from = KEPT;
        }
        begun = true;
        for (int k = from; k < draws.length; k++) {
            draws[k] = stream.next();
        }
        return draws;
    }
}
