package io.detinit.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One model on each of one or more devices. A batch is divided among them, the gradients are added up on the first, which holds the run's
 * own parameters and is updated, and the others get its values. Part p of a batch of n samples is its places [n p / parts, n (p + 1) /
 * parts), whose mean loss counts by its part of the samples: the sum of the gradients is that of the whole batch. Running statistics
 * are those of the first device's part.
 *
 * <p>The same device may stand there more than once. Not thread-safe.
 */
final class DataParallel {

    private final Engine engine;
    private final Block block;
    private final Map<String, Parameter> parameters;
    private final List<Replica> replicas = new ArrayList<>();

    /** The parameters on one device: the run's own, or copies. DJL's own store confuses the copies of several devices. */
    private static final class Replica extends ParameterStore {
        private final NDManager manager;
        private final Device device;
        private final boolean own;
        private final Map<String, NDArray> copies = new HashMap<>();
        private final Map<String, NDArray> leaves = new HashMap<>();

        Replica(NDManager manager, Device device, boolean own) {
            super(manager, false);
            this.manager = manager;
            this.device = device;
            this.own = own;
        }

        @Override
        public @Nullable NDArray getValue(@Nullable Parameter parameter, Device ignored, boolean training) {
            if (parameter == null) {
                return null;
            }
            NDArray leaf = training ? leaves.get(parameter.getId()) : null;
            return leaf == null ? value(parameter) : leaf;
        }

        /**
         * Lets the next forward pass see each trained parameter through an array of its own that shares its memory. The engine hands
         * over a first gradient as it is; into one that is there it would add the new one, after it was set to 0.
         */
        void freshLeaves(Iterable<Parameter> parameters, NDManager scratch) {
            for (Parameter parameter : parameters) {
                if (parameter.requiresGradient()) {
                    NDArray leaf = value(parameter).stopGradient();
                    leaf.attach(scratch);
                    leaf.setRequiresGradient(true);
                    leaves.put(parameter.getId(), leaf);
                }
            }
        }

        /** The gradient of the last backward pass, on this replica's device; zeros where it had no sample. */
        NDArray gradient(Parameter parameter, NDManager scratch) {
            NDArray leaf = leaves.get(parameter.getId());
            NDArray gradient = leaf == null ? value(parameter).zerosLike() : leaf.getGradient();
            gradient.attach(scratch);
            return gradient;
        }

        NDArray value(Parameter parameter) {
            if (own) {
                return parameter.getArray();
            }
            return copies.computeIfAbsent(parameter.getId(), id -> {
                NDArray copy = parameter.getArray().toDevice(device, true);
                copy.attach(manager);
                copy.setRequiresGradient(parameter.requiresGradient());
                return copy;
            });
        }
    }

    /** Puts a model with values onto its devices; the first is where it is. */
    DataParallel(
            Engine engine, Block block, Map<String, Parameter> parameters, List<Device> devices, NDManager manager) {
        this.engine = engine;
        this.block = block;
        this.parameters = parameters;
        for (Device device : devices) {
            replicas.add(new Replica(manager, device, replicas.isEmpty()));
        }
    }

    /** The parameters of the first device. */
    ParameterStore store() {
        return replicas.get(0);
    }

    /**
     * Forward and backward.
     *
     * @param samples the training samples, on the first device
     * @param batch the numbers of the batch's samples, int64 [n]
     * @param loss the loss
     * @param scratch on the first device
     * @return the sum of the samples' losses, float64, without a graph behind it
     */
    NDArray backward(DeviceSamples samples, NDArray batch, CrossEntropy loss, NDManager scratch) {
        int count = Math.toIntExact(batch.size());
        int parts = replicas.size();
        List<NDArray> losses = new ArrayList<>();
        try (GradientCollector collector = engine.newGradientCollector()) {
            for (int part = 0; part < parts; part++) {
                int first = (int) ((long) count * part / parts);
                int end = (int) ((long) count * (part + 1) / parts);
                Replica replica = replicas.get(part);
                replica.leaves.clear();
                if (first == end) {
                    continue;
                }
                replica.freshLeaves(parameters.values(), scratch);
                NDArray picked = batch.get(scratch, new NDIndex().addSliceDim(first, end));
                NDArray x = samples.features(scratch, picked).toDevice(replica.device, false);
                NDArray y = samples.labels(scratch, picked).toDevice(replica.device, false);
                x.attach(scratch);
                y.attach(scratch);
                NDList prediction = block.forward(replica, new NDList(x), true);
                prediction.attach(scratch);
                NDArray value = loss.of(prediction.singletonOrThrow(), y);
                value.attach(scratch);
                if (end - first < count) {
                    value = value.mul((float) (end - first) / count);
                }
                collector.backward(value);
                losses.add(value);
            }
        }
        NDArray sum = scratch.zeros(new ai.djl.ndarray.types.Shape(), DataType.FLOAT64);
        for (NDArray value : losses) {
            NDArray plain = value.stopGradient().toType(DataType.FLOAT64, false).mul(count);
            NDArray moved = plain.toDevice(replicas.get(0).device, false);
            moved.attach(scratch);
            sum.addi(moved);
        }
        return sum;
    }

    /** The parameters on the first device with the gradients of all devices. */
    List<TrainedWeight> weights(NDManager scratch) {
        List<TrainedWeight> weights = new ArrayList<>();
        parameters.forEach((name, parameter) -> {
            if (!parameter.requiresGradient()) {
                return;
            }
            NDArray values = replicas.get(0).value(parameter);
            NDArray gradient = replicas.get(0).gradient(parameter, scratch);
            for (Replica other : replicas.subList(1, replicas.size())) {
                NDArray part = other.gradient(parameter, scratch);
                NDArray moved = part.toDevice(replicas.get(0).device, false);
                moved.attach(scratch);
                gradient.addi(moved);
            }
            weights.add(new TrainedWeight(name, parameter, values, gradient));
        });
        return weights;
    }

    /** Gives the first device's values to the others. */
    void spread() {
        for (Replica replica : replicas.subList(1, replicas.size())) {
            for (Parameter parameter : parameters.values()) {
                InPlace.copy(replicas.get(0).value(parameter), replica.value(parameter));
            }
        }
    }

    /** The values on each device but the first, by name. */
    List<Map<String, NDArray>> copies() {
        List<Map<String, NDArray>> copies = new ArrayList<>();
        for (Replica replica : replicas.subList(1, replicas.size())) {
            Map<String, NDArray> values = new LinkedHashMap<>();
            parameters.forEach((name, parameter) -> values.put(name, replica.value(parameter)));
            copies.add(values);
        }
        return copies;
    }
}
