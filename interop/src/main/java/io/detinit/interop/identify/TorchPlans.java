package io.detinit.interop.identify;

import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlan;
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

/**
 * Plans of PyTorch's own initialisation for files that carry none.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class TorchPlans {

    private static final int LISTED = 6;

    private TorchPlans() {}

    /**
     * What the weights of a trained file speak for; where they speak for nothing, what the rules alone say.
     *
     * @param checkpoint the trained model
     * @param seed what {@code torch.manual_seed} was given
     * @return the plan
     * @throws IOException if reading fails
     */
    public static ChosenPlan confirmed(Checkpoint checkpoint, long seed) throws IOException {
        List<Parameter> parameters = Parameter.of(checkpoint);
        TorchPlanner planner = new TorchPlanner(TorchPlanner.usualPositions(parameters));
        TorchIdentification found = planner.plan(parameters, names(checkpoint), seed, Optional.empty());
        if (!found.isPlaced()) {
            return new ChosenPlan(
                    new Plan.Replayed(sequence(checkpoint, seed)),
                    "PyTorch's rules in the order of the file",
                    List.of("nothing in the file correlates with the stream of this seed"));
        }
        String variant = found.variant().map(v -> ", " + v.id() + " variant").orElse("");
        return new ChosenPlan(
                new Plan.Replayed(found.plan()), "PyTorch's rules, found in the weights" + variant, notes(found));
    }

    /**
     * What the rules say by names and shapes, for weights that are not trained yet.
     *
     * @param checkpoint a model, of which no weight is read
     * @param seed what {@code torch.manual_seed} is given
     * @return the plan
     * @throws IOException never
     */
    public static TorchPlan sequence(Checkpoint checkpoint, long seed) throws IOException {
        return TorchSequence.plan(Parameter.of(checkpoint), names(checkpoint), seed, TorchKernels.AVX2);
    }

    /**
     * The names of all tensors, parameters or not.
     *
     * @param checkpoint a model
     * @return the names
     */
    public static Set<String> names(Checkpoint checkpoint) {
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
