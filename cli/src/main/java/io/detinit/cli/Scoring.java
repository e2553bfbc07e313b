package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.budget.CandidateModel;
import io.detinit.interop.budget.CandidateScorer;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.Score;
import io.detinit.training.Samples;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** The ONNX model and the images on which the variants of one checkpoint are scored. Not thread-safe. */
final class Scoring implements Closeable {

    private final Checkpoint checkpoint;
    private final OnnxCheckpoint model;
    private final DataSet images;
    private final Normalization normalization;
    private final int threads;

    private Scoring(
            Checkpoint checkpoint, OnnxCheckpoint model, DataSet images, Normalization normalization, int threads) {
        this.checkpoint = checkpoint;
        this.model = model;
        this.images = images;
        this.normalization = normalization;
        this.threads = threads;
    }

    /**
     * Opens what the options name.
     *
     * @param checkpoint the trained model; must stay open
     * @param options what the user says; with data
     * @param command says which ONNX model was taken
     */
    static Scoring open(Checkpoint checkpoint, ScoringOptions options, BaseCommand command) throws IOException {
        String data = options.data;
        if (data == null) {
            throw new UsageException("--data X is needed: on what to score");
        }
        OnnxCheckpoint model = model(checkpoint, options.scoreWith, command.terminal());
        try {
            Normalization normalization = EvalData.normalization(model.metadata(), options.normalize);
            return new Scoring(checkpoint, model, DataSpec.load(data), normalization, command.root.threads);
        } catch (IOException | RuntimeException e) {
            if (model == checkpoint) {
                throw e;
            }
            try (model) {
                throw e;
            }
        }
    }

    private static OnnxCheckpoint model(Checkpoint checkpoint, @Nullable Path given, Terminal terminal)
            throws IOException {
        if (given == null && checkpoint instanceof OnnxCheckpoint own) {
            return own;
        }
        if (given != null) {
            return OnnxCheckpoint.open(given);
        }
        Path beside = checkpoint.path().resolveSibling("model.onnx");
        if (!Files.isRegularFile(beside)) {
            throw new UsageException("--data scores in ONNX Runtime and " + checkpoint.path() + " is "
                    + checkpoint.format() + ": give the same model as ONNX with --score-with M.onnx");
        }
        terminal.line("scoring with " + beside);
        return OnnxCheckpoint.open(beside);
    }

    /** Whether the checkpoint is an ONNX model that is scored itself. */
    boolean own() {
        return model == checkpoint;
    }

    Path model() {
        return model.path();
    }

    DataSet images() {
        return images;
    }

    /** The last sixth of the training images. */
    Samples validation() {
        return images.validationSamples(normalization);
    }

    Samples train() {
        return images.trainSamples(normalization);
    }

    Samples test() {
        return images.testSamples(normalization);
    }

    /** Candidates to be pruned in memory; close them. */
    CandidateModel candidates(Baseline baseline) throws IOException {
        return CandidateModel.of(checkpoint, baseline, model, threads);
    }

    /** Candidates in which vectors may be replaced as well; close them. */
    CandidateModel candidatesWithVectors(Baseline baseline) throws IOException {
        return CandidateModel.withVectors(checkpoint, baseline, model, threads);
    }

    static CandidateScorer scorer(CandidateModel candidates, Fill fill, Samples samples) {
        return new CandidateScorer(candidates, fill, samples.features(), samples.labels(), EvalCommand.BATCH);
    }

    /**
     * The score of a file on the test images.
     *
     * @param file the checkpoint or a pruned one of its format
     * @param baseline the checkpoint's initial values
     * @param names the parameters that are pruned; of a file that is no ONNX model they are carried over
     */
    Score test(Path file, Baseline baseline, Collection<String> names) throws IOException {
        if (own()) {
            try (OnnxScorer scorer = OnnxScorer.open(file, threads)) {
                return score(scorer);
            }
        }
        try (Checkpoint other = Checkpoints.open(file);
                CandidateModel candidates = candidates(baseline)) {
            return candidates.take(other, names, this::score);
        }
    }

    private Score score(OnnxScorer scorer) throws IOException {
        Samples samples = test();
        return scorer.score(samples.features(), samples.width(), samples.labels(), EvalCommand.BATCH);
    }

    @Override
    public void close() throws IOException {
        if (!own()) {
            model.close();
        }
    }
}
