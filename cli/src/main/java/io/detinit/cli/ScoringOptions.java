package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what a model is scored, and through which ONNX file. */
final class ScoringOptions {

    @Option(
            names = "--data",
            paramLabel = "X",
            description = "The data set to score on: " + DataSpec.KNOWN
                    + ". Its validation part is the last sixth of the training "
                    + "samples (10,000 of MNIST's 60,000).")
    @Nullable
    String data;

    @Option(
            names = "--score-with",
            paramLabel = "M.onnx",
            description =
                    "The same model as ONNX, to score a FILE of another format: pruned weights are carried over to it "
                            + "(default: model.onnx beside FILE, as 'detinit train' leaves it).")
    @Nullable
    Path scoreWith;

    @Option(
            names = "--normalize",
            paramLabel = "NAME",
            description = Normalization.KNOWN + "; default: as the scored model's metadata says, else none.")
    @Nullable
    String normalize;

    /** Refuses options that need --data without it. */
    void check() {
        if (data == null && scoreWith != null) {
            throw new UsageException("--score-with needs --data X: on what to score");
        }
        if (data == null && normalize != null) {
            throw new UsageException("--normalize needs --data X: what to normalise");
        }
    }
}
