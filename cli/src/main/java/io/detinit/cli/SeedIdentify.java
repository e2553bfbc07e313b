package io.detinit.cli;

import io.detinit.cli.option.SeedRange;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.identify.LayerFit;
import io.detinit.interop.identify.SeedEvidence;
import io.detinit.interop.identify.SeedIdentifier;
import io.detinit.interop.identify.SeedMatch;
import io.detinit.interop.identify.SeedResult;
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
 * @param threads how many threads
 */
record SeedIdentify(Checkpoint checkpoint, Optional<InitPlan> given, InitRules rules, int threads) {

    IdentifySearch search(List<SeedRange> ranges, IdentifyProgress progress) throws IOException {
        InitPlan plan = given.orElseGet(() -> DefaultPlan.of(checkpoint, 0, rules));
        SeedResult result = SeedIdentifier.search(
                checkpoint,
                plan,
                given.isEmpty(),
                ranges.stream().map(SeedRange::interval).toList(),
                threads,
                progress);
        progress.done(result.seeds());
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
