package io.detinit.generator.internal;

import io.detinit.generator.SplitMix64;
import java.util.stream.LongStream;

/** Counts how often a weight needs the slow path. A tool, not a test: {@code SlowPathRate [WEIGHTS]}. */
public final class SlowPathRate {

    private SlowPathRate() {}

    /**
     * Counts over the weights (seed 42; layer 0, row, column), 1000 columns, std of he.
     *
     * @param args how many weights (default: 200,000,000)
     */
    public static void main(String[] args) {
        long weights = args.length > 0 ? Long.parseLong(args[0]) : 200_000_000;
        double std = Math.sqrt(2.0 / 1000);
        long slow = LongStream.range(0, weights)
                .parallel()
                .filter(k -> FastNormal.needsSlowPath(
                        SplitMix64.bits(42, 0, k / 1000, k % 1000, 0),
                        SplitMix64.bits(42, 0, k / 1000, k % 1000, 1),
                        std))
                .count();
        System.Logger log = System.getLogger(SlowPathRate.class.getName());
        log.log(
                System.Logger.Level.INFO,
                slow + " of " + weights + " weights needed the slow path: " + (double) slow / weights);
    }
}
