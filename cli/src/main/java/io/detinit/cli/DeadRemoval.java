package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.shrink.Calibration;
import io.detinit.interop.shrink.ModelShrinker;
import io.detinit.interop.shrink.ShrinkOptions;
import io.detinit.interop.shrink.ShrinkReport;
import io.detinit.interop.shrink.SpeedUp;
import io.detinit.interop.shrink.StructuredUnits;
import io.detinit.interop.shrink.UnmovedInputs;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import io.detinit.training.Samples;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The pruned model on its way to the smaller one: a file in a folder of its own that is removed in the end. Not thread-safe. */
final class DeadRemoval implements Closeable {

    /** Samples of one timed run. */
    private static final int BATCH = 64;

    private final Path folder;
    private final Path output;
    private final int threads;
    private final RemoveDeadOptions wanted;
    private StructuredUnits.@Nullable Choice choice;

    private DeadRemoval(Path folder, Path output, int threads, RemoveDeadOptions wanted) {
        this.folder = folder;
        this.output = output;
        this.threads = threads;
        this.wanted = wanted;
    }

    /**
     * Makes the folder.
     *
     * @throws UsageException if the model is no ONNX file
     */
    static DeadRemoval of(Checkpoint checkpoint, Path output, int threads, RemoveDeadOptions wanted)
            throws IOException {
        if (!(checkpoint instanceof OnnxCheckpoint)) {
            throw new UsageException("--remove-dead and --structured rewrite the graph of an ONNX file; "
                    + checkpoint.path() + " is " + checkpoint.format());
        }
        return new DeadRemoval(Files.createTempDirectory("detinit-prune"), output, threads, wanted);
    }

    /** Where the pruned model goes. */
    Path pruned() {
        return folder.resolve("pruned.onnx");
    }

    /** Chooses whole units: masks of the weights that make them. */
    Map<String, Mask> choose(Checkpoint checkpoint, Baseline baseline, Selection selection) throws IOException {
        if (!(checkpoint instanceof OnnxCheckpoint model)) {
            throw new IllegalStateException(checkpoint.format());
        }
        StructuredUnits.Choice units = StructuredUnits.choose(
                model,
                baseline,
                RemoveDeadOptions.amount(selection),
                selection.candidates().filter()::takes,
                threads);
        choice = units;
        return units.masks();
    }

    /**
     * What a removal came to.
     *
     * @param report what was removed
     * @param speed the latencies of the input and the output; empty where they were not measured
     * @param choice the units that were chosen; empty where weights were
     */
    record Outcome(ShrinkReport report, Optional<SpeedUp> speed, Optional<StructuredUnits.Choice> choice) {}

    /** Writes the smaller model. */
    Outcome apply(Checkpoint trained, Baseline baseline, @Nullable Scoring scoring, TensorStorage storage)
            throws IOException {
        ShrinkOptions options = ShrinkOptions.of(threads);
        if (scoring != null && scoring.own()) {
            Samples samples = scoring.train();
            options = options.with(
                    new Calibration(samples.features(), samples.width()), UnmovedInputs.of(trained, baseline));
        }
        options = wanted.keepInputs ? options.keepingInputs() : options;
        boolean sparse = storage == TensorStorage.SPARSE;
        Path dense = sparse ? folder.resolve("small.onnx") : output;
        ShrinkReport report;
        try (OnnxCheckpoint model = OnnxCheckpoint.open(pruned())) {
            report = ModelShrinker.shrink(model, dense, Map.of(), options);
        }
        if (sparse) {
            try (OnnxCheckpoint model = OnnxCheckpoint.open(dense)) {
                model.rewrite(output, matrices(model), Map.of(), storage);
            }
        }
        boolean timed = wanted.runs > 0 && report.shrunk();
        return new Outcome(
                report,
                timed
                        ? Optional.of(SpeedUp.measure(trained.path(), output, BATCH, threads, wanted.runs))
                        : Optional.empty(),
                Optional.ofNullable(choice));
    }

    private static Map<String, TensorView> matrices(OnnxCheckpoint model) {
        Map<String, TensorView> matrices = new HashMap<>();
        for (TensorView tensor : model.tensors()) {
            TensorInfo info = tensor.info();
            if (info.kind() == TensorInfo.Kind.PARAMETER
                    && info.dtype().isFloating()
                    && info.shape().rank() >= 2) {
                matrices.put(info.name(), tensor);
            }
        }
        return matrices;
    }

    @Override
    public void close() throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(folder)) {
            files = listed.toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(folder);
    }
}
