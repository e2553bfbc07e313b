package io.detinit.training.timeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks for units that never fire: runs a block on a fixed set of samples, child by child, and watches the outputs of activations with
 * a zero region (ReLU, ReLU6, hard swish, ...).
 *
 * <p>An activation is known by what it does, not by its name: a block without parameters and children that keeps the shape, gives 0 for
 * -4 and -100, and more than 0 for 1. The children of SequentialBlock and of ParallelBlock (nested as one likes) are looked into; what
 * other blocks do inside cannot be seen, and their activations are left out. The outputs of a ParallelBlock are computed a second time.
 *
 * <p>Runs as in inference, so no random number is drawn, no running statistic changes and no NDArray is left behind. Not thread-safe.
 */
public final class UnitProbe {

    /** The most samples that are probed. */
    public static final int SAMPLES = 1000;

    private static final int BATCH = 250;

    private final Block block;
    private final NDArray samples;
    private final IdentityHashMap<Parameter, String> names = new IdentityHashMap<>();
    private final IdentityHashMap<Block, Boolean> activations = new IdentityHashMap<>();

    /**
     * A probe.
     *
     * @param block the block, initialised
     * @param parameters its parameters by name
     * @param samples [N, ...] on the block's device, the first {@value #SAMPLES} are used; not copied, valid as long as this is used
     */
    public UnitProbe(Block block, Map<String, Parameter> parameters, NDArray samples) {
        this.block = block;
        this.samples = samples;
        parameters.forEach((name, parameter) -> names.put(parameter, name));
    }

    /** {@return one figure for each activation that can be seen, in the order of the forward pass} */
    public List<UnitActivity> measure() {
        long count = Math.min(SAMPLES, samples.getShape().get(0));
        try (NDManager kept = samples.getManager().newSubManager()) {
            List<Seen> seen = new ArrayList<>();
            for (long from = 0; from < count; from += BATCH) {
                try (NDManager scratch = kept.newSubManager()) {
                    long to = Math.min(count, from + BATCH);
                    NDArray part = samples.get(scratch, new NDIndex().addSliceDim(from, to));
                    new Walk(scratch, kept, seen).run(block, new NDList(part), null);
                }
            }
            return figures(seen, count);
        }
    }

    private static List<UnitActivity> figures(List<Seen> seen, long samples) {
        List<UnitActivity> figures = new ArrayList<>();
        Map<String, Integer> numbers = new HashMap<>();
        for (Seen one : seen) {
            int number = numbers.merge(one.layer, 1, Integer::sum);
            long dead = one.highest.lte(0).toType(DataType.INT64, false).sum().getLong();
            String name = number == 1 ? one.layer : one.layer + "#" + number;
            figures.add(new UnitActivity(name, one.highest.size(), dead, samples));
        }
        return figures;
    }

    /** An activation's highest outputs so far, one for each unit. */
    private static final class Seen {
        private final String layer;
        private NDArray highest;

        Seen(String layer, NDArray highest) {
            this.layer = layer;
            this.highest = highest;
        }
    }

    /** The layer whose outputs go on. */
    private record Layer(String name, boolean lastAxis) {}

    /** What a block gives, and the last layer in it. */
    private record Result(NDList outputs, @Nullable Layer layer) {}

    /** One forward pass. */
    private final class Walk {
        private final ParameterStore store;
        private final NDManager kept;
        private final List<Seen> seen;
        private int next;

        Walk(NDManager scratch, NDManager kept, List<Seen> seen) {
            this.store = new ParameterStore(scratch, false);
            this.kept = kept;
            this.seen = seen;
        }

        Result run(Block part, NDList inputs, @Nullable Layer before) {
            if (part.getClass() == SequentialBlock.class && !((SequentialBlock) part).isReturnIntermediate()) {
                Result result = new Result(inputs, before);
                for (Block child : part.getChildren().values()) {
                    result = run(child, result.outputs(), result.layer());
                }
                return result;
            }
            if (part.getClass() == ParallelBlock.class) {
                Layer last = before;
                for (Block child : part.getChildren().values()) {
                    last = run(child, inputs, before).layer();
                }
                return new Result(part.forward(store, inputs, false), last);
            }
            NDList outputs = part.forward(store, inputs, false);
            if (!part.getParameters().isEmpty()) {
                return new Result(outputs, layer(part, outputs, before));
            }
            if (before != null && isActivation(part, inputs, outputs)) {
                see(before, outputs.singletonOrThrow());
            }
            return new Result(outputs, before);
        }

        private boolean isActivation(Block part, NDList inputs, NDList outputs) {
            if (!part.getChildren().isEmpty()
                    || inputs.size() != 1
                    || outputs.size() != 1
                    || outputs.get(0).getShape().dimension() < 2) {
                return false;
            }
            return activations.computeIfAbsent(part, key -> {
                Shape one = new Shape(1).addAll(inputs.get(0).getShape().slice(1));
                return inputs.get(0).getShape().equals(outputs.get(0).getShape())
                        && isZero(part, inputs.get(0), one, -4)
                        && isZero(part, inputs.get(0), one, -100)
                        && isPositive(part, inputs.get(0), one);
            });
        }

        private boolean isZero(Block part, NDArray like, Shape shape, float value) {
            NDArray given = given(part, like, shape, value);
            return given.eq(0).all().getBoolean();
        }

        private boolean isPositive(Block part, NDArray like, Shape shape) {
            return given(part, like, shape, 1).gt(0).all().getBoolean();
        }

        private NDArray given(Block part, NDArray like, Shape shape, float value) {
            NDArray input = like.getManager().full(shape, value, like.getDataType());
            return part.forward(store, new NDList(input), false).singletonOrThrow();
        }

        private void see(Layer layer, NDArray outputs) {
            int unitAxis = layer.lastAxis() ? outputs.getShape().dimension() - 1 : 1;
            NDArray highest = outputs;
            for (int axis = outputs.getShape().dimension() - 1; axis >= 0; axis--) {
                if (axis != unitAxis) {
                    highest = highest.max(new int[] {axis});
                }
            }
            if (next == seen.size()) {
                seen.add(new Seen(layer.name(), highest));
            } else {
                Seen one = seen.get(next);
                one.highest = one.highest.maximum(highest);
            }
            seen.get(next).highest.attach(kept);
            next++;
        }
    }

    /** The last matrix or kernel of a block that has parameters; a norm alone does not change the layer. */
    private @Nullable Layer layer(Block part, NDList outputs, @Nullable Layer before) {
        String name = null;
        for (Parameter parameter : part.getParameters().values()) {
            String known = names.get(parameter);
            if (known != null && parameter.getShape().dimension() >= 2) {
                name = known;
            }
        }
        if (name == null) {
            return before;
        }
        boolean lastAxis = part instanceof Linear
                || (!(part instanceof Convolution) && outputs.get(0).getShape().dimension() == 3);
        return new Layer(name, lastAxis);
    }
}
