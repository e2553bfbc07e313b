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
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import io.detinit.generator.InitPlan;
import io.detinit.generator.SplitMix64;
import io.detinit.models.Seeding;
import io.detinit.training.data.EpochOrder;
import io.detinit.training.optimizer.ParameterOptimizer;
import io.detinit.training.timeline.Timeline;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A training that is made step by step: a seeded model, its samples on the device, an optimizer, and hooks around every update. The data
 * lies on the device once, batches are picked by index, and nothing is copied back but one loss an epoch. The order of the samples
 * and the engine's random numbers (dropout) follow from the seed and the step, so two runs on one CPU with one number of threads
 * give the same bits, from the beginning or from the middle.
 *
 * <p>With several devices a batch is divided among them, the gradients are added up on the first, which is updated, and the others get
 * its values (synchronous data parallelism).
 *
 * <p>Holds native memory: close it. Not thread-safe; DJL's engine seed is global: train one model at a time.
 */
public final class TrainingRun implements AutoCloseable {

    private static final int SCORE_BATCH = 2000;

    /** Keeps the engine's seeds apart from the bits of weights and orders: "noise" in ASCII, far above any layer id. */
    private static final long NOISE_DOMAIN = 0x6E6F697365L;

    private final TrainConfig config;
    private final Engine engine;
    private final Model model;
    private final Seeding seeding;
    private final NDManager manager;
    private final DataParallel replicas;
    private final CrossEntropy loss;
    private final ParameterOptimizer optimizer;
    private final List<StepHook> hooks;
    private final DeviceSamples train;
    private final @Nullable DeviceSamples validation;
    private final int stepsInEpoch;
    private NDArray lossSum;
    private @Nullable NDArray order;
    private long steps;

    private TrainingRun(
            TrainConfig config, Samples samples, List<StepHook> hooks, Model model, Block block, List<Device> devices) {
        this.config = config;
        this.engine = Engine.getEngine("PyTorch");
        this.model = model;
        this.hooks = List.copyOf(hooks);
        model.setBlock(block);
        this.seeding = Seeding.bind(block, config.seed(), config.rules());
        this.manager = model.getNDManager().newSubManager();
        this.loss = new CrossEntropy(config.labelSmoothing());
        this.optimizer = new ParameterOptimizer(config.optimizer(), manager);
        Shape sample = config.model().sampleShape();
        block.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(config.batch()).addAll(sample));
        this.replicas = new DataParallel(engine, block, seeding.parameters(), devices, manager);
        int kept = samples.count() - config.held(samples.count());
        this.train = new DeviceSamples(manager, samples, 0, kept, sample);
        this.validation =
                kept == samples.count() ? null : new DeviceSamples(manager, samples, kept, samples.count(), sample);
        this.stepsInEpoch = (kept + config.batch() - 1) / config.batch();
        this.lossSum = manager.zeros(new Shape(), DataType.FLOAT64);
    }

    /**
     * Seeds a model and makes ready to train it.
     *
     * @param config how
     * @param train the training samples
     * @param hooks what happens around every update
     * @return the run, before its first step; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for that is not there
     */
    public static TrainingRun begin(TrainConfig config, Samples train, List<StepHook> hooks) {
        checkFits(config, train, "training");
        int gpus = Engine.getEngine("PyTorch").getGpuCount();
        return begin(
                config, train, hooks, config.model().newBlock(), config.device().resolve(gpus));
    }

    /** As {@link #begin(TrainConfig, Samples, List)} with a block of one's own and on devices that may stand there twice. */
    static TrainingRun begin(
            TrainConfig config, Samples train, List<StepHook> hooks, Block block, List<Device> devices) {
        Model model = Model.newInstance("model", devices.get(0), "PyTorch");
        boolean done = false;
        try {
            TrainingRun run = new TrainingRun(config, train, hooks, model, block, devices);
            hooks.forEach(hook -> hook.begin(run));
            run.replicas.spread();
            done = true;
            return run;
        } finally {
            if (!done) {
                model.close();
            }
        }
    }

    static void checkFits(TrainConfig config, Samples samples, String which) {
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

    /** {@return how it is trained} */
    public TrainConfig config() {
        return config;
    }

    /** {@return DJL's model; closed with this run} */
    public Model model() {
        return model;
    }

    /** {@return all parameters by their stable names, in state-dict order} */
    public Map<String, Parameter> parameters() {
        return seeding.parameters();
    }

    /** {@return the plan that regenerates the initial weights} */
    public InitPlan plan() {
        return seeding.plan();
    }

    /** {@return the optimizer with its state} */
    public ParameterOptimizer optimizer() {
        return optimizer;
    }

    /** {@return the manager of this run's arrays, on the first device} */
    public NDManager manager() {
        return manager;
    }

    /** {@return steps (updates) done} */
    public long steps() {
        return steps;
    }

    /** {@return steps in an epoch} */
    public int stepsInEpoch() {
        return stepsInEpoch;
    }

    /** {@return steps of the whole training} */
    public long allSteps() {
        return (long) stepsInEpoch * config.epochs();
    }

    /** {@return the epoch of the last step made, from 1; 0 before the first} */
    public int epoch() {
        return Math.toIntExact((steps + stepsInEpoch - 1) / stepsInEpoch);
    }

    /** {@return whether the last step made was the last of its epoch} */
    public boolean atEpochEnd() {
        return steps > 0 && steps % stepsInEpoch == 0;
    }

    /** {@return whether all steps are made} */
    public boolean isDone() {
        return steps >= allSteps();
    }

    /**
     * Makes a step.
     *
     * @throws IllegalStateException if all are made
     */
    public void step() {
        if (isDone()) {
            throw new IllegalStateException("all " + allSteps() + " steps are made");
        }
        long number = steps + 1;
        int epoch = Math.toIntExact(steps / stepsInEpoch) + 1;
        int place = Math.toIntExact(steps % stepsInEpoch);
        if (place == 0 || order == null) {
            newOrder(epoch);
        }
        engine.setRandomSeed((int) SplitMix64.bits(config.seed(), NOISE_DOMAIN, epoch, place, 0));
        double factor = config.schedule().factorOf(number, stepsInEpoch, allSteps());
        int from = place * config.batch();
        int to = Math.min(from + config.batch(), train.count());
        try (NDManager scratch = manager.newSubManager()) {
            NDArray batch = Objects.requireNonNull(order).get(scratch, new NDIndex().addSliceDim(from, to));
            NDArray sum = replicas.backward(train, batch, loss, scratch);
            lossSum.addi(sum);
            List<TrainedWeight> weights = replicas.weights(scratch);
            if (config.clipNorm() < Double.POSITIVE_INFINITY) {
                clip(weights, scratch);
            }
            Step step = new Step(number, epoch, config.optimizer().learningRate() * factor, weights, scratch);
            hooks.forEach(hook -> hook.beforeUpdate(step));
            for (TrainedWeight weight : weights) {
                optimizer.update(weight.name(), weight.values(), weight.gradient(), factor, number);
            }
            hooks.forEach(hook -> hook.afterUpdate(step));
            replicas.spread();
        }
        steps = number;
    }

    private void newOrder(int epoch) {
        if (order != null) {
            order.close();
        }
        int[] permutation = EpochOrder.permutation(config.seed(), epoch, train.count());
        long[] indices = new long[permutation.length];
        for (int k = 0; k < indices.length; k++) {
            indices[k] = permutation[k];
        }
        order = manager.create(indices);
        if (steps % stepsInEpoch == 0) {
            lossSum.close();
            lossSum = manager.zeros(new Shape(), DataType.FLOAT64);
        }
    }

    /** Scales all gradients by min(1, clipNorm / (norm + 1e-6)), as PyTorch's clip_grad_norm_ does. */
    private void clip(List<TrainedWeight> weights, NDManager scratch) {
        NDArray squares = scratch.zeros(new Shape());
        for (TrainedWeight weight : weights) {
            squares.addi(weight.gradient().square().sum());
        }
        NDArray scale =
                squares.sqrt().add(1e-6f).pow(-1).mul((float) config.clipNorm()).minimum(1f);
        weights.forEach(weight -> weight.gradient().muli(scale));
    }

    /**
     * Goes on from a checkpoint. The parameters, the optimizer's state and the hooks' have their values already.
     *
     * @param done steps made
     * @param sum of the losses of the epoch's samples so far, float64 []
     */
    void resume(long done, NDArray sum) {
        steps = done;
        lossSum.close();
        lossSum = sum.duplicate();
        lossSum.attach(manager);
        if (order != null) {
            order.close();
            order = null;
        }
        replicas.spread();
    }

    /** The sum of the losses of the epoch's samples so far, float64 []. */
    NDArray lossSum() {
        return lossSum;
    }

    /** The parameters' values on each device but the first, by name. */
    List<Map<String, NDArray>> copies() {
        return replicas.copies();
    }

    /** {@return the learning rate of the last step made; of the first before that} */
    public double learningRate() {
        long number = Math.max(1, steps);
        return config.optimizer().learningRate() * config.schedule().factorOf(number, stepsInEpoch, allSteps());
    }

    /** {@return the samples that are held out, on the first device; empty where none are} */
    public Optional<DeviceSamples> validation() {
        return Optional.ofNullable(validation);
    }

    /**
     * The mean loss of the epoch's samples so far, each before the update of its step.
     *
     * @return the loss; NaN before the first step of an epoch
     */
    public double trainLoss() {
        int place = Math.toIntExact(steps % stepsInEpoch);
        int seen = place == 0 ? train.count() : place * config.batch();
        return steps == 0 ? Double.NaN : lossSum.getDouble() / seen;
    }

    /**
     * Puts samples onto the first device, to be scored.
     *
     * @param samples the samples
     * @return them; close it, or leave it to this run
     * @throws IllegalArgumentException if the samples do not fit the model
     */
    public DeviceSamples upload(Samples samples) {
        checkFits(config, samples, "test");
        return new DeviceSamples(manager, samples, config.model().sampleShape());
    }

    /**
     * Scores the model as it is now, without dropout and with running statistics.
     *
     * @param samples from {@link #upload}
     * @return loss and accuracy
     */
    public Score score(DeviceSamples samples) {
        double sum = 0;
        long correct = 0;
        for (int from = 0; from < samples.count(); from += SCORE_BATCH) {
            int to = Math.min(from + SCORE_BATCH, samples.count());
            try (NDManager scratch = manager.newSubManager()) {
                NDArray x = samples.features(scratch, from, to);
                NDArray y = samples.labels(scratch, from, to);
                NDList prediction = model.getBlock().forward(replicas.store(), new NDList(x), false);
                prediction.attach(scratch);
                NDArray logits = prediction.singletonOrThrow();
                NDArray value = CrossEntropy.PLAIN.of(logits, y);
                value.attach(scratch);
                NDArray hits = logits.argMax(1).eq(y);
                sum += (double) value.getFloat() * (to - from);
                correct += hits.toType(DataType.INT64, false).sum().getLong();
            }
        }
        return new Score(sum / samples.count(), (double) correct / samples.count());
    }

    /** {@return the hooks in their order} */
    public List<StepHook> hooks() {
        return Collections.unmodifiableList(hooks);
    }

    /**
     * Ends the run and keeps the model.
     *
     * @param history what the epochs brought
     * @param result the epoch whose weights the model has
     * @param timeline how far the parameters were from their initial values
     * @return the model; the run must not be used any more, and need not be closed
     */
    TrainedModel finish(List<EpochResult> history, EpochResult result, Optional<Timeline> timeline) {
        manager.close();
        return new TrainedModel(model, seeding.parameters(), seeding.plan(), config, history, result, timeline);
    }

    @Override
    public void close() {
        manager.close();
        model.close();
    }
}
