package io.detinit.spark;

import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.Closeable;
import java.io.IOException;
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

    /**
     * A baseline; open while an initial file is read.
     *
     * @param baseline the initial values
     * @param plan the plan behind them, empty for an initial file
     * @param opened the initial file, if any
     */
    record Resolved(
            Baseline baseline,
            Optional<Plan> plan,
            @Nullable Checkpoint opened) implements Closeable {

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
        if (initFile == null) {
            Plan plan = plans.choose(checkpoint, file, conf);
            return new Resolved(Baseline.of(plan, checkpoint), Optional.of(plan), null);
        }
        if (plans.seed != null || plans.torchSeed != null) {
            throw new UsageException("give one of --seed, --torch-seed and --init-file");
        }
        if (plans.plan != null) {
            throw new UsageException("--init-file holds the initial weights itself: --plan does not go with it");
        }
        Checkpoint initial = RemoteCheckpoints.open(new Path(initFile), conf);
        try {
            return new Resolved(Baseline.of(initial, checkpoint), Optional.empty(), initial);
        } catch (IOException | RuntimeException e) {
            try (initial) {
                throw e;
            }
        }
    }
}
