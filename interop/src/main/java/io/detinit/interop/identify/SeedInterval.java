package io.detinit.interop.identify;

import java.io.Serializable;

/**
 * Consecutive seeds: first, first + 1, ..., first + count - 1, modulo 2^64.
 *
 * @param first the first seed, any 64 bits
 * @param count how many, >= 1
 */
public record SeedInterval(long first, long count) implements Serializable {

    /**
     * Checks the count.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public SeedInterval {
        if (count < 1) {
            throw new IllegalArgumentException("an interval of " + count + " seeds; at least 1 is needed");
        }
    }

    /**
     * One seed.
     *
     * @param seed any 64 bits
     * @return the interval that holds it alone
     */
    public static SeedInterval of(long seed) {
        return new SeedInterval(seed, 1);
    }
}
