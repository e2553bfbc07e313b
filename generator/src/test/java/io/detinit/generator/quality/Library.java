package io.detinit.generator.quality;

import io.detinit.generator.Scheme;
import io.detinit.generator.SplitMix64;
import io.detinit.generator.TensorInit;

/** The generator of this project, by its public API. */
final class Library implements Source {

    @Override
    public String name() {
        return "detinit";
    }

    @Override
    public long word(long seed, long layer, long i, long j, long which) {
        return SplitMix64.bits(seed, layer, i, j, which);
    }

    @Override
    public void weights(
            Scheme scheme,
            long seed,
            long layer,
            long rows,
            long cols,
            long from,
            float[] destination,
            int offset,
            int count) {
        TensorInit.matrix(seed, layer, rows, cols, scheme).fill(from, destination, offset, count);
    }
}
