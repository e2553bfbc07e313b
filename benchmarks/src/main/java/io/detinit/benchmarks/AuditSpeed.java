package io.detinit.benchmarks;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The audit of {@link AuditBenchmark} and the generator alone, turn by turn in one process: so that a machine whose clock changes
 * between one fork and the next does not decide the ratio. Prints medians, and the quartiles of the ratio of each turn.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -Xmx256m -cp benchmarks/target/benchmarks.jar io.detinit.benchmarks.AuditSpeed};
 * the folder of the files as {@link AuditBenchmark} says.
 */
public final class AuditSpeed {

    private static final int WARM_UP = 8;
    private static final int TURNS = 25;

    private AuditSpeed() {}

    /**
     * Measures.
     *
     * @param arguments none
     * @throws IOException if reading or writing the files fails
     */
    public static void main(String[] arguments) throws IOException {
        AuditBenchmark benchmark = new AuditBenchmark();
        benchmark.setUp(); // makes the files, and checks what the audit counts
        Blackhole sink = new Blackhole(
                "Today's password is swordfish. I understand instantiating Blackholes directly is dangerous.");
        double[] generator = new double[TURNS];
        double[] audit = new double[TURNS];
        double[] ratio = new double[TURNS];
        for (int turn = -WARM_UP; turn < TURNS; turn++) {
            long start = System.nanoTime();
            benchmark.generator(sink);
            long between = System.nanoTime();
            sink.consume(benchmark.audit());
            long end = System.nanoTime();
            if (turn >= 0) {
                generator[turn] = (between - start) / 1e6;
                audit[turn] = (end - between) / 1e6;
                ratio[turn] = generator[turn] / audit[turn];
            }
        }
        for (double[] figures : new double[][] {generator, audit, ratio}) {
            Arrays.sort(figures);
        }
        System.out.printf(
                Locale.ROOT,
                "generator %.0f ms, audit %.0f ms, ratio %.3f (quartiles %.3f and %.3f)%n",
                generator[TURNS / 2],
                audit[TURNS / 2],
                ratio[TURNS / 2],
                ratio[TURNS / 4],
                ratio[3 * TURNS / 4]);
    }
}
