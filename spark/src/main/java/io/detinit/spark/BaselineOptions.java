package io.detinit.spark;

import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.identify.ChosenPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a file is compared with: a plan, a seed, or another file. */
final class BaselineOptions {

    @Mixin
    PlanOptions plans = new PlanOptions();

    @Option(
            names = "--init-file",
            paramLabel = "F",
            description =
                    "Another checkpoint, of a format that PATH may have: the state before training, or the base of a "
                            + "fine-tuned model. The same range is read of both.")
    @Nullable
    String initFile;

    /** The initial file, or the index and its shards. */
    private final List<Path> initial = new ArrayList<>();

    /**
     * A baseline; open while an initial file is read.
     *
     * @param baseline the initial values
     * @param plan the plan behind them, empty for an initial file
     * @param source where they come from, for people
     * @param opened the initial file, if any
     */
    record Resolved(
            Baseline baseline,
            Optional<Plan> plan,
            String source,
            @Nullable Checkpoint opened) implements Closeable {

        /** The plan in the names and orders of the checkpoint, as JSON; empty for an initial file. */
        Optional<String> planForFile() {
            return plan.map(baseline::planForFile).map(PlanJson::write);
        }

        @Override
        public void close() throws IOException {
            if (opened != null) {
                opened.close();
            }
        }
    }

    /**
     * What a checkpoint is compared with.
     *
     * @param checkpoint the trained model
     * @param file where it lies, as {@link RemoteCheckpoints#resolve} gives it
     * @param conf the settings of the file systems
     */
    Resolved resolve(Checkpoint checkpoint, Path file, Configuration conf) throws IOException {
        return resolve(checkpoint, file, conf, true);
    }

    /** Whether the command line says what a checkpoint is compared with. */
    boolean given() {
        return plans.given() || initFile != null;
    }

    /** After {@link #resolve}: what says whether the initial files, all shards included, are still the same; empty where there are none. */
    String identity(Configuration conf) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Path file : initial) {
            text.append(SelectOutput.identity(file, conf));
        }
        return text.toString();
    }

    /** The same; no initial weights where they are not needed, the command line does not say and the file carries no plan. */
    Resolved resolve(Checkpoint checkpoint, Path file, Configuration conf, boolean needed) throws IOException {
        if (initFile == null) {
            Optional<ChosenPlan> chosen = plans.chosen(checkpoint, file, conf, needed);
            Optional<Plan> plan = chosen.map(ChosenPlan::plan);
            Baseline found = plan.isPresent() ? Baseline.of(plan.get(), checkpoint) : Baseline.none(checkpoint);
            return new Resolved(found, plan, chosen.map(ChosenPlan::source).orElse("no initial weights"), null);
        }
        if (plans.seed != null || plans.torchSeed != null) {
            throw new UsageException("give one of --seed, --torch-seed and --init-file");
        }
        if (plans.plan != null) {
            throw new UsageException("--init-file holds the initial weights itself: --plan does not go with it");
        }
        Path place = RemoteCheckpoints.resolve(new Path(initFile), conf);
        Checkpoint opened = RemoteCheckpoints.open(place, conf);
        initial.clear();
        initial.add(place);
        if (opened instanceof ShardedCheckpoint set) {
            set.weightMap().values().stream()
                    .distinct()
                    .forEach(shard -> initial.add(new Path(place.getParent(), shard)));
        }
        try {
            return new Resolved(
                    Baseline.of(opened, checkpoint), Optional.empty(), initFile + ", " + opened.format(), opened);
        } catch (IOException | RuntimeException e) {
            try (opened) {
                throw e;
            }
        }
    }
}
