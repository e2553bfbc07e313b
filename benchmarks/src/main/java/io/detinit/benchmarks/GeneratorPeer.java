package io.detinit.benchmarks;

import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.plan.Plan;
import java.io.IOException;
import java.util.List;
import org.openjdk.jmh.infra.Blackhole;

/** The generator alone, as what others are measured beside: the weights of a model, each block over the last one. */
final class GeneratorPeer {

    private static final int BLOCK = 1 << 16;

    private GeneratorPeer() {}

    /**
     * Makes all weights of a plan.
     *
     * @param plan tensors of one size, a multiple of 65,536 elements
     * @param threads how many threads
     * @param sink consumes each block
     */
    static void run(Plan plan, int threads, Blackhole sink) throws IOException {
        List<InitialValues> values =
                plan.entries().stream().map(Plan.Entry::values).toList();
        int blocks = Math.toIntExact(values.get(0).shape().elements() / BLOCK);
        Parallel.run(threads, values.size() * blocks, () -> new float[BLOCK], (floats, number) -> {
            values.get((int) number / blocks).fill(number % blocks * BLOCK, floats, 0, BLOCK);
            sink.consume(floats);
            return 0;
        });
    }
}
