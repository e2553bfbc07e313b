package io.detinit.cli.option;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.identify.SeedInterval;
import io.detinit.interop.identify.TorchSeeds;
import io.detinit.interop.plan.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which seeds are searched for, and of which plan. */
public final class IdentifyOptions {

    @Option(names = "--seeds", paramLabel = "A..B", description = "Seeds of this program's addressable initialisation.")
    public List<String> seeds = new ArrayList<>();

    @Option(
            names = "--torch-seeds",
            paramLabel = "A..B",
            description = "Seeds of torch.manual_seed, for models that PyTorch initialised.")
    public List<String> torchSeeds = new ArrayList<>();

    @Option(
            names = "--plan",
            paramLabel = "P",
            description =
                    "A detinit-plan/1 file that says the layer ids and schemes; its seed counts for nothing. Without it "
                            + "the plan that the file carries, else the default plan; the ids of that are corrected where the "
                            + "weights say so.")
    @Nullable
    public String plan;

    @Mixin
    public SchemeOptions rules = new SchemeOptions();

    /**
     * What is searched.
     *
     * @param seeds seeds of the addressable initialisation; none for no such search
     * @param torchSeeds seeds of PyTorch; empty for no such search
     * @param rules the schemes of the default plan
     */
    public record Wanted(List<SeedInterval> seeds, Optional<TorchSeeds> torchSeeds, InitRules rules) {}

    /** What is searched; without any seeds the usual ones of both kinds. */
    public Wanted parse() {
        List<SeedRange> ranges = SeedRange.parse("--seeds", seeds);
        List<SeedRange> torchRanges = SeedRange.parse("--torch-seeds", torchSeeds);
        if (plan != null && rules.given()) {
            throw new UsageException("--plan names every scheme: --scheme and --rule do not go with it");
        }
        boolean usual = ranges.isEmpty() && torchRanges.isEmpty();
        List<SeedRange> own = usual ? List.of(SeedRange.SMALL) : ranges;
        return new Wanted(
                own.stream().map(SeedRange::interval).toList(),
                usual || !torchRanges.isEmpty() ? Optional.of(SeedRange.torch(torchRanges)) : Optional.empty(),
                rules.parse());
    }

    /** The addressable plan that was given, by {@code --plan} or in the file; schemes replace the one that the file carries. */
    public Optional<InitPlan> addressed(Optional<Plan> given) {
        if (plan != null && given.filter(Plan.Replayed.class::isInstance).isPresent()) {
            throw new UsageException(plan + ": is a plan of PyTorch's initialisation, which has no layer ids; it goes "
                    + "with --torch-seeds");
        }
        return given.filter(p -> !rules.given())
                .filter(Plan.Addressed.class::isInstance)
                .map(p -> ((Plan.Addressed) p).plan());
    }
}
