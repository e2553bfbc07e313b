package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the {@code torch.manual_seed} of a trained model, and where on the stream its construction began: weights that were
 * trained still correlate with those they began as.
 *
 * <p>Of each seed the stream is made and correlated, by Fourier transform, at every position with a few anchors: the
 * model's weights laid out one module after the other as its constructor draws them, and the largest modules alone, whatever came before them;
 * these once more as normal values where their distribution allows it, since models draw weights anew by {@code nn.init}.
 * The first positions of all seeds come first, since most models are constructed right after seeding; then, of large models, those at which the
 * largest modules lie if all were drawn anew; the rest only where that finds nothing. The seeds are taken in order, sixteen at a time, and the search ends with
 * the first sixteen of which one cannot be chance: the outcome is the same for any number of threads and machines.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class TorchSearch {

    /** Modules that are tried alone. */
    private static final int ALONE = 2;

    /** The draws that are passed over at most, to try a few positions behind them: 2 ms a seed. */
    static final long FARTHEST = 1L << 22;

    private final TorchSeeds seeds;
    private final long positions;
    private final TorchEngine engine;

    /** Hears how far a search is. Called by one thread at a time. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Some seeds more were tried.
         *
         * @param done seeds tried, each counted as often as it is gone through
         * @param of how many it will be if nothing is found
         */
        void tried(long done, long of);
    }

    /**
     * A search.
     *
     * @param seeds the seeds to try
     * @param positions the positions of each stream to try, > 0; rounded up to a multiple of {@value TorchCorrelator#POSITIONS}
     * @param threads how many threads, >= 1
     * @throws IllegalArgumentException if a number is not positive
     */
    public TorchSearch(TorchSeeds seeds, long positions, int threads) {
        this(seeds, positions, TorchEngine.threads(threads));
    }

    /**
     * A search on any engine.
     *
     * @param seeds the seeds to try
     * @param positions the positions of each stream to try, > 0; rounded up to a multiple of {@value TorchCorrelator#POSITIONS}
     * @param engine what looks through the seeds
     * @throws IllegalArgumentException if the number of positions is not positive
     */
    public TorchSearch(TorchSeeds seeds, long positions, TorchEngine engine) {
        if (positions < 1) {
            throw new IllegalArgumentException(positions + " positions; at least 1 is needed");
        }
        this.seeds = seeds;
        this.positions = positions;
        this.engine = engine;
    }

    /**
     * The positions that suit a model: twice the draws of its parameters, but at least 2^16 and at most 2^18.
     *
     * @param parameters the parameters
     * @return how many
     */
    public static long usualPositions(List<Parameter> parameters) {
        long draws = 0;
        for (Parameter parameter : parameters) {
            draws += Math.min(1L << 30, parameter.shape().elements());
        }
        return Math.max(1L << 16, Math.min(1L << 18, 2 * draws));
    }

    /**
     * Searches.
     *
     * @param parameters the checkpoint's parameters
     * @param names the names of all its tensors
     * @param progress hears how far it is
     * @return what was found
     * @throws IOException if reading fails
     */
    public TorchSearchResult search(List<Parameter> parameters, Set<String> names, Progress progress)
            throws IOException {
        boolean wide = parameters.stream().anyMatch(p -> new TorchTarget(p, false).isWide());
        List<TorchDtype> dtypes = wide ? List.of(TorchDtype.FLOAT32, TorchDtype.FLOAT64) : List.of(TorchDtype.FLOAT32);
        List<TorchLayer> layers = TorchLayers.of(parameters, names);
        List<List<TorchLayout>> rounds = rounds(layers, dtypes);
        long blocks = (positions + TorchCorrelator.POSITIONS - 1) / TorchCorrelator.POSITIONS;
        List<Long> beyond = anewBeyond(layers, blocks);
        long layouts = rounds.stream().mapToLong(List::size).sum();
        double hypotheses = (double) seeds.size() * (blocks + beyond.size()) * TorchCorrelator.POSITIONS * layouts;
        if (layouts == 0 || seeds.size() == 0) {
            return new TorchSearchResult(Optional.empty(), 0, 0, 0);
        }
        List<TorchScan> scans = rounds.stream()
                .filter(round -> !round.isEmpty())
                .map(round -> new TorchScan(seeds, round, hypotheses))
                .toList();
        return search(scans, blocks, beyond, progress);
    }

    /**
     * The blocks of positions, none of those that are tried anyway, in which the largest modules lie if the model's own code drew its weights anew
     * when all modules had been drawn from the start of the stream on.
     */
    private static List<Long> anewBeyond(List<TorchLayer> layers, long blocks) {
        TreeSet<Long> beyond = new TreeSet<>();
        List<TorchLayer> largest = largest(layers);
        for (boolean normal : new boolean[] {false, true}) {
            StreamPosition at = TorchLayer.drawnOnce(layers);
            for (TorchLayer layer : layers) {
                Optional<TorchLayer.Option> anew = layer.options().stream()
                        .filter(option -> normal ? option.isNormalAnew() : option.isUniformAnew())
                        .findFirst();
                if (anew.isPresent()) {
                    long block = at.draw() / TorchCorrelator.POSITIONS;
                    if (largest.contains(layer) && block >= blocks && at.draw() < FARTHEST) {
                        beyond.add(block);
                    }
                    at = anew.get().after(at, TorchDtype.FLOAT32);
                }
            }
        }
        return List.copyOf(beyond);
    }

    /** A part of the work: some blocks of positions, with one scan. */
    private record Part(TorchScan scan, long from, long end) {}

    /** The first positions with one scan after the other, then where weights may have been drawn anew, then the rest of them. */
    private TorchSearchResult search(List<TorchScan> scans, long blocks, List<Long> beyond, Progress progress)
            throws IOException {
        List<Part> parts = new ArrayList<>();
        scans.forEach(scan -> parts.add(new Part(scan, 0, 1)));
        beyond.forEach(block -> scans.forEach(scan -> parts.add(new Part(scan, block, block + 1))));
        if (blocks > 1) {
            scans.forEach(scan -> parts.add(new Part(scan, 1, blocks)));
        }
        long work = seeds.size() * parts.size();
        long before = 0;
        TorchPart.Place best = TorchPart.NONE.best();
        TorchScan bestScan = scans.get(0);
        for (Part part : parts) {
            long done = before;
            TorchPart found = engine.scan(
                    part.scan(), part.from(), part.end(), (tried, of) -> progress.tried(done + tried, work));
            if (found.proved() >= 0) {
                long tried = part.from() == 0 ? part.scan().seedsUpTo(found.proved()) : seeds.size();
                return result(part.scan(), found.best(), tried);
            }
            if (found.best().isBetterThan(best)) {
                best = found.best();
                bestScan = part.scan();
            }
            before += seeds.size();
        }
        return result(bestScan, best, seeds.size());
    }

    private static TorchSearchResult result(TorchScan scan, TorchPart.Place best, long tried) {
        if (!best.isProof()) {
            return new TorchSearchResult(Optional.empty(), tried, scan.hypotheses(), best.z());
        }
        TorchLayout layout = scan.layout(best.layout());
        TorchHit hit = new TorchHit(
                best.seed(),
                layout.layer(),
                best.draw(),
                best.z() / Math.sqrt((double) layout.compared()),
                layout.compared(),
                best.z(),
                best.chance());
        return new TorchSearchResult(Optional.of(hit), tried, scan.hypotheses(), best.z());
    }

    /** What is looked for: weights as their modules draw them, and normal ones that code outside the modules drew; likelier ones first. */
    private static List<List<TorchLayout>> rounds(List<TorchLayer> layers, List<TorchDtype> dtypes) throws IOException {
        TorchEvidence evidence = new TorchEvidence();
        List<TorchLayer> random = layers.stream().filter(TorchLayer::isRandom).toList();
        List<TorchLayout> usual = new ArrayList<>();
        List<TorchLayout> normal = new ArrayList<>();
        List<TorchLayer> largest = largest(layers);
        for (TorchDtype dtype : dtypes) {
            add(usual, evidence, "", random.stream().map(TorchLayer::first).toList(), dtype);
            for (TorchLayer layer : largest) {
                for (TorchLayer.Option option : layer.options()) {
                    boolean first = layer.equals(random.get(0)) && option.equals(layer.first());
                    boolean again = first && (random.size() == 1 || coversAnchor(option));
                    if (option.isNormalAnew()) {
                        add(normal, evidence, layer.path(), List.of(option), dtype);
                    } else if (!again && option.isRandom() && !option.isUniformAnew()) {
                        add(usual, evidence, layer.path(), List.of(option), dtype);
                    }
                }
            }
        }
        return List.of(usual, normal);
    }

    private static List<TorchLayer> largest(List<TorchLayer> layers) {
        return layers.stream()
                .filter(TorchLayer::isRandom)
                .sorted(Comparator.comparingLong((TorchLayer layer) ->
                                Math.min(TorchAnchor.LONGEST, layer.first().weights()))
                        .reversed())
                .limit(ALONE)
                .toList();
    }

    private static boolean coversAnchor(TorchLayer.Option option) {
        return option.after(StreamPosition.START, TorchDtype.FLOAT32).draw() >= TorchAnchor.LONGEST;
    }

    private static void add(
            List<TorchLayout> layouts,
            TorchEvidence evidence,
            String layer,
            List<TorchLayer.Option> options,
            TorchDtype dtype)
            throws IOException {
        TorchAnchor anchor = evidence.anchor(options, dtype);
        long fewest = layer.isEmpty() ? 1 : TorchLayout.FEWEST;
        if (anchor.weights() >= fewest || (layer.isEmpty() && !options.isEmpty())) {
            layouts.add(TorchLayout.of(layer, dtype, anchor, options, evidence));
        }
    }
}
