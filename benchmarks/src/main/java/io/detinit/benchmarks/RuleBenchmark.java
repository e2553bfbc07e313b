package io.detinit.benchmarks;

import io.detinit.generator.SplitMix64;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import io.detinit.training.rule.MaskRule;
import io.detinit.training.rule.PullRule;
import io.detinit.training.rule.SleepRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What masks, sleep and pull cost in a step: 784-300-100-10 on the embedded digits, batch 128, SGD. The runs take turns step by
 * step, beginning with another one each time, so whatever else the machine does falls on all of them. An invocation is 200 rounds.
 * The counters are the median step of each run in microseconds, added up over the iterations; the log has the ratios to the plain
 * run, of the medians of all rounds after the warm-up. With a weight decay the initial values of pruned weights are put back in every step.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2) // WARM_UP
@Measurement(iterations = 10)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class RuleBenchmark {

    private static final int ROUNDS = 200;
    private static final int CHECKED = 5;
    private static final int WARM_UP = 2;
    private static final double SPARSITY = 0.623;
    private static final double SLEEP = 1e-3;
    private static final double PULL = 1e-3;
    private static final ModelSpec MODEL = ModelSpec.parse("mlp:784-300-100-10");

    /** The weight decay of SGD. */
    @Param({"0", "0.0005"})
    public double decay;

    private final List<Lane> lanes = new ArrayList<>();
    private Map<String, Mask> masks;
    private int turn;
    private int invocations;

    /** A run, and the microseconds of its steps. */
    private record Lane(String name, TrainingRun run, List<Double> times) {

        float[] values(String parameter) {
            return Objects.requireNonNull(run.parameters().get(parameter))
                    .getArray()
                    .toFloatArray();
        }

        float[] initial(String parameter) {
            return run.plan().init(parameter).toArray();
        }

        double median(int from) {
            double[] sorted = times.stream()
                    .skip(from)
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .toArray();
            return sorted[sorted.length / 2];
        }
    }

    /** The median step of each run in an invocation, in microseconds. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Steps {
        /** Without rules. */
        public double plain;
        /** Masks, pruned weights 0. */
        public double maskZero;
        /** Masks, pruned weights at their initial values. */
        public double maskInit;
        /** A proximal step after each update. */
        public double sleep;
        /** A gradient term towards the initial values. */
        public double pull;
        /** Sleep, then masks with zeros. */
        public double sleepAndMask;

        /** Begins an invocation. */
        @Setup(Level.Iteration)
        public void clear() {
            plain = 0;
            maskZero = 0;
            maskInit = 0;
            sleep = 0;
            pull = 0;
            sleepAndMask = 0;
        }
    }

    /** Begins the runs and checks after some steps that each rule did what it is for. */
    @Setup
    public void prepare() {
        Samples train = ProceduralDigits.generate().trainSamples(Normalization.NONE);
        TrainConfig config = TrainConfig.builder(MODEL, 42)
                .epochs(100_000)
                .batch(128)
                .optimizer(OptimizerConfig.of(OptimizerKind.SGD).withWeightDecay(decay))
                .device(DeviceChoice.CPU)
                .build();
        begin("plain", config, train);
        masks = masks(lanes.get(0).run());
        begin("maskZero", config, train, new MaskRule(masks, Fill.ZERO));
        begin("maskInit", config, train, new MaskRule(masks, Fill.INIT));
        begin("sleep", config, train, new SleepRule(SLEEP));
        begin("pull", config, train, new PullRule(PULL));
        begin("sleepAndMask", config, train, new SleepRule(SLEEP), new MaskRule(masks, Fill.ZERO));
        for (int k = 0; k < CHECKED; k++) {
            lanes.forEach(lane -> lane.run().step());
        }
        check();
    }

    private void begin(String name, TrainConfig config, Samples train, StepHook... hooks) {
        lanes.add(new Lane(name, TrainingRun.begin(config, train, List.of(hooks)), new ArrayList<>()));
    }

    private static Map<String, Mask> masks(TrainingRun run) {
        Map<String, Mask> masks = new LinkedHashMap<>();
        run.plan().tensors().stream()
                .filter(tensor -> tensor.shape().rank() >= 2)
                .forEach(tensor -> masks.put(
                        tensor.name(),
                        Mask.of(
                                tensor.shape(),
                                k -> (SplitMix64.bits(1, tensor.layer(), k) >>> 11) * 0x1p-53 >= SPARSITY)));
        return masks;
    }

    private void check() {
        masks.forEach((name, mask) -> {
            float[] initial = lanes.get(0).initial(name);
            for (Lane lane : List.of(lanes.get(1), lanes.get(2), lanes.get(5))) {
                float[] now = lane.values(name);
                for (int k = 0; k < now.length; k++) {
                    if (!mask.keeps(k) && now[k] != (lane.name().equals("maskInit") ? initial[k] : 0)) {
                        throw new IllegalStateException(lane.name() + ": a pruned weight of " + name + " was trained");
                    }
                }
            }
        });
        int plain = unmoved(lanes.get(0));
        int asleep = unmoved(lanes.get(3));
        int pulled = unmoved(lanes.get(4));
        if (asleep < plain + 1000 || pulled > plain + 1000) {
            throw new IllegalStateException(plain + " weights unmoved, asleep " + asleep + ", pulled " + pulled);
        }
    }

    private int unmoved(Lane lane) {
        int same = 0;
        for (String name : masks.keySet()) {
            float[] initial = lane.initial(name);
            float[] now = lane.values(name);
            for (int k = 0; k < now.length; k++) {
                same += now[k] == initial[k] ? 1 : 0;
            }
        }
        return same;
    }

    /**
     * Steps of all runs in turn.
     *
     * @param steps receive the medians
     * @return steps made by one run
     */
    @Benchmark
    public long rounds(Steps steps) {
        if (invocations++ == WARM_UP) {
            lanes.forEach(lane -> lane.times().clear());
        }
        for (int round = 0; round < ROUNDS; round++) {
            turn++;
            for (int k = 0; k < lanes.size(); k++) {
                Lane lane = lanes.get((k + turn) % lanes.size());
                long start = System.nanoTime();
                lane.run().step();
                lane.times().add((System.nanoTime() - start) * 1e-3);
            }
        }
        int from = lanes.get(0).times().size() - ROUNDS;
        steps.plain = lanes.get(0).median(from);
        steps.maskZero = lanes.get(1).median(from);
        steps.maskInit = lanes.get(2).median(from);
        steps.sleep = lanes.get(3).median(from);
        steps.pull = lanes.get(4).median(from);
        steps.sleepAndMask = lanes.get(5).median(from);
        return lanes.get(0).run().steps();
    }

    /** Says the ratios, and closes the runs. */
    @TearDown
    public void finish() {
        System.Logger log = System.getLogger(RuleBenchmark.class.getName());
        double plain = lanes.get(0).median(0);
        for (Lane lane : lanes) {
            double median = lane.median(0);
            log.log(
                    System.Logger.Level.INFO,
                    String.format(
                            Locale.ROOT, "%s: %.1f us a step, %.4f of plain", lane.name(), median, median / plain));
        }
        lanes.forEach(lane -> lane.run().close());
    }
}
