package io.detinit.interop.budget;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.parameter.ParameterMatcher;
import io.detinit.interop.parameter.ParameterMatcher.Match;
import io.detinit.interop.parameter.ParameterMatcher.Wanted;
import io.detinit.interop.plan.StoredValues;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import io.detinit.interop.verify.TensorComparison;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where the weights of a checkpoint lie in the same model as ONNX. Only parameters of rank >= 2 whose elements are the same bit
 * for bit in both have a counterpart.
 */
final class Counterparts {

    /** A tensor of the ONNX model, and whether it keeps its axes the other way round. */
    private record Place(String name, boolean turned) {}

    private final Checkpoint trained;
    private final OnnxCheckpoint model;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<String, String> unfit = new LinkedHashMap<>();

    private Counterparts(Checkpoint trained, OnnxCheckpoint model) {
        this.trained = trained;
        this.model = model;
    }

    static Counterparts of(Checkpoint trained, Baseline baseline, OnnxCheckpoint model) throws IOException {
        Counterparts counterparts = new Counterparts(trained, model);
        if (trained == model) {
            for (Parameter parameter : matrices(model)) {
                counterparts.places.put(parameter.name(), new Place(parameter.name(), false));
            }
        } else {
            counterparts.match(baseline);
        }
        return counterparts;
    }

    private void match(Baseline baseline) throws IOException {
        Map<String, StoredOrder> orders = new LinkedHashMap<>();
        List<Wanted> wanted = new ArrayList<>();
        for (Parameter parameter : matrices(trained)) {
            StoredOrder order =
                    baseline.find(parameter.name()).map(Baseline.Initial::order).orElse(parameter.order());
            orders.put(parameter.name(), order);
            TensorView logical = parameter.view(order);
            wanted.add(new Wanted(
                    parameter.name(),
                    parameter.canonicalName(),
                    logical.info().shape(),
                    order,
                    new StoredValues(logical)));
        }
        for (Map.Entry<Parameter, Match> found :
                matches(matrices(model), wanted).entrySet()) {
            Wanted own = found.getValue().wanted();
            take(found.getKey(), found.getValue().order(), own, orders.getOrDefault(own.name(), StoredOrder.OUT_IN));
        }
    }

    /** Adds parameters of rank below 2, by their names where the content is the same. */
    void addVectors() throws IOException {
        for (Parameter own : Parameter.of(trained)) {
            String name = own.name();
            if (own.shape().rank() >= 2) {
                continue;
            }
            for (Parameter there : Parameter.of(model)) {
                boolean named =
                        there.name().equals(name) || there.canonicalName().equals(own.canonicalName());
                if (named && there.shape().equals(own.shape()) && same(own, there)) {
                    places.put(name, new Place(there.name(), false));
                }
            }
        }
    }

    private static boolean same(Parameter own, Parameter there) throws IOException {
        return Verifier.compare(own.stored(), there.stored()).outcome() == TensorComparison.Outcome.IDENTICAL;
    }

    private static List<Parameter> matrices(Checkpoint checkpoint) {
        return Parameter.of(checkpoint).stream()
                .filter(parameter -> parameter.shape().rank() >= 2)
                .toList();
    }

    private Map<Parameter, Match> matches(List<Parameter> candidates, List<Wanted> wanted) throws IOException {
        try {
            return ParameterMatcher.match(candidates, wanted);
        } catch (InvalidPlanException e) {
            throw MalformedFileException.of(
                    model.path(), "parameters", "other shapes", "those of " + trained.path() + ", the same model");
        }
    }

    private void take(Parameter there, StoredOrder orderThere, Wanted own, StoredOrder orderHere) throws IOException {
        TensorView here = ((StoredValues) own.values()).tensor();
        TensorComparison comparison = Verifier.compare(here, there.view(orderThere));
        switch (comparison.outcome()) {
            case IDENTICAL -> places.put(own.name(), new Place(there.name(), orderThere != orderHere));
            case DTYPE_MISMATCH ->
                unfit.put(
                        own.name(),
                        "tensor '" + there.name() + "' of "
                                + there.stored().info().dtype());
            default -> unfit.put(own.name(), "tensor '" + there.name() + "' with other values");
        }
    }

    /** The ONNX model's names of all counterparts. */
    Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        places.values().forEach(place -> names.add(place.name()));
        return names;
    }

    /**
     * Carries tensors over.
     *
     * @param tensors by the names of the checkpoint, as it keeps them
     * @return the same elements by the names of the ONNX model, as that keeps them
     * @throws MalformedFileException if one has no counterpart
     */
    Map<String, TensorView> carry(Map<String, TensorView> tensors) throws MalformedFileException {
        Map<String, TensorView> carried = new LinkedHashMap<>();
        for (Map.Entry<String, TensorView> tensor : tensors.entrySet()) {
            Place place = places.get(tensor.getKey());
            if (place == null) {
                throw MalformedFileException.of(
                        model.path(),
                        "counterpart of '" + tensor.getKey() + "'",
                        unfit.getOrDefault(tensor.getKey(), "none"),
                        tensor.getValue().info().dtype() + " "
                                + tensor.getValue().info().shape() + " with the weights of " + trained.path()
                                + "; it must be the same model, exported without folding");
            }
            carried.put(place.name(), place.turned() ? new TransposedTensor(tensor.getValue()) : tensor.getValue());
        }
        return carried;
    }
}
