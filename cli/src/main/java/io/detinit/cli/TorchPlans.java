package io.detinit.cli;

import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.interop.identify.TorchIdentification;
import io.detinit.interop.identify.TorchPlacement;
import io.detinit.interop.identify.TorchPlanner;
import io.detinit.interop.identify.TorchSequence;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Plans of PyTorch's own initialisation for files that carry none. */
final class TorchPlans {

    private static final int LISTED = 6;

    private TorchPlans() {}

    /** What the weights of a trained file speak for; where they speak for nothing, what the rules alone say. */
    static BaselineOptions.ChosenPlan confirmed(Checkpoint checkpoint, long seed) throws IOException {
        List<Parameter> parameters = Parameter.of(checkpoint);
        TorchPlanner planner = new TorchPlanner(TorchPlanner.usualPositions(parameters));
        TorchIdentification found = planner.plan(parameters, names(checkpoint), seed, Optional.empty());
        if (!found.isPlaced()) {
            return new BaselineOptions.ChosenPlan(
                    new Plan.Replayed(sequence(checkpoint, seed)),
                    "PyTorch's rules in the order of the file",
                    List.of("nothing in the file correlates with the stream of this seed"));
        }
        String variant = found.variant().map(v -> ", " + v.id() + " variant").orElse("");
        return new BaselineOptions.ChosenPlan(
                new Plan.Replayed(found.plan()), "PyTorch's rules, found in the weights" + variant, notes(found));
    }

    /** What the rules say by names and shapes, for weights that are not trained yet. */
    static TorchPlan sequence(Checkpoint checkpoint, long seed) throws IOException {
        return TorchSequence.plan(Parameter.of(checkpoint), names(checkpoint), seed, TorchKernels.AVX2);
    }

    static Set<String> names(Checkpoint checkpoint) {
        return checkpoint.tensors().stream().map(tensor -> tensor.info().name()).collect(Collectors.toSet());
    }

    private static List<String> notes(TorchIdentification found) {
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        for (TorchPlacement placement : found.placements()) {
            if (placement.how() == TorchPlacement.How.NOT_PLACED) {
                byReason.computeIfAbsent(placement.reason(), reason -> new ArrayList<>())
                        .add(placement.name());
            }
        }
        List<String> notes = new ArrayList<>();
        byReason.forEach((reason, names) -> notes.add("no initial values for "
                + String.join(", ", names.subList(0, Math.min(LISTED, names.size())))
                + (names.size() > LISTED ? " and " + (names.size() - LISTED) + " more" : "") + ": " + reason));
        return notes;
    }
}
