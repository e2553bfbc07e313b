package io.detinit.benchmarks;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import io.detinit.generator.InitRules;
import io.detinit.interop.audit.Threshold;
import io.detinit.models.ModelSpec;
import io.detinit.models.Seeding;
import io.detinit.training.Samples;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.timeline.AuditListener;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What {@link AuditListener} costs at one audit an epoch: 784-300-100-10 on MNIST, batch 128, SGD, in DJL's own EasyTrain. One
 * invocation is a pair of epochs of one trainer, one with an audit and its line of the timeline and one without, so that whatever
 * else the machine does falls on both; which comes first alternates. Counters: milliseconds of the epochs, and of the audits
 * themselves. MNIST's files are looked for in the folder that the system property {@code detinit.mnist} names; without it the
 * embedded digits are repeated to 60,000 images.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 21)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class AuditListenerBenchmark {

    private static final int IMAGES = 60_000;
    private static final int BATCH = 128;
    private static final ModelSpec MODEL = ModelSpec.parse("mlp:784-300-100-10");

    private Model model;
    private Trainer trainer;
    private NDManager manager;
    private ArrayDataset dataset;
    private AuditListener listener;
    private TimelineWriter writer;
    private Path folder;
    private boolean auditFirst;
    private final List<Double> plain = new ArrayList<>();
    private final List<Double> audited = new ArrayList<>();

    /** The two halves of an invocation, in milliseconds. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Halves {
        /** The epoch without an audit. */
        public double plainMillis;
        /** The epoch with one. */
        public double auditedMillis;
        /** The audit alone. */
        public double auditMillis;

        /** Begins an invocation. */
        @Setup(Level.Iteration)
        public void clear() {
            plainMillis = 0;
            auditedMillis = 0;
            auditMillis = 0;
        }
    }

    /** Seeds the model; the first audit checks that every weight is its initial value. */
    @Setup
    public void prepare() throws IOException {
        Samples train = samples();
        folder = Files.createTempDirectory("detinit-audit");
        writer = TimelineWriter.open(folder.resolve(Timeline.FILE));
        DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optDevices(new Device[] {Device.cpu()})
                .optOptimizer(Optimizer.sgd()
                        .setLearningRateTracker(Tracker.fixed(0.1f))
                        .build());
        model = Model.newInstance("audited", Device.cpu(), "PyTorch");
        model.setBlock(MODEL.newBlock());
        Seeding seeding = Seeding.bind(model.getBlock(), 42, InitRules.he());
        trainer = model.newTrainer(config);
        trainer.initialize(new Shape(BATCH, train.width()));
        listener = AuditListener.of(seeding.plan(), AuditSchedule.epochs(1, Threshold.DEFAULT), writer);
        listener.onTrainingBegin(trainer);
        if (points().get(0).total().bitIdentical() != points().get(0).total().elements()) {
            throw new IllegalStateException("weights differ from their initial values before the first step");
        }
        manager = trainer.getManager().newSubManager();
        long[] labels = Arrays.stream(train.labels()).asLongStream().toArray();
        dataset = new ArrayDataset.Builder()
                .setData(manager.create(train.features(), new Shape(train.count(), train.width())))
                .optLabels(manager.create(labels))
                .setSampling(BATCH, true)
                .build();
    }

    private static Samples samples() throws IOException {
        String mnist = System.getProperty("detinit.mnist");
        if (mnist != null) {
            return DataSpec.load("mnist:" + mnist).trainSamples(Normalization.NONE);
        }
        System.Logger log = System.getLogger(AuditListenerBenchmark.class.getName());
        log.log(System.Logger.Level.WARNING, "-Ddetinit.mnist=DIR is not given: the embedded digits, repeated");
        ImageData digits = ProceduralDigits.generate();
        Samples few = digits.trainSamples(Normalization.NONE);
        float[] features = new float[IMAGES * few.width()];
        int[] labels = new int[IMAGES];
        for (int k = 0; k < IMAGES; k++) {
            int from = k % few.count();
            labels[k] = few.labels()[from];
            System.arraycopy(few.features(), from * few.width(), features, k * few.width(), few.width());
        }
        return new Samples(features, labels, few.classes());
    }

    private List<TimelinePoint> points() {
        return listener.timeline().orElseThrow().points();
    }

    /**
     * A pair of epochs.
     *
     * @param halves receive their times
     * @return weights that moved, in per cent
     * @throws IOException never: the data is in memory
     * @throws TranslateException never: there is no translator
     */
    @Benchmark
    public double epochs(Halves halves) throws IOException, TranslateException {
        auditFirst = !auditFirst;
        int before = points().size();
        double first = epoch(auditFirst);
        double second = epoch(!auditFirst);
        TimelinePoint last = points().get(points().size() - 1);
        if (points().size() != before + 1
                || !last.warnings().isEmpty()
                || last.total().movedPercent() < 50) {
            throw new IllegalStateException("one audit of a healthy net expected, found " + last);
        }
        halves.auditedMillis = auditFirst ? first : second;
        halves.plainMillis = auditFirst ? second : first;
        halves.auditMillis = 1e3 * last.seconds();
        audited.add(halves.auditedMillis);
        plain.add(halves.plainMillis);
        return last.total().movedPercent();
    }

    /** One epoch, in milliseconds. */
    private double epoch(boolean audit) throws IOException, TranslateException {
        long start = System.nanoTime();
        for (var batch : trainer.iterateDataset(dataset)) {
            EasyTrain.trainBatch(trainer, batch);
            if (audit) {
                listener.onTrainingBatch(
                        trainer,
                        new ai.djl.training.listener.TrainingListener.BatchData(
                                batch, java.util.Map.of(), java.util.Map.of()));
            }
            trainer.step();
            batch.close();
        }
        if (audit) {
            listener.onEpoch(trainer);
        }
        return (System.nanoTime() - start) * 1e-6;
    }

    /** Says the medians, warm-up left out, and cleans up. */
    @TearDown
    public void close() throws IOException {
        int warm = Math.min(2, plain.size());
        List<Double> differences = new ArrayList<>();
        for (int k = warm; k < plain.size(); k++) {
            differences.add(audited.get(k) - plain.get(k));
        }
        List<Double> audits =
                points().stream().skip(1L + warm).map(p -> 1e3 * p.seconds()).toList();
        double epoch = median(plain.subList(warm, plain.size()));
        System.Logger log = System.getLogger(AuditListenerBenchmark.class.getName());
        log.log(
                System.Logger.Level.INFO,
                String.format(
                        java.util.Locale.ROOT,
                        "medians of %d pairs: epoch %.1f ms, with audit %.1f ms, paired difference %.2f ms (%.2f %%); audit alone "
                                + "%.2f ms (%.2f %% of the epoch)",
                        differences.size(),
                        epoch,
                        median(audited.subList(warm, audited.size())),
                        median(differences),
                        100 * median(differences) / epoch,
                        median(audits),
                        100 * median(audits) / epoch));
        manager.close();
        trainer.close();
        model.close();
        writer.close();
        Files.delete(folder.resolve(Timeline.FILE));
        Files.delete(folder);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
