package io.detinit.interop.identify;

import io.detinit.generator.torch.Mt19937;
import io.detinit.generator.torch.TorchDtype;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The seeds of a search, in batches, and the weights that are looked for on their streams: all that a machine needs to look through a part
 * of them. At most a few MB.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class TorchScan implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Pairs of seeds in a batch: the search ends with the first batch that has a proof. */
    private static final int BATCH = 8;

    /** A correlation, of weights standardised by themselves, from which on they may have kept their bits. */
    private static final double ALMOST = 0.6;

    /** A cosine of weights and draws from which on it is worth comparing bits. */
    private static final double NEARLY = 0.75;

    private final TorchSeeds seeds;
    private final ArrayList<TorchLayout> layouts;
    private final double hypotheses;

    TorchScan(TorchSeeds seeds, List<TorchLayout> layouts, double hypotheses) {
        this.seeds = seeds;
        this.layouts = new ArrayList<>(layouts);
        this.hypotheses = hypotheses;
    }

    /** {@return how many seeds there are} */
    public long seeds() {
        return seeds.size();
    }

    /** {@return how many batches there are, each of some consecutive seeds} */
    public long batches() {
        return (seeds.size() + 2 * BATCH - 1) / (2 * BATCH);
    }

    /** How many seeds a batch has. */
    long seeds(long batch) {
        return Math.min(2 * BATCH, seeds.size() - 2 * BATCH * batch);
    }

    /** How many seeds the batches up to one have, that one included. */
    long seedsUpTo(long batch) {
        return Math.min(2 * BATCH * (batch + 1), seeds.size());
    }

    TorchLayout layout(int number) {
        return layouts.get(number);
    }

    double hypotheses() {
        return hypotheses;
    }

    /**
     * Looks through batches on the calling thread, one after the other, up to the first with a proof.
     *
     * @param first the first batch
     * @param end the batch after the last
     * @param from the first block of positions of each stream
     * @param to the block after the last
     * @return what was found
     * @throws IOException if it is interrupted
     * @throws IndexOutOfBoundsException if there are no such batches
     */
    public TorchPart scan(long first, long end, long from, long to) throws IOException {
        Objects.checkFromToIndex(first, end, batches());
        Worker worker = worker();
        TorchPart found = TorchPart.NONE;
        for (long batch = first; batch < end && found.proved() < 0; batch++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new IOException("interrupted");
            }
            found = found.then(batch, worker.batch(batch, from, to));
        }
        return found;
    }

    Worker worker() {
        return new Worker();
    }

    /** The arrays of one thread. */
    final class Worker {

        private final TorchCorrelator correlator = new TorchCorrelator();
        private final TorchEvidence evidence = new TorchEvidence();
        private final List<TorchProbe> probes = new ArrayList<>();
        private final Set<TorchAnchor.Part> parts = EnumSet.noneOf(TorchAnchor.Part.class);
        private TorchPart.Place best = TorchPart.NONE.best();

        private Worker() {
            for (TorchLayout layout : layouts) {
                TorchProbe probe = new TorchProbe(layout.anchor());
                probes.add(probe);
                parts.addAll(probe.parts());
            }
        }

        /** The best place of a batch. */
        TorchPart.Place batch(long batch, long from, long to) throws IOException {
            best = TorchPart.NONE.best();
            long pairs = (seeds.size() + 1) / 2;
            for (long pair = batch * BATCH; pair < Math.min(pairs, (batch + 1) * BATCH); pair++) {
                pair(pair, from, to);
            }
            return best;
        }

        private void note(TorchPart.Place place) {
            if (place.isBetterThan(best)) {
                best = place;
            }
        }

        private void pair(long pair, long from, long to) throws IOException {
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
                    TorchCorrelator.Best slid = correlator.slide(probes.get(k));
                    place(k, first, firstDraws, start, slid.first(), slid.firstZ());
                    place(k, second, secondDraws, start, slid.second(), slid.secondZ());
                }
            }
        }

        /** Looks at the bits of a small model at the start of a stream, where noise elsewhere may be stronger. */
        private void start(int k, long seed) throws IOException {
            TorchLayout layout = layouts.get(k);
            double cosine = layout.cosine(seed, evidence);
            if (cosine > NEARLY) {
                double chance = TorchChance.ofBits(layout.identical(seed, 0, evidence), layout.drawn()) * hypotheses;
                note(new TorchPart.Place(seed, k, 0, cosine * Math.sqrt((double) layout.drawn()), Math.min(1, chance)));
            }
        }

        /**
         * One half of the chance of an error is spent on all modules one after the other from the first draw on, where most
         * models are, the other half on all other places.
         */
        private double chance(TorchLayout layout, long draw, double z) {
            boolean usual = draw == 0 && layout.layer().isEmpty() && layout.dtype() == TorchDtype.FLOAT32;
            return TorchChance.of(z, 2 * (usual ? seeds.size() : hypotheses));
        }

        private void place(int k, long seed, int[] draws, long start, int position, double z) throws IOException {
            TorchLayout layout = layouts.get(k);
            long draw = start + position;
            double chance = chance(layout, draw, z);
            if (layout.isSmall()
                    && layout.correlation(z) > ALMOST
                    && layout.anchor().cosine(draws, position) > NEARLY) {
                long identical = layout.identical(seed, draw, evidence);
                chance = Math.min(
                        chance, TorchChance.ofBits(identical, layout.anchor().weights()) * hypotheses);
            }
            note(new TorchPart.Place(seed, k, draw, z, chance));
        }
    }
}
