package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A plan for a file that carries none, and what to say about it.
 *
 * @param plan the plan
 * @param source where it comes from, for people
 * @param notes one line for each thing that a reader should know
 */
public record ChosenPlan(Plan plan, String source, List<String> notes) {

    /** Copies the list. */
    public ChosenPlan {
        notes = List.copyOf(notes);
    }

    /**
     * The default plan, with the layer ids that the weights speak for where the file's order was lost.
     *
     * @param checkpoint the trained model
     * @param seed the seed
     * @param threads how many threads, >= 1
     * @return the plan
     * @throws IOException if reading fails
     */
    public static ChosenPlan addressed(Checkpoint checkpoint, long seed, int threads) throws IOException {
        InitPlan usual = DefaultPlan.of(checkpoint, seed, InitRules.he());
        InitPlan found = LayerSearch.of(checkpoint, usual, threads).plan();
        List<String> notes = new ArrayList<>();
        for (int k = 0; k < found.tensors().size(); k++) {
            PlannedTensor tensor = found.tensors().get(k);
            if (tensor.layer() != usual.tensors().get(k).layer()) {
                notes.add(
                        tensor.name() + " has the layer id " + tensor.layer() + ", not that of its place in the file");
            }
        }
        return new ChosenPlan(new Plan.Addressed(found), "the default plan", notes);
    }
}
