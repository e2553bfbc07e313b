package io.detinit.interop.shrink;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.verify.ModelInput;
import io.detinit.interop.verify.ObservedOutput;
import io.detinit.interop.verify.OnnxRunner;
import io.detinit.interop.verify.RandomInputs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the values inside a net are when ONNX Runtime runs it on random inputs: their shapes, the elements of those that no input
 * reaches, and the few integers of computed shapes.
 */
final class Probe {

    private static final int BATCH = 2;
    private static final int FEW = 64;
    private static final int MOST = 1 << 26;

    /** Operators whose results are constants where their inputs are. */
    private static final Set<String> STATIC = Set.of(
            "Constant",
            "ConstantOfShape",
            "Identity",
            "Unsqueeze",
            "Squeeze",
            "Reshape",
            "Flatten",
            "Transpose",
            "Concat",
            "Cast",
            "Gather",
            "Slice",
            "Shape");

    private final Map<String, long[]> shapes = new HashMap<>();
    private final Map<String, long[]> integers = new HashMap<>();
    private final RandomInputs inputs;
    private final boolean free;
    private final int batch;

    private Probe(RandomInputs inputs, boolean free, int batch) {
        this.inputs = inputs;
        this.free = free;
        this.batch = batch;
    }

    /** Runs a net on two samples where it takes any number, else on as many as it takes. */
    static Probe of(Net net, int threads) throws IOException {
        Set<String> fixed = fixed(net);
        Set<String> wanted = new LinkedHashSet<>();
        net.nodes().forEach(node -> wanted.addAll(node.outputs()));
        wanted.removeIf(net::isStatic);
        wanted.addAll(net.outputs());
        try (OnnxRunner runner = runner(net, wanted, false, threads)) {
            try {
                return of(net, runner, fixed, BATCH);
            } catch (MalformedFileException e) {
                return of(net, runner, fixed, 1);
            }
        }
    }

    private static Probe of(Net net, OnnxRunner runner, Set<String> fixed, int batch) throws IOException {
        boolean freeBatch = runner.inputs().stream()
                .anyMatch(input -> !input.shape().isEmpty() && input.shape().get(0) < 0);
        Probe probe = new Probe(inputs(runner.inputs(), batch), hasFreeAxes(runner.inputs()), freeBatch ? batch : 1);
        runner.inputs()
                .forEach(input -> probe.shapes.put(
                        input.name(),
                        probe.inputs.shapes().getOrDefault(input.name(), input.shape()).stream()
                                .mapToLong(Long::longValue)
                                .toArray()));
        runner.observe(probe.inputs, new float[0], output -> probe.take(net, fixed, output));
        return probe;
    }

    private void take(Net net, Set<String> fixed, ObservedOutput output) {
        long[] shape = output.shape().stream().mapToLong(Long::longValue).toArray();
        shapes.put(output.name(), shape);
        double[] values = output.values();
        long[] whole = values.length <= FEW && !output.floating()
                ? Arrays.stream(values).mapToLong(value -> (long) value).toArray()
                : null;
        if (whole != null) {
            integers.put(output.name(), whole);
        }
        if (fixed.contains(output.name()) && values.length <= MOST) {
            if (output.floating()) {
                float[] data = new float[values.length];
                for (int k = 0; k < data.length; k++) {
                    data[k] = (float) values[k];
                }
                net.remember(output.name(), new Constant(shape, data));
            } else if (whole != null) {
                net.remember(output.name(), whole);
            }
        }
    }

    /** The values that no input reaches. */
    private static Set<String> fixed(Net net) {
        Set<String> fixed = new HashSet<>();
        for (GraphNode node : net.nodes()) {
            boolean known = STATIC.contains(node.operator())
                    && node.isStandard()
                    && node.inputs().stream().allMatch(input -> net.isStatic(input) || fixed.contains(input));
            if (known) {
                fixed.addAll(node.outputs());
            }
        }
        return fixed;
    }

    private static RandomInputs inputs(List<ModelInput> inputs, int batch) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        for (ModelInput input : inputs) {
            List<Long> shape = new ArrayList<>();
            for (int axis = 0; axis < input.shape().size(); axis++) {
                long length = input.shape().get(axis);
                shape.add(length >= 0 ? length : axis == 0 ? batch : 1L);
            }
            if (!shape.isEmpty()) {
                shapes.put(input.name(), shape);
            }
        }
        return new RandomInputs(0, RandomInputs.Distribution.NORMAL, 1, shapes);
    }

    private static boolean hasFreeAxes(List<ModelInput> inputs) {
        return inputs.stream().flatMap(input -> input.shape().stream().skip(1)).anyMatch(axis -> axis < 0);
    }

    private static OnnxRunner runner(Net net, Collection<String> outputs, boolean only, int threads)
            throws IOException {
        return OnnxRunner.of(net.name(), net.model(outputs, only).toByteArray(), threads);
    }

    /** Runs a net again and shows some of its values. */
    void observe(Net net, Collection<String> values, int threads, Consumer<ObservedOutput> visitor) throws IOException {
        if (values.isEmpty()) {
            return;
        }
        try (OnnxRunner runner = runner(net, values, true, threads)) {
            runner.observe(inputs, new float[0], visitor);
        }
    }

    /** The inputs of the run: a batch of 2 where the batch is free, other free axes 1. */
    RandomInputs inputs() {
        return inputs;
    }

    /** The samples of the run, where the batch is free, else 1. */
    int batch() {
        return batch;
    }

    /** Whether an input has a free axis that is not the first. */
    boolean hasFreeAxes() {
        return free;
    }

    /** The axes that a value had; null where it was not seen. */
    long @Nullable [] shape(Net net, String value) {
        long[] seen = shapes.get(value);
        if (seen != null) {
            return seen;
        }
        return net.dims(value);
    }

    /** The integers that a value held; null where they are not known. */
    long @Nullable [] integers(String value) {
        return integers.get(value);
    }
}
