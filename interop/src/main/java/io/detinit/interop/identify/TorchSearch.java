package io.detinit.interop.identify;

import io.detinit.generator.torch.Mt19937;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchStream;
import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Finds the {@code torch.manual_seed} of a trained model, and where on the stream its construction began: weights that were
 * trained still correlate with those they began as.
 *
 * <p>Of each seed the uniform stream is made and correlated, by Fourier transform, at every position with a few anchors: the
 * model's weights laid out one module after the other as its constructor draws them, and the largest modules alone, whatever came before them.
 * The first positions of all seeds come first, since most models are constructed right after seeding; the rest only where that
 * finds nothing. The search ends with the first seed that cannot be chance.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class TorchSearch {

    /** Modules that are tried alone. */
    private static final int ALONE = 2;

    /** The fewest weights for which a module alone can be told from chance. */
    private static final int FEWEST = 60;

    /** The fewest weights for which a model whose weights have their first bits can be told from chance. */
    private static final int FEWEST_IN_BITS = 20;

    /** A correlation, of weights standardised by themselves, from which on they may have kept their bits. */
    private static final double ALMOST = 0.6;

    /** A cosine of weights and draws from which on it is worth comparing bits. */
    private static final double NEARLY = 0.75;

    /** Pairs of seeds between two looks at what the other threads found. */
    private static final int BATCH = 8;

    private final TorchSeeds seeds;
    private final long positions;
    private final int threads;

    /** Hears how far a search is. Called by one thread at a time. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Some seeds more were tried.
         *
         * @param done seeds tried, those of both rounds counted
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
        if (positions < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    positions + " positions and " + threads + " threads; at least 1 of each is needed");
        }
        this.seeds = seeds;
        this.positions = positions;
        this.threads = threads;
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

    /** An anchor and what it stands for. */
    private record Layout(
            String layer,
            List<TorchLayer.Option> options,
            TorchDtype dtype,
            TorchAnchor anchor,
            TorchProbe probe,
            TorchEvidence evidence) {

        /** Whether so few weights can be told from chance by their bits alone. */
        boolean isSmall() {
            return anchor.weights() < FEWEST;
        }

        double correlation(double z) {
            return z / Math.sqrt(anchor.weights());
        }

        /** Whether it has so few weights that noise is stronger than they are: only the start of a stream is tried. */
        boolean isTiny() {
            return anchor.weights() < FEWEST_IN_BITS;
        }

        /** How many weights z is taken over. */
        long compared() throws IOException {
            return isTiny() ? drawn() : anchor.weights();
        }

        /** The weights that are drawn, those included that an anchor leaves out. */
        long drawn() throws IOException {
            long sum = 0;
            for (TorchLayer.Option option : options) {
                sum += evidence.count(option);
            }
            return sum;
        }

        /** How many weights have their first bits at a place. */
        long identical(long seed, long draw) throws IOException {
            TorchFit fit = new TorchFit(new TorchStream(seed), dtype, evidence);
            StreamPosition at = StreamPosition.at(draw);
            long sum = 0;
            for (TorchLayer.Option option : options) {
                sum += fit.identical(option, at);
                at = option.after(at, dtype);
            }
            return sum;
        }
    }

    /** A place on a stream, and how likely it or a better one is by chance. */
    private record Place(long seed, int layout, long draw, double z, double chance) {

        boolean isBetterThan(Place other) {
            return chance < other.chance || (chance == other.chance && z > other.z);
        }
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
        List<Layout> layouts = layouts(TorchLayers.of(parameters, names), dtypes);
        long blocks = (positions + TorchCorrelator.POSITIONS - 1) / TorchCorrelator.POSITIONS;
        double hypotheses = (double) seeds.size() * blocks * TorchCorrelator.POSITIONS * layouts.size();
        if (layouts.isEmpty() || seeds.size() == 0) {
            return new TorchSearchResult(Optional.empty(), 0, 0, 0);
        }
        Run run = new Run(layouts, hypotheses, progress, blocks > 1 ? 2 * seeds.size() : seeds.size());
        run.round(0, 1);
        if (blocks > 1 && !run.found()) {
            run.round(1, blocks);
        }
        return run.result();
    }

    private static List<Layout> layouts(List<TorchLayer> layers, List<TorchDtype> dtypes) throws IOException {
        TorchEvidence evidence = new TorchEvidence();
        List<TorchLayer> random = layers.stream().filter(TorchLayer::isRandom).toList();
        List<Layout> layouts = new ArrayList<>();
        List<TorchLayer> largest = random.stream()
                .sorted(Comparator.comparingLong((TorchLayer layer) ->
                                Math.min(TorchAnchor.LONGEST, layer.first().weights()))
                        .reversed())
                .limit(ALONE)
                .toList();
        for (TorchDtype dtype : dtypes) {
            add(layouts, evidence, "", random.stream().map(TorchLayer::first).toList(), dtype);
            for (TorchLayer layer : largest) {
                for (TorchLayer.Option option : layer.options()) {
                    boolean first = layer.equals(random.get(0)) && option.equals(layer.first());
                    boolean again = first && (random.size() == 1 || coversAnchor(option));
                    if (!again && option.isRandom() && !option.isAnew()) {
                        add(layouts, evidence, layer.path(), List.of(option), dtype);
                    }
                }
            }
        }
        return layouts;
    }

    private static boolean coversAnchor(TorchLayer.Option option) {
        return option.after(StreamPosition.START, TorchDtype.FLOAT32).draw() >= TorchAnchor.LONGEST;
    }

    private static void add(
            List<Layout> layouts,
            TorchEvidence evidence,
            String layer,
            List<TorchLayer.Option> options,
            TorchDtype dtype)
            throws IOException {
        TorchAnchor anchor = evidence.anchor(options, dtype);
        long fewest = layer.isEmpty() ? 1 : FEWEST;
        if (anchor.weights() >= fewest || (layer.isEmpty() && !options.isEmpty())) {
            for (TorchLayer.Option option : options) {
                evidence.read(option);
            }
            layouts.add(new Layout(layer, options, dtype, anchor, new TorchProbe(anchor), evidence));
        }
    }

    /** One search under way. */
    private final class Run {

        private final List<Layout> layouts;
        private final double hypotheses;
        private final Progress progress;
        private final long work;
        private final AtomicLong next = new AtomicLong();
        private long done;
        private long tried;
        private final Set<TorchAnchor.Part> parts = EnumSet.noneOf(TorchAnchor.Part.class);
        private Place best = new Place(0, 0, 0, 0, 1);

        Run(List<Layout> layouts, double hypotheses, Progress progress, long work) {
            this.layouts = layouts;
            this.hypotheses = hypotheses;
            this.progress = progress;
            this.work = work;
            layouts.forEach(layout -> parts.addAll(layout.probe().parts()));
        }

        synchronized boolean found() {
            return best.chance() < TorchChance.PROOF;
        }

        private synchronized void note(Place place) {
            if (place.isBetterThan(best)) {
                best = place;
            }
        }

        private synchronized void count(int more) {
            done += more;
            tried = Math.min(seeds.size(), Math.max(tried, done));
            progress.tried(done, work);
        }

        synchronized TorchSearchResult result() throws IOException {
            if (!found()) {
                return new TorchSearchResult(Optional.empty(), tried, hypotheses, best.z());
            }
            Layout layout = layouts.get(best.layout());
            TorchHit hit = new TorchHit(
                    best.seed(),
                    layout.layer(),
                    best.draw(),
                    best.z() / Math.sqrt((double) layout.compared()),
                    layout.compared(),
                    best.z(),
                    best.chance());
            return new TorchSearchResult(Optional.of(hit), tried, hypotheses, best.z());
        }

        /** Tries blocks of positions of all seeds. */
        void round(long from, long to) throws IOException {
            next.set(0);
            Parallel.run(threads, threads, TorchCorrelator::new, (correlator, worker) -> {
                work(correlator, from, to);
                return worker;
            });
        }

        private void work(TorchCorrelator correlator, long from, long to) throws IOException {
            long pairs = (seeds.size() + 1) / 2;
            for (long batch = next.getAndAdd(BATCH);
                    batch < pairs && !found() && !Thread.currentThread().isInterrupted();
                    batch = next.getAndAdd(BATCH)) {
                int count = 0;
                for (long pair = batch; pair < Math.min(pairs, batch + BATCH); pair++) {
                    pair(correlator, pair, from, to);
                    count += 2 * pair + 1 < seeds.size() ? 2 : 1;
                }
                count(count);
            }
        }

        private void pair(TorchCorrelator correlator, long pair, long from, long to) throws IOException {
            long first = seeds.get(2 * pair);
            long second = 2 * pair + 1 < seeds.size() ? seeds.get(2 * pair + 1) : first;
            TorchStretch one = new TorchStretch(new Mt19937(first), from * TorchCorrelator.POSITIONS);
            TorchStretch two = new TorchStretch(new Mt19937(second), from * TorchCorrelator.POSITIONS);
            for (long block = from; block < to; block++) {
                int[] firstDraws = one.next();
                int[] secondDraws = two.next();
                correlator.load(firstDraws, secondDraws, parts);
                long start = block * TorchCorrelator.POSITIONS;
                for (int k = 0; k < layouts.size(); k++) {
                    if (block == 0 && layouts.get(k).isSmall()) {
                        start(k, first);
                        start(k, second);
                    }
                    if (layouts.get(k).isTiny()) {
                        continue;
                    }
                    TorchCorrelator.Best best = correlator.slide(layouts.get(k).probe());
                    place(k, first, firstDraws, start, best.first(), best.firstZ());
                    place(k, second, secondDraws, start, best.second(), best.secondZ());
                }
            }
        }

        /** Looks at the bits of a small model at the start of a stream, where noise elsewhere may be stronger. */
        private void start(int k, long seed) throws IOException {
            Layout layout = layouts.get(k);
            TorchFit fit = new TorchFit(new TorchStream(seed), layout.dtype(), layout.evidence());
            double cosine = fit.cosine(layout.options());
            if (cosine > NEARLY) {
                double chance = TorchChance.ofBits(layout.identical(seed, 0), layout.drawn()) * hypotheses;
                note(new Place(seed, k, 0, cosine * Math.sqrt((double) layout.drawn()), Math.min(1, chance)));
            }
        }

        /**
         * One half of the chance of an error is spent on all modules one after the other from the first draw on, where most
         * models are, the other half on all other places.
         */
        private double chance(Layout layout, long draw, double z) {
            boolean usual = draw == 0 && layout.layer().isEmpty() && layout.dtype() == TorchDtype.FLOAT32;
            return TorchChance.of(z, 2 * (usual ? seeds.size() : hypotheses));
        }

        private void place(int k, long seed, int[] draws, long start, int position, double z) throws IOException {
            Layout layout = layouts.get(k);
            Place place = new Place(seed, k, start + position, z, chance(layout, start + position, z));
            if (layout.isSmall()
                    && layout.correlation(z) > ALMOST
                    && layout.anchor().cosine(draws, position) > NEARLY) {
                long identical = layout.identical(seed, place.draw());
                double chance = TorchChance.ofBits(identical, layout.anchor().weights()) * hypotheses;
                place = new Place(seed, k, place.draw(), z, Math.min(place.chance(), chance));
            }
            note(place);
        }
    }
}
