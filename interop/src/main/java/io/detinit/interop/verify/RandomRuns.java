package io.detinit.interop.verify;

import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;

/** Runs two models on the same random inputs. */
final class RandomRuns {

    private final OnnxRunner first;
    private final OnnxRunner second;
    private final RandomInputs random;
    private final List<FilledInput> firstInputs = new ArrayList<>();
    private final List<FilledInput> secondInputs = new ArrayList<>();
    private final Map<String, String> outputs;

    RandomRuns(OnnxRunner first, OnnxRunner second, RandomInputs random) throws IOException {
        this.first = first;
        this.second = second;
        this.random = random;
        this.outputs = Pairs.of("outputs", first.outputs(), second.outputs(), first.name(), second.name());
        fill();
    }

    private void fill() throws IOException {
        Map<String, ModelInput> others = new HashMap<>();
        second.inputs().forEach(input -> others.put(input.name(), input));
        Map<String, String> pairs = Pairs.of(
                "inputs",
                first.inputs().stream().map(ModelInput::name).toList(),
                second.inputs().stream().map(ModelInput::name).toList(),
                first.name(),
                second.name());
        random.fill(first.name(), first.inputs()); // refuses shapes for inputs that are not there
        for (int number = 0; number < first.inputs().size(); number++) {
            ModelInput input = first.inputs().get(number);
            ModelInput other = Objects.requireNonNull(others.get(pairs.get(input.name())));
            List<Long> shape = random.shape(input);
            FilledInput one = new FilledInput(input, number, filled(shape, other.shape()));
            FilledInput two = new FilledInput(other, number, filled(other.shape(), one.shape()));
            if (one.elements(first.name()) != two.elements(second.name()) || kind(input) != kind(other)) {
                throw new IllegalArgumentException("input '" + input.name() + "' is " + input.dtype() + " "
                        + one.shape()
                        + " in " + first.name() + " and " + other.dtype() + " " + two.shape() + " in " + second.name()
                        + "; the models do not take the same inputs");
            }
            firstInputs.add(one);
            secondInputs.add(two);
        }
    }

    /** Free axes as the other model has them, where it has as many, else 1. */
    private static List<Long> filled(List<Long> shape, List<Long> other) {
        List<Long> filled = new ArrayList<>();
        for (int axis = 0; axis < shape.size(); axis++) {
            long own = shape.get(axis);
            long known = other.size() == shape.size() ? other.get(axis) : -1;
            filled.add(own >= 0 ? own : known >= 0 ? known : 1);
        }
        return filled;
    }

    /** Floating-point types take the same values, integers only the very type. */
    private static DType kind(ModelInput input) {
        return input.dtype().isFloating() ? DType.F32 : input.dtype();
    }

    RandomComparison compare(int samples, double tolerance, IntConsumer progress) throws IOException {
        Map<String, OutputSums> sums = new HashMap<>();
        Map<String, OutputValues> seen = new HashMap<>();
        for (int sample = 0; sample < samples; sample++) {
            List<InputValues> values = random.sample(first.name(), firstInputs, sample);
            Map<String, OutputValues> byName = new HashMap<>();
            second.run(others(values)).forEach(output -> byName.put(output.name(), output));
            for (OutputValues a : first.run(values)) {
                OutputValues b = Objects.requireNonNull(byName.get(outputs.get(a.name())));
                add(sums.computeIfAbsent(a.name(), name -> new OutputSums()), a, b);
                seen.putIfAbsent(a.name(), a);
            }
            progress.accept(sample + 1);
        }
        List<NamedComparison> comparisons = new ArrayList<>();
        for (String name : first.outputs()) {
            OutputValues one = Objects.requireNonNull(seen.get(name));
            OutputSums all = Objects.requireNonNull(sums.get(name));
            comparisons.add(new NamedComparison(
                    name,
                    outputs.getOrDefault(name, ""),
                    one.type(),
                    all.result(samples, one.floating() ? tolerance : 0)));
        }
        return new RandomComparison(samples, comparisons, first.otherOutputs());
    }

    /** What the second model gets: the first one's values in its own types and shapes. */
    private List<InputValues> others(List<InputValues> values) {
        List<InputValues> others = new ArrayList<>();
        for (InputValues value : values) {
            others.add(new InputValues(secondInputs.get(others.size()), value.values()));
        }
        return others;
    }

    private static void add(OutputSums sums, OutputValues a, OutputValues b) {
        if (a.elements() != b.elements() || a.floating() != b.floating()) {
            sums.addUnequal();
        } else if (a.floating()) {
            sums.add(a.floats(), b.floats(), a.classes());
        } else {
            sums.add(a.integers(), b.integers());
        }
    }

    List<LatencyProbe> probes() throws IOException {
        return List.of(first.probe(random, firstInputs), second.probe(random, secondInputs));
    }
}
