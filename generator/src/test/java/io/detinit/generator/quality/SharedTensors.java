package io.detinit.generator.quality;

import io.detinit.generator.SplitMix64;
import java.util.Arrays;

/**
 * The one exact relation between seeds: tensor (s, layer l) equals tensor (s', layer l') where s ^ s' = H(l) ^ H(l'), since the
 * chain starts with h = H(seed ^ H(layer)).
 */
final class SharedTensors {

    private SharedTensors() {}

    /**
     * The smallest seed difference that makes two different layers share a tensor.
     *
     * @param layers how many layers, from 0
     * @return the least s ^ s', unsigned; 2^65 / layers^2 is to be expected
     */
    static long smallestDifference(int layers) {
        long[] hashes = new long[layers];
        // Unsigned order: the least xor of two numbers is that of neighbours.
        Arrays.setAll(hashes, layer -> SplitMix64.hash(layer) ^ Long.MIN_VALUE);
        Arrays.sort(hashes);
        long least = -1;
        for (int k = 1; k < layers; k++) {
            long difference = hashes[k] ^ hashes[k - 1];
            least = Long.compareUnsigned(difference, least) < 0 ? difference : least;
        }
        return least;
    }
}
