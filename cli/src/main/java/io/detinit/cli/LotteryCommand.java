package io.detinit.cli;

import io.detinit.cli.option.Seed;
import io.detinit.cli.option.SeedRange;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.file.OutputFolder;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.training.EngineMemory;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.lottery.Lottery;
import io.detinit.training.lottery.LotteryConfig;
import io.detinit.training.lottery.LotteryData;
import io.detinit.training.lottery.LotteryFolder;
import io.detinit.training.lottery.PruneRates;
import io.detinit.training.lottery.RoundResult;
import io.detinit.training.lottery.Variant;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Iterative pruning with rewinding. */
@Command(
        name = "lottery",
        description =
                "Look for lottery tickets: train, prune a part of the weights that are left, put the others back to what they were "
                        + "(w0, which the seed gives back, or the weights after a step), train again, and so on. Each training is scored on "
                        + "held-out samples as it goes; the early stop is the step with their lowest loss. Writes results.jsonl, "
                        + "lottery.json, lottery.csv, lottery.html (table and plots) and the masks of every round.",
        footer = {
            "",
            "Without other options: LeNet-300-100 as in Frankle and Carbin 2019 (Adam 0.0012, batch 60, 20 %% of each layer's weights a "
                    + "round, 10 %% of the output layer's), but 10 epochs, not 55, and he, not xavier.",
            "A lottery that was killed goes on with the same command and --resume, which may also ask for more rounds, replicates or "
                    + "controls.",
            "Example: detinit lottery --data mnist:mnist-folder --seeds 1..3 --scheme xavier --control reinit -o tickets",
            "Example: detinit prune run/model.safetensors --masks tickets/masks/seed-1/round-5.roaring --fill zero -o pruned.safetensors"
        })
final class LotteryCommand extends BaseCommand {

    /** More replicates than anyone trains; a slip in a range would fill the memory. */
    private static final int MOST_SEEDS = 10_000;

    @Option(names = "--data", required = true, paramLabel = "D", description = "The data set, as in 'detinit train'.")
    String data = "";

    @Option(names = "--seed", paramLabel = "S", description = "Seed of the first replicate (default: 42).")
    @Nullable
    Seed seed;

    @Option(
            names = "--replicates",
            paramLabel = "N",
            description = "How many replicates, with the seeds S, S + 1, ... (default: 1).")
    @Nullable
    Integer replicates;

    @Option(
            names = "--seeds",
            paramLabel = "A..B",
            description = "The seeds of the replicates instead, ranges or single ones after commas.")
    List<String> seeds = new ArrayList<>();

    @Mixin
    LotteryTraining training = new LotteryTraining();

    @Option(names = "--rounds", paramLabel = "N", description = "How often it is pruned (default: 15).")
    int rounds = 15;

    @Option(
            names = "--rate",
            paramLabel = "P",
            description = "Fraction of the remaining weights that goes in a round (default: 0.2).")
    double rate = 0.2;

    @Option(
            names = "--last-rate",
            paramLabel = "P",
            description = "The same for the output layer (default: half of --rate; all of it with --scope global).")
    @Nullable
    Double lastRate;

    @Option(
            names = "--layer-rate",
            paramLabel = "GLOB=P",
            description = "The same for layers whose name fits; 0 leaves them dense. May be given several times.")
    List<String> layerRates = new ArrayList<>();

    @Option(
            names = "--criterion",
            paramLabel = "NAME",
            description = "By what the remaining weights are ranked, as in 'detinit prune' (default: magnitude).")
    String criterion = Criterion.MAGNITUDE.id();

    @Option(
            names = "--scope",
            paramLabel = "NAME",
            description = "layer (default), or global: layers with the same rate are ranked together.")
    String scope = Selection.Scope.LAYER.id();

    @Option(names = "--fill", paramLabel = "NAME", description = "Pruned weights are zero (default) or init (w0).")
    String fill = Fill.ZERO.id();

    @Option(
            names = "--rewind",
            paramLabel = "K",
            description = "Go back to the weights after step K of the dense training (default: 0, which is w0).")
    long rewind;

    @Option(
            names = "--control",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Also train in every round: reinit (the same masks on weights of another seed), shuffle (random masks "
                            + "of the same layer sizes).")
    List<String> controls = new ArrayList<>();

    @Option(names = "--eval-every", paramLabel = "K", description = "Score after every K steps (default: 500).")
    int evalEvery = 500;

    @Option(
            names = "--validation",
            paramLabel = "N",
            description = "Training samples that are held out, the last ones (default: 5000, at most a sixth).")
    @Nullable
    Integer validation;

    @Option(names = "-o", required = true, paramLabel = "DIR", description = "The folder to write.")
    Path output = Path.of("");

    @Option(names = "--resume", description = "Continue the lottery in the folder; begin it where there is none.")
    boolean resume;

    @Option(names = "--force", description = "Replace an existing folder.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        LotteryConfig config = config();
        if (resume && force) {
            throw new UsageException("--resume continues what is there, --force replaces it: give one of them");
        }
        if (!resume) {
            OutputFolder.check(output, force);
        }
        DataSet samples = DataSpec.load(data);
        int held = validation == null ? LotteryData.usualValidation(samples.trainCount()) : validation;
        LotteryData split = LotteryData.of(samples, training.normalization(), held);
        LotteryFolder folder = resume
                ? LotteryFolder.resume(output, config, split)
                : LotteryFolder.create(output, force, config, split);
        LotteryShow show = new LotteryShow(terminal(), folder, config, split);
        EngineMemory.keepFreed();
        List<RoundResult> results = Lottery.run(config, split, folder, show);
        LotteryReports reports = new LotteryReports(config, split, results);
        reports.write(output);
        if (json) {
            print(reports.json(output));
        } else {
            reports.print(out());
            out().println("wrote " + output);
        }
        return ExitCode.DONE;
    }

    private LotteryConfig config() {
        List<Long> all = seeds();
        Set<Variant> wanted = new LinkedHashSet<>();
        controls.forEach(name -> wanted.add(Variant.parseControl(name)));
        LotteryConfig.Builder builder = LotteryConfig.builder(training.config(all.get(0)))
                .seeds(all)
                .rounds(rounds)
                .rate(rate)
                .layerRates(layerRates.stream().map(PruneRates.Rule::parse).toList())
                .criterion(Criterion.parse(criterion))
                .scope(Selection.Scope.parse(scope))
                .fill(Fill.parse(fill))
                .rewind(rewind)
                .controls(wanted)
                .evalEvery(evalEvery);
        if (lastRate != null) {
            builder.lastRate(lastRate);
        }
        return builder.build();
    }

    private List<Long> seeds() {
        if (!seeds.isEmpty() && (seed != null || replicates != null)) {
            throw new UsageException("--seeds gives the replicates' seeds; --seed and --replicates do not go with it");
        }
        if (seeds.isEmpty()) {
            int count = replicates == null ? 1 : replicates;
            requireSeeds(BigInteger.valueOf(count));
            long first = seed == null ? 42 : seed.value();
            return java.util.stream.LongStream.range(0, count)
                    .map(k -> first + k)
                    .boxed()
                    .toList();
        }
        List<Long> all = new ArrayList<>();
        List<SeedRange> ranges = SeedRange.parse("--seeds", seeds);
        requireSeeds(ranges.stream().map(SeedRange::count).reduce(BigInteger.ZERO, BigInteger::add));
        for (SeedRange range : ranges) {
            for (long k = 0; k < range.count().longValueExact(); k++) {
                all.add(range.first().longValue() + k);
            }
        }
        return all;
    }

    private static void requireSeeds(BigInteger count) {
        if (count.signum() <= 0 || count.compareTo(BigInteger.valueOf(MOST_SEEDS)) > 0) {
            throw new UsageException(count + " replicates: there must be 1 to " + MOST_SEEDS);
        }
    }
}
