package io.detinit.training.rule;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.load.LoadTarget;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.parameter.ParameterMatcher;
import io.detinit.interop.parameter.ParameterMatcher.Match;
import io.detinit.interop.parameter.ParameterMatcher.Wanted;
import io.detinit.interop.plan.AddressedValues;
import io.detinit.models.ModelSpec;
import io.detinit.models.Seeding;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The parameters of a reference model, and which tensors of a file they are.
 *
 * @param spec the model
 * @param plan names, shapes and initial values, in state-dict order
 * @param statistics the names of running statistics
 */
record ModelParameters(ModelSpec spec, InitPlan plan, Set<String> statistics) {

    static ModelParameters of(ModelSpec spec, long seed, InitRules rules) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            Block block = spec.newBlock();
            Seeding seeding = Seeding.bind(block, seed, rules);
            block.initialize(manager, DataType.FLOAT32, new Shape(1).addAll(spec.sampleShape()));
            Set<String> statistics = new LinkedHashSet<>();
            seeding.parameters().forEach((name, parameter) -> {
                switch (parameter.getType()) {
                    case RUNNING_MEAN, RUNNING_VAR -> statistics.add(name);
                    default -> {}
                }
            });
            InitPlan plan = seeding.plan();
            block.clear();
            return new ModelParameters(spec, plan, statistics);
        }
    }

    /** All parameters as a checkpoint may fill them. */
    List<LoadTarget> targets() {
        return plan.tensors().stream()
                .map(tensor -> new LoadTarget(
                        tensor.name(),
                        tensor.shape(),
                        statistics.contains(tensor.name()),
                        Optional.of(new AddressedValues(plan.init(tensor)))))
                .toList();
    }

    /** Trained parameters, or running statistics. */
    List<PlannedTensor> tensors(boolean running) {
        return plan.tensors().stream()
                .filter(tensor -> statistics.contains(tensor.name()) == running)
                .toList();
    }

    /**
     * Matches tensors of a file with parameters of this model.
     *
     * @param file for messages
     * @param given the tensors
     * @param running whether they are running statistics
     * @param label what a tensor of that name is called in messages
     * @throws MalformedFileException if one of the same name has another shape
     */
    Map<Parameter, Match> match(Object file, List<Parameter> given, boolean running, UnaryOperator<String> label)
            throws IOException {
        Map<String, Wanted> wanted = new LinkedHashMap<>();
        for (PlannedTensor tensor : tensors(running)) {
            AddressedValues values = new AddressedValues(plan.init(tensor));
            wanted.put(tensor.name(), Wanted.of(tensor.name(), tensor.shape(), StoredOrder.OUT_IN, values));
        }
        for (Parameter parameter : given) {
            Wanted same = wanted.getOrDefault(parameter.name(), wanted.get(parameter.canonicalName()));
            if (same != null && !fits(parameter, same.shape())) {
                throw MalformedFileException.of(
                        file,
                        label.apply(parameter.name()),
                        "the shape " + parameter.stored().info().shape(),
                        same.shape() + " as in model " + spec.text());
            }
        }
        return ParameterMatcher.match(given, List.copyOf(wanted.values()));
    }

    private static boolean fits(Parameter parameter, TensorShape shape) {
        TensorShape stored = parameter.stored().info().shape();
        boolean turned = !parameter.orderKnown() && stored.rank() == 2;
        return shape.equals(parameter.shape())
                || shape.equals(stored)
                || (turned && shape.equals(StoredOrder.IN_OUT.logical(stored)));
    }

    /** Some parameters with their shapes. */
    static String listed(List<Parameter> parameters) {
        int most = 8;
        String some = String.join(
                ", ",
                parameters.stream()
                        .limit(most)
                        .map(one -> one.name() + " " + one.stored().info().shape())
                        .toList());
        return some.isEmpty() ? "none" : parameters.size() > most ? some + " and more" : some;
    }
}
