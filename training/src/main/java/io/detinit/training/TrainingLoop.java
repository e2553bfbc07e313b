package io.detinit.training;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.detinit.models.Seeding;
import io.detinit.training.data.EpochOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A lean training loop over DJL's Trainer: the data lies on the device once, batches are picked by index, and nothing is
 * copied back but one loss an epoch. The order of the samples follows from the seed, so two runs on one CPU with one
 * number of threads give the same bits.
 *
 * <p>Stateless; each call is independent, but DJL's engine seed is global: train one model at a time.
 */
public final class TrainingLoop {

    private static final int TEST_BATCH = 2000;

    private TrainingLoop() {}

    /**
     * Seeds and trains a model.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param listener is told how it goes on
     * @return the trained model; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     */
    public static TrainedModel train(TrainConfig config, Samples train, Samples test, TrainingListener listener) {
        return train(config, train, test, listener, null, TimelineSink.NONE);
    }

    /**
     * Seeds and trains a model and audits its parameters on the way. The weights are those of a training without audits, bit for
     * bit. The time of audits after steps is part of the epoch's seconds, that of audits after epochs is not.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param listener is told how it goes on
     * @param schedule when the parameters are audited, and at which thresholds
     * @param sink receives the timeline as it grows
     * @return the trained model with its timeline; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     * @throws java.io.UncheckedIOException if the sink cannot write
     */
    public static TrainedModel trainAudited(
            TrainConfig config,
            Samples train,
            Samples test,
            TrainingListener listener,
            AuditSchedule schedule,
            TimelineSink sink) {
        return train(config, train, test, listener, schedule, sink);
    }

    private static TrainedModel train(
            TrainConfig config,
            Samples train,
            Samples test,
            TrainingListener listener,
            @Nullable AuditSchedule schedule,
            TimelineSink sink) {
        checkFits(config, train, "training");
        checkFits(config, test, "test");
        Engine engine = Engine.getEngine("PyTorch");
        Device device = config.device().resolve(engine.getGpuCount());
        engine.setRandomSeed((int) config.seed());
        Model model = Model.newInstance("model", device, "PyTorch");
        boolean done = false;
        try {
            model.setBlock(config.model().newBlock());
            Seeding seeding = Seeding.bind(model.getBlock(), config.seed(), config.rules());
            Audits audits = new Audits(seeding, schedule, sink, listener);
            List<EpochResult> history = run(config, model, device, train, test, audits);
            done = true;
            return new TrainedModel(model, seeding.parameters(), seeding.plan(), config, history, audits.timeline());
        } finally {
            if (!done) {
                model.close();
            }
        }
    }

    /** Tells the listener how training goes on, and audits where that is due. */
    private static final class Audits {
        private final Seeding seeding;
        private final @Nullable AuditSchedule schedule;
        private final TimelineSink sink;
        private final TrainingListener listener;
        private @Nullable LiveAudit live;
        private long total;

        Audits(Seeding seeding, @Nullable AuditSchedule schedule, TimelineSink sink, TrainingListener listener) {
            this.seeding = seeding;
            this.schedule = schedule;
            this.sink = sink;
            this.listener = listener;
        }

        /** The parameters have their initial values. */
        void begin() {
            if (schedule != null) {
                live = LiveAudit.begin(seeding.parameters(), LiveAudit.Source.of(seeding.plan()), schedule, sink);
                point(live, 0);
            }
        }

        void step(int epoch, int epochs, int step, int steps) {
            total++;
            listener.onStep(epoch, epochs, step, steps);
            if (live != null && step < steps && live.schedule().isDueAfterStep(total)) {
                point(live, epoch - 1 + (double) step / steps);
            }
        }

        void epoch(EpochResult result, boolean last) {
            listener.onEpoch(result);
            if (live != null) {
                AuditSchedule due = live.schedule();
                if (last || due.isDueAfterEpoch(result.epoch()) || due.isDueAfterStep(total)) {
                    point(live, result.epoch());
                }
            }
        }

        private void point(LiveAudit audit, double epoch) {
            listener.onAudit(audit.point(epoch, total));
        }

        Optional<Timeline> timeline() {
            return Optional.ofNullable(live).map(LiveAudit::timeline);
        }
    }

    private static void checkFits(TrainConfig config, Samples samples, String which) {
        if (samples.width() != config.model().inputs()) {
            throw new IllegalArgumentException("model " + config.model().text() + " takes "
                    + config.model().inputs() + " inputs, the " + which + " samples have " + samples.width());
        }
        if (samples.classes() > config.model().outputs()) {
            throw new IllegalArgumentException("model " + config.model().text() + " has "
                    + config.model().outputs() + " outputs, the " + which + " samples have " + samples.classes()
                    + " classes");
        }
    }

    private static List<EpochResult> run(
            TrainConfig config, Model model, Device device, Samples train, Samples test, Audits audits) {
        Loss loss = Loss.softmaxCrossEntropyLoss();
        DefaultTrainingConfig djl = new DefaultTrainingConfig(loss)
                .optDevices(new Device[] {device})
                .optOptimizer(optimizer(config));
        List<EpochResult> history = new ArrayList<>();
        try (Trainer trainer = model.newTrainer(djl);
                NDManager manager = trainer.getManager().newSubManager()) {
            trainer.initialize(new Shape(config.batch(), train.width()));
            audits.begin();
            NDArray features = matrix(manager, train);
            NDArray labels = labels(manager, train);
            NDArray testFeatures = matrix(manager, test);
            NDArray testLabels = labels(manager, test);
            for (int epoch = 1; epoch <= config.epochs(); epoch++) {
                long start = System.nanoTime();
                double trainLoss = epoch(config, trainer, loss, features, labels, epoch, audits);
                double seconds = (System.nanoTime() - start) * 1e-9;
                double[] score = score(trainer, loss, testFeatures, testLabels);
                EpochResult result = new EpochResult(epoch, trainLoss, score[0], score[1], seconds);
                history.add(result);
                audits.epoch(result, epoch == config.epochs());
            }
        }
        return history;
    }

    private static Optimizer optimizer(TrainConfig config) {
        Tracker rate = Tracker.fixed((float) config.learningRate());
        float decay = (float) config.weightDecay();
        return switch (config.optimizer()) {
            case SGD ->
                Optimizer.sgd()
                        .setLearningRateTracker(rate)
                        .optMomentum((float) config.momentum())
                        .optWeightDecays(decay)
                        .build();
            case ADAM ->
                Optimizer.adam()
                        .optLearningRateTracker(rate)
                        .optWeightDecays(decay)
                        .build();
            case ADAMW ->
                Optimizer.adamW()
                        .optLearningRateTracker(rate)
                        .optWeightDecays(decay)
                        .build();
        };
    }

    private static NDArray matrix(NDManager manager, Samples samples) {
        return manager.create(samples.features(), new Shape(samples.count(), samples.width()));
    }

    private static NDArray labels(NDManager manager, Samples samples) {
        long[] labels = new long[samples.count()];
        for (int k = 0; k < labels.length; k++) {
            labels[k] = samples.labels()[k];
        }
        return manager.create(labels);
    }

    private static double epoch(
            TrainConfig config,
            Trainer trainer,
            Loss loss,
            NDArray features,
            NDArray labels,
            int epoch,
            Audits audits) {
        int count = Math.toIntExact(labels.size());
        int steps = (count + config.batch() - 1) / config.batch();
        try (NDManager epochManager = features.getManager().newSubManager()) {
            NDArray order = epochManager.create(indices(EpochOrder.permutation(config.seed(), epoch, count)));
            NDArray total = epochManager.zeros(new Shape(), DataType.FLOAT64);
            for (int step = 0; step < steps; step++) {
                int from = step * config.batch();
                int to = Math.min(from + config.batch(), count);
                try (NDManager manager = epochManager.newSubManager()) {
                    NDArray batch = order.get(manager, range(from, to));
                    NDArray x = features.get(manager, new NDIndex("{}", batch));
                    NDArray y = labels.get(manager, new NDIndex("{}", batch));
                    NDArray value;
                    try (GradientCollector collector = trainer.newGradientCollector()) {
                        NDList prediction = trainer.forward(new NDList(x));
                        prediction.attach(manager);
                        value = loss.evaluate(new NDList(y), prediction);
                        value.attach(manager);
                        collector.backward(value);
                    }
                    trainer.step();
                    total.addi(value.toType(DataType.FLOAT64, false).mul(to - from));
                }
                audits.step(epoch, config.epochs(), step + 1, steps);
            }
            return total.getDouble() / count;
        }
    }

    private static NDIndex range(int from, int to) {
        return new NDIndex().addSliceDim(from, to);
    }

    private static long[] indices(int[] permutation) {
        long[] indices = new long[permutation.length];
        for (int k = 0; k < indices.length; k++) {
            indices[k] = permutation[k];
        }
        return indices;
    }

    /** Mean loss and accuracy. */
    private static double[] score(Trainer trainer, Loss loss, NDArray features, NDArray labels) {
        int count = Math.toIntExact(labels.size());
        double lossSum = 0;
        long correct = 0;
        for (int from = 0; from < count; from += TEST_BATCH) {
            int to = Math.min(from + TEST_BATCH, count);
            try (NDManager manager = features.getManager().newSubManager()) {
                NDArray x = features.get(manager, range(from, to));
                NDArray y = labels.get(manager, range(from, to));
                NDList prediction = trainer.evaluate(new NDList(x));
                prediction.attach(manager);
                NDArray value = loss.evaluate(new NDList(y), prediction);
                value.attach(manager);
                NDArray hits = prediction.singletonOrThrow().argMax(1).eq(y);
                lossSum += (double) value.getFloat() * (to - from);
                correct += hits.toType(DataType.INT64, false).sum().getLong();
            }
        }
        return new double[] {lossSum / count, (double) correct / count};
    }
}
