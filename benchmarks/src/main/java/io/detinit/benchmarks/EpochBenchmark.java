package io.detinit.benchmarks;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import io.detinit.generator.InitRules;
import io.detinit.models.ModelSpec;
import io.detinit.models.Seeding;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingListener;
import io.detinit.training.TrainingLoop;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One epoch of 784-256-128-64-10 over 60,000 images (the size of MNIST; the embedded digits three times over), batch 128, SGD:
 * this project's loop beside DJL's own ArrayDataset and EasyTrain, once as DJL's tutorials set it up (accuracy and basic
 * listeners) and once bare. Each run is three epochs; setting up and the tests of 2,000 images are spread over them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class EpochBenchmark {

    private static final int IMAGES = 60_000;
    private static final int TEST = 2_000;
    private static final int BATCH = 128;
    private static final int EPOCHS = 3;
    private static final ModelSpec MODEL = ModelSpec.parse("mlp:784-256-128-64-10");

    private Samples train;
    private Samples test;

    /** Draws the data and checks that both loops learn. */
    @Setup
    public void prepare() throws IOException, TranslateException {
        ImageData digits = ProceduralDigits.generate();
        train = repeat(digits.trainSamples(Normalization.NONE), IMAGES);
        test = repeat(digits.testSamples(Normalization.NONE), TEST);
        double ours = lean();
        double peer = easyTrain();
        if (!(ours > 0.8 && peer > 0.8)) {
            throw new IllegalStateException("accuracy after an epoch: " + ours + " and " + peer);
        }
    }

    private static Samples repeat(Samples samples, int count) {
        float[] features = new float[count * samples.width()];
        int[] labels = new int[count];
        for (int k = 0; k < count; k++) {
            int from = k % samples.count();
            labels[k] = samples.labels()[from];
            System.arraycopy(
                    samples.features(), from * samples.width(), features, k * samples.width(), samples.width());
        }
        return new Samples(features, labels, samples.classes());
    }

    /** {@return the test accuracy after training with this project's loop} */
    @Benchmark
    @OperationsPerInvocation(EPOCHS)
    public double lean() {
        TrainConfig config = TrainConfig.builder(MODEL, 42)
                .epochs(EPOCHS)
                .batch(BATCH)
                .device(DeviceChoice.CPU)
                .build();
        try (TrainedModel trained = TrainingLoop.train(config, train, test, TrainingListener.NONE)) {
            return trained.history().get(EPOCHS - 1).testAccuracy();
        }
    }

    /**
     * The peer, with the accuracy and the listeners that DJL's tutorials add.
     *
     * @return the test accuracy after training
     * @throws IOException never: the data is in memory
     * @throws TranslateException never: there is no translator
     */
    @Benchmark
    @OperationsPerInvocation(EPOCHS)
    public double easyTrain() throws IOException, TranslateException {
        DefaultTrainingConfig config = config().addEvaluator(new Accuracy());
        config.addTrainingListeners(ai.djl.training.listener.TrainingListener.Defaults.basic());
        return train(config);
    }

    /**
     * The peer without accuracy and listeners: it reports nothing, not even the loss.
     *
     * @return the test accuracy after training
     * @throws IOException never: the data is in memory
     * @throws TranslateException never: there is no translator
     */
    @Benchmark
    @OperationsPerInvocation(EPOCHS)
    public double easyTrainBare() throws IOException, TranslateException {
        return train(config());
    }

    private static DefaultTrainingConfig config() {
        return new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optDevices(new Device[] {Device.cpu()})
                .optOptimizer(Optimizer.sgd()
                        .setLearningRateTracker(Tracker.fixed(0.1f))
                        .build());
    }

    private double train(DefaultTrainingConfig config) throws IOException, TranslateException {
        try (Model model = Model.newInstance("peer", Device.cpu(), "PyTorch")) {
            model.setBlock(MODEL.newBlock());
            Seeding.bind(model.getBlock(), 42, InitRules.he());
            try (Trainer trainer = model.newTrainer(config);
                    NDManager manager = trainer.getManager().newSubManager()) {
                trainer.setMetrics(new Metrics());
                trainer.initialize(new Shape(BATCH, train.width()));
                EasyTrain.fit(trainer, EPOCHS, dataset(manager, train), null);
                return accuracy(trainer, manager);
            }
        }
    }

    private static ArrayDataset dataset(NDManager manager, Samples samples) {
        long[] labels = Arrays.stream(samples.labels()).asLongStream().toArray();
        return new ArrayDataset.Builder()
                .setData(manager.create(samples.features(), new Shape(samples.count(), samples.width())))
                .optLabels(manager.create(labels))
                .setSampling(BATCH, true)
                .build();
    }

    private double accuracy(Trainer trainer, NDManager manager) {
        var input = manager.create(test.features(), new Shape(test.count(), test.width()));
        float[] logits = trainer.evaluate(new ai.djl.ndarray.NDList(input))
                .singletonOrThrow()
                .toFloatArray();
        int classes = logits.length / test.count();
        int correct = 0;
        for (int n = 0; n < test.count(); n++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                best = logits[n * classes + c] > logits[n * classes + best] ? c : best;
            }
            correct += best == test.labels()[n] ? 1 : 0;
        }
        return (double) correct / test.count();
    }
}
