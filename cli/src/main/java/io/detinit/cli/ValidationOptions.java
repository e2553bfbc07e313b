package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.training.EarlyStopping;
import io.detinit.training.TrainConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is held out of the training samples, and when training stops because of it. */
final class ValidationOptions {

    @Option(
            names = "--validation",
            paramLabel = "F",
            description =
                    "Hold the last F of the training samples out, in [0, 1): they are not trained on, and scored after "
                            + "every epoch (default: 1/6 with --early-stop, else 0).")
    @Nullable
    Double validation;

    @Option(
            names = "--early-stop",
            paramLabel = "P",
            description =
                    "Stop after P epochs in a row without a better validation loss, and keep the best epoch's weights.")
    @Nullable
    Integer earlyStop;

    @Option(
            names = "--min-delta",
            paramLabel = "X",
            description = "How much lower than the best a validation loss must be to count as better (default: 0).")
    @Nullable
    Double minDelta;

    void apply(TrainConfig.Builder config) {
        if (earlyStop == null && minDelta != null) {
            throw new UsageException("--min-delta needs --early-stop");
        }
        if (earlyStop != null) {
            if (earlyStop < 1) {
                throw new UsageException("--early-stop " + earlyStop + ": at least 1 epoch is needed");
            }
            config.earlyStopping(new EarlyStopping(earlyStop, minDelta == null ? 0 : minDelta));
        }
        if (validation != null) {
            config.validation(validation);
        } else if (earlyStop != null) {
            config.validation(TrainConfig.DEFAULT_VALIDATION);
        }
    }
}
