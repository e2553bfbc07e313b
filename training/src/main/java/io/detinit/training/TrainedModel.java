package io.detinit.training;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import io.detinit.generator.InitPlan;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.training.timeline.Timeline;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A trained model with the plan it was seeded by. Holds native memory: close it.
 *
 * <p>Not thread-safe.
 */
public final class TrainedModel implements AutoCloseable {

    private final Model model;
    private final Map<String, Parameter> parameters;
    private final InitPlan plan;
    private final TrainConfig config;
    private final List<EpochResult> history;
    private final EpochResult result;
    private final Optional<Timeline> timeline;

    TrainedModel(
            Model model,
            Map<String, Parameter> parameters,
            InitPlan plan,
            TrainConfig config,
            List<EpochResult> history,
            EpochResult result,
            Optional<Timeline> timeline) {
        this.model = model;
        this.parameters = parameters;
        this.plan = plan;
        this.config = config;
        this.history = List.copyOf(history);
        this.result = result;
        this.timeline = timeline;
    }

    /** {@return DJL's model; closed with this object} */
    public Model model() {
        return model;
    }

    /** {@return the trained block} */
    public Block block() {
        return model.getBlock();
    }

    /** {@return the parameters by their stable names, in state-dict order} */
    public Map<String, Parameter> parameters() {
        return parameters;
    }

    /** {@return the plan that regenerates the initial weights} */
    public InitPlan plan() {
        return plan;
    }

    /** {@return how it was trained} */
    public TrainConfig config() {
        return config;
    }

    /** {@return one result for each epoch} */
    public List<EpochResult> history() {
        return history;
    }

    /** {@return the epoch whose weights the model has: the last, or the best one where early stopping was on} */
    public EpochResult result() {
        return result;
    }

    /** {@return how far the parameters were from their initial values; empty where that was not asked for} */
    public Optional<Timeline> timeline() {
        return timeline;
    }

    /** {@return a snapshot of the parameters, in state-dict order} */
    public List<ArrayTensor> tensors() {
        return DjlTensors.of(parameters);
    }

    /**
     * DJL's own forward pass.
     *
     * @param features float32 [count, width], row-major
     * @param count how many samples
     * @return the logits, float32 [count, classes], row-major
     */
    public float[] logits(float[] features, int count) {
        NDManager owner = model.getNDManager();
        try (NDManager manager = owner.newSubManager()) {
            Shape sample = config.model().sampleShape();
            NDArray input = manager.create(features, new Shape(count).addAll(sample));
            ParameterStore store = new ParameterStore(manager, false);
            NDList output = block().forward(store, new NDList(input), false);
            return output.singletonOrThrow().toFloatArray();
        }
    }

    @Override
    public void close() {
        model.close();
    }
}
