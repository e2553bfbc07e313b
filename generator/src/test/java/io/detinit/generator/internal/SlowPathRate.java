package io.detinit.generator.internal;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.vector.FusedNormal;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/** Counts how often a weight needs the slow path. A tool, not a test: {@code SlowPathRate [WEIGHTS]}. */
public final class SlowPathRate {

    private SlowPathRate() {}

    /**
     * Counts over the weights (seed 42; layer 0, row, column), 1000 columns, std of he: those that the scalar formula leaves to
     * double-double, and those that the vector formula leaves to the scalar one.
     *
     * @param args how many weights (default: 200,000,000)
     */
    public static void main(String[] args) {
        long weights = args.length > 0 ? Long.parseLong(args[0]) : 200_000_000;
        double std = Math.sqrt(2.0 / 1000);
        LongAdder scalar = new LongAdder();
        LongAdder vector = new LongAdder();
        LongStream.range(0, weights).parallel().forEach(k -> {
            long word = SplitMix64.bits(42, 0, k / 1000, k % 1000);
            long bits0 = SplitMix64.hash(word ^ ScalarKernel.HASH_0);
            long bits1 = SplitMix64.hash(word ^ ScalarKernel.HASH_1);
            if (FastNormal.needsSlowPath(bits0, bits1, std)) {
                scalar.increment();
            }
            if (FusedNormal.isUncertain(bits0, bits1, std)) {
                vector.increment();
            }
        });
        report("scalar", scalar.sum(), weights);
        report("vector", vector.sum(), weights);
    }

    private static void report(String formula, long slow, long weights) {
        System.getLogger(SlowPathRate.class.getName())
                .log(
                        System.Logger.Level.INFO,
                        formula + ": " + slow + " of " + weights + " weights were uncertain: "
                                + (double) slow / weights);
    }
}
