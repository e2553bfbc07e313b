package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The search for a seed of the addressable initialisation.
 *
 * @param checkpoint the trained model
 * @param given the plan of {@code --plan} or of the file, whose seed counts for nothing; empty for the default plan
 * @param rules the schemes of the default plan
 * @param engine what searches
 */
public record SeedIdentify(Checkpoint checkpoint, Optional<InitPlan> given, InitRules rules, SeedEngine engine) {

    /**
     * Searches.
     *
     * @param seeds the seeds to try, at least one and at most 2^62 in all
     * @param progress told how many seeds are done so far
     * @return the seed that made the file, or that none did
     * @throws IOException if reading fails
     * @throws InvalidPlanException if the plan does not fit the file; the message names the tensor
     */
    public IdentifySearch search(List<SeedInterval> seeds, SeedProgress progress) throws IOException {
        InitPlan plan = given.orElseGet(() -> DefaultPlan.of(checkpoint, 0, rules));
        SeedResult result = SeedIdentifier.search(checkpoint, plan, given.isEmpty(), seeds, engine, progress);
        return new IdentifySearch(result.seeds(), result.best().map(best -> identified(best, result)));
    }

    private IdentifiedSeed identified(SeedMatch best, SeedResult result) {
        InitPlan usual = given.orElseGet(() -> DefaultPlan.of(checkpoint, 0, InitRules.he()));
        SeedEvidence evidence = best.evidence();
        return new IdentifiedSeed(
                IdentifiedSeed.SEED,
                new Plan.Addressed(best.plan()),
                best.plan().tensors().equals(usual.tensors()),
                OptionalLong.empty(),
                Optional.empty(),
                evidence.correlation(),
                evidence.weights(),
                evidence.logPValue(),
                best.part(),
                best.tensors().stream().map(SeedIdentify::tensor).toList(),
                result.matches().stream().skip(1).map(SeedMatch::seed).toList());
    }

    private static IdentifiedTensor tensor(LayerFit fit) {
        SeedEvidence evidence = fit.evidence();
        return new IdentifiedTensor(
                fit.tensor().name(),
                fit.tensor().shape(),
                fit.tensor().stored(),
                OptionalLong.of(fit.tensor().layer()),
                OptionalLong.empty(),
                evidence.weights() == 0 ? OptionalDouble.empty() : OptionalDouble.of(evidence.correlation()),
                evidence.logPValue(),
                evidence.found(),
                fit.changed() ? "not as planned" : "");
    }
}
