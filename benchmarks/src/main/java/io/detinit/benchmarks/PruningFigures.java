package io.detinit.benchmarks;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.budget.CandidateModel;
import io.detinit.interop.budget.CandidateScorer;
import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.budget.SparsitySearch;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.prune.Fill;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.RunFolder;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingListener;
import io.detinit.training.TrainingLoop;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The tables of docs/pruning-figures.md: 784-256-128-64-10 trained on MNIST by SGD and by Adam with three seeds each, pruned without
 * retraining, scored in ONNX Runtime. One thread, on the CPU.
 *
 * <p>Arguments: a folder with the four MNIST files, and the Markdown file to write.
 */
public final class PruningFigures {

    private static final System.Logger LOG = System.getLogger(PruningFigures.class.getName());

    private static final List<Long> SEEDS = List.of(42L, 43L, 44L);
    private static final List<Double> SPARSITIES = List.of(0.3, 0.5, 0.623, 0.8, 0.9);
    private static final double MAX_DROP = 0.001;
    private static final int EPOCHS = 5;
    private static final int TRAIN_BATCH = 128;
    private static final int SCORE_BATCH = 1000;
    private static final List<Variant> VARIANTS = List.of(
            new Variant(Criterion.MOVEMENT, Fill.INIT),
            new Variant(Criterion.MOVEMENT, Fill.INIT_OR_ZERO),
            new Variant(Criterion.MOVEMENT, Fill.ZERO),
            new Variant(Criterion.MAGNITUDE, Fill.ZERO));

    /** What is pruned, and what stands there afterwards. */
    private record Variant(Criterion criterion, Fill fill) {
        Selection at(double sparsity) {
            return new Selection(criterion, new Selection.Sparsity(sparsity), Selection.Scope.GLOBAL);
        }

        @Override
        public String toString() {
            return criterion.id() + ", " + fill.id();
        }
    }

    /** A search for the largest sparsity, and the test accuracy of what it found. */
    private record Budget(SearchResult search, double test) {}

    /** One way of pruning one trained model: the accuracies at the sparsities, and the search. */
    private record Pruned(List<Double> accuracies, Budget budget) {}

    /** One trained model, pruned in the ways of the variants. */
    private record Run(long seed, double dense, List<Pruned> pruned) {}

    private final DataSet images;

    private PruningFigures(DataSet images) {
        this.images = images;
    }

    /**
     * Trains, prunes, scores and writes the tables.
     *
     * @param args the folder of MNIST, the file to write
     * @throws IOException if reading or writing fails
     */
    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("arguments: the folder with the four MNIST files, the file to write");
        }
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.pytorch.num_threads", "1");
        PruningFigures figures = new PruningFigures(DataSpec.load("mnist:" + args[0]));
        StringBuilder text = new StringBuilder();
        for (OptimizerKind optimizer : List.of(OptimizerKind.SGD, OptimizerKind.ADAM)) {
            List<Run> runs = new ArrayList<>();
            for (long seed : SEEDS) {
                runs.add(figures.run(optimizer, seed));
            }
            table(text, optimizer, runs);
            budgets(text, optimizer, runs);
        }
        Files.writeString(Path.of(args[1]), text);
    }

    private Run run(OptimizerKind optimizer, long seed) throws IOException {
        LOG.log(System.Logger.Level.INFO, "{0}, seed {1}", optimizer.id(), Long.toString(seed));
        Path folder = Files.createTempDirectory("pruning-figures");
        try {
            train(optimizer, seed, folder);
            try (OnnxCheckpoint model = OnnxCheckpoint.open(folder.resolve("model.onnx"))) {
                Plan plan = Checkpoints.plan(model).orElseThrow();
                return scored(seed, model, Baseline.of(plan, model));
            }
        } finally {
            delete(folder);
        }
    }

    private void train(OptimizerKind optimizer, long seed, Path folder) throws IOException {
        TrainConfig config = TrainConfig.builder(ModelSpec.parse("mlp:784-256-128-64-10"), seed)
                .epochs(EPOCHS)
                .batch(TRAIN_BATCH)
                .optimizer(optimizer)
                .device(DeviceChoice.CPU)
                .build();
        Samples train = images.trainSamples(Normalization.NONE);
        Samples test = images.testSamples(Normalization.NONE);
        try (TrainedModel trained = TrainingLoop.train(config, train, test, TrainingListener.NONE)) {
            RunFolder.write(folder, trained, images, Normalization.NONE);
        }
    }

    private Run scored(long seed, OnnxCheckpoint model, Baseline baseline) throws IOException {
        Selector selector = new Selector(baseline, 1);
        List<Pruned> pruned = new ArrayList<>();
        double dense = 0;
        try (CandidateModel candidates = CandidateModel.of(model, baseline, model, 1)) {
            for (Variant variant : VARIANTS) {
                CandidateScorer test = scorer(candidates, variant, images.testSamples(Normalization.NONE));
                dense = test.accuracy(Map.of());
                List<Double> row = new ArrayList<>();
                for (double sparsity : SPARSITIES) {
                    row.add(test.accuracy(selector.select(model.tensors(), variant.at(sparsity))));
                }
                CandidateScorer validation = scorer(candidates, variant, images.validationSamples(Normalization.NONE));
                SearchResult found = new SparsitySearch(MAX_DROP)
                        .search(
                                sparsity -> selector.select(model.tensors(), variant.at(sparsity)),
                                validation::accuracy,
                                point -> {});
                Map<String, Mask> masks =
                        found.found().map(SearchResult.Found::masks).orElse(Map.of());
                pruned.add(new Pruned(row, new Budget(found, test.accuracy(masks))));
            }
        }
        return new Run(seed, dense, pruned);
    }

    private static CandidateScorer scorer(CandidateModel candidates, Variant variant, Samples samples) {
        return new CandidateScorer(candidates, variant.fill(), samples.features(), samples.labels(), SCORE_BATCH);
    }

    private static void delete(Path root) throws IOException {
        List<Path> paths;
        try (Stream<Path> walked = Files.walk(root)) {
            paths = walked.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static String title(OptimizerKind optimizer) {
        return (optimizer == OptimizerKind.SGD ? "SGD " : "Adam ") + optimizer.defaultLearningRate();
    }

    private static void table(StringBuilder text, OptimizerKind optimizer, List<Run> runs) {
        double dense = runs.stream().mapToDouble(Run::dense).average().orElseThrow();
        text.append(format("### %s: dense %.4f in the mean\n\n", title(optimizer), dense));
        text.append("| sparsity | seed | dense |");
        VARIANTS.forEach(variant -> text.append(" ").append(variant).append(" |"));
        text.append("\n|---|---|---|").append("---|".repeat(VARIANTS.size())).append('\n');
        for (int column = 0; column < SPARSITIES.size(); column++) {
            int at = column;
            text.append(format("| %.1f %% | mean | %.4f |", 100 * SPARSITIES.get(at), dense));
            for (int variant = 0; variant < VARIANTS.size(); variant++) {
                int way = variant;
                double mean = runs.stream()
                        .mapToDouble(run -> run.pruned().get(way).accuracies().get(at))
                        .average()
                        .orElseThrow();
                text.append(format(" %.4f (%+.2f) |", mean, 100 * (mean - dense)));
            }
            text.append('\n');
            for (Run run : runs) {
                text.append(format("| | %d | %.4f |", run.seed(), run.dense()));
                for (Pruned pruned : run.pruned()) {
                    text.append(format(" %.4f |", pruned.accuracies().get(at)));
                }
                text.append('\n');
            }
        }
        text.append('\n');
    }

    private static void budgets(StringBuilder text, OptimizerKind optimizer, List<Run> runs) {
        text.append(format("### %s: `--max-drop %s`\n\n", title(optimizer), MAX_DROP));
        text.append("| criterion, fill | seed | sparsity | models scored | validation | test | test loss, pp |\n");
        text.append("|---|---|---|---|---|---|---|\n");
        for (int variant = 0; variant < VARIANTS.size(); variant++) {
            for (Run run : runs) {
                Budget budget = run.pruned().get(variant).budget();
                SearchResult search = budget.search();
                double sparsity =
                        search.found().map(found -> found.point().sparsity()).orElse(0.0);
                double after =
                        search.found().map(found -> found.point().accuracy()).orElse(search.before());
                text.append(format(
                        "| %s | %d | %.4f | %d | %.4f to %.4f | %.4f to %.4f | %.2f |\n",
                        VARIANTS.get(variant),
                        run.seed(),
                        sparsity,
                        search.searched().size() + 1,
                        search.before(),
                        after,
                        run.dense(),
                        budget.test(),
                        100 * (run.dense() - budget.test())));
            }
        }
        text.append('\n');
    }
}
