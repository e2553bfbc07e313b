package io.detinit.generator.torch;

import java.util.Arrays;

/**
 * What the replay costs on this machine, one thread: nanoseconds a weight and a passed draw, the median and the fastest of the
 * runs. Not a test; run by hand:
 *
 * <pre>java -cp generator/target/classes:generator/target/test-classes io.detinit.generator.torch.TorchReplaySpeed</pre>
 */
final class TorchReplaySpeed {

    private static final int WEIGHTS = 1 << 20;
    private static final int WARM_UP = 10;
    private static final int RUNS = 31;

    private TorchReplaySpeed() {}

    private interface Work {
        double run(TorchGenerator generator);
    }

    /**
     * Measures.
     *
     * @param args none
     */
    public static void main(String[] args) {
        float[] floats = new float[WEIGHTS];
        double[] doubles = new double[WEIGHTS];
        double bound = Math.sqrt(3.0) * (Math.sqrt(2.0 / 6) / Math.sqrt(784));
        for (TorchKernels kernels : new TorchKernels[] {TorchKernels.AVX2, TorchKernels.DEFAULT}) {
            String name = kernels.variant().id() + ", " + kernels.normal();
            measure("uniform_ float32, " + name, kernels, generator -> {
                generator.uniform(-bound, bound, floats, TorchDtype.FLOAT32);
                return floats[WEIGHTS - 1];
            });
            measure("normal_ float32, " + name, kernels, generator -> {
                generator.normal(0, 1, floats, TorchDtype.FLOAT32);
                return floats[WEIGHTS - 1];
            });
            measure("uniform_ float64, " + name, kernels, generator -> {
                generator.uniform(-bound, bound, doubles);
                return doubles[WEIGHTS - 1];
            });
            measure("normal_ float64, " + name, kernels, generator -> {
                generator.normal(0, 1, doubles);
                return doubles[WEIGHTS - 1];
            });
        }
        measure("a draw passed over", TorchKernels.AVX2, generator -> {
            long to = generator.position().draw() + WEIGHTS;
            generator.advanceTo(StreamPosition.at(to));
            return to;
        });
    }

    private static void measure(String what, TorchKernels kernels, Work work) {
        double[] nanos = new double[RUNS];
        double last = 0;
        for (int run = -WARM_UP; run < RUNS; run++) {
            TorchGenerator generator = new TorchGenerator(42, kernels);
            long start = System.nanoTime();
            double result = work.run(generator);
            double spent = System.nanoTime() - start;
            if (run > -WARM_UP && result != last) {
                throw new IllegalStateException(what + ": " + result + " after " + last + " from the same seed");
            }
            last = result;
            nanos[Math.max(run, 0)] = spent / WEIGHTS;
        }
        Arrays.sort(nanos);
        String line = "%s: %.2f ns, fastest %.2f".formatted(what, nanos[RUNS / 2], nanos[0]);
        System.getLogger(TorchReplaySpeed.class.getName()).log(System.Logger.Level.INFO, line);
    }
}
