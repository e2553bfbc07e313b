package io.detinit.generator.quality;

import io.detinit.generator.Scheme;

/** What a battery tests: words and weights by address. */
interface Source {

    /** {@return the name in reports} */
    String name();

    /**
     * The raw word at an address.
     *
     * @param which 0 for u1, 1 for u2
     */
    long word(long seed, long layer, long i, long j, long which);

    /** A normal variate; by the definition in docs/generator.md in plain double arithmetic. */
    default double normal(long seed, long layer, long i, long j) {
        double u1 = ((word(seed, layer, i, j, 0) >>> 11) + 1) * 0x1p-53;
        double u2 = (word(seed, layer, i, j, 1) >>> 11) * 0x1p-53;
        return Math.sqrt(-2 * Math.log(u1)) * Math.cos(2 * Math.PI * u2);
    }

    /**
     * Weights of a matrix.
     *
     * @param scheme custom:1 (standard normal), uniform:1 or signed_constant:custom:1
     * @param from the first element in row-major order
     */
    default void weights(
            Scheme scheme,
            long seed,
            long layer,
            long rows,
            long cols,
            long from,
            float[] destination,
            int offset,
            int count) {
        for (int k = 0; k < count; k++) {
            long i = (from + k) / cols;
            long j = (from + k) % cols;
            destination[offset + k] = (float)
                    switch (scheme.kind()) {
                        case CUSTOM -> normal(seed, layer, i, j);
                        case UNIFORM -> 2 * (((word(seed, layer, i, j, 0) >>> 11) + 1) * 0x1p-53) - 1;
                        case SIGNED_CONSTANT -> word(seed, layer, i, j, 0) < 0 ? -1 : 1;
                        default -> throw new IllegalArgumentException("scheme " + scheme + " is not tested");
                    };
        }
    }
}
