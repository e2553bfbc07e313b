package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Finds the seed of a trained model: trained weights stay correlated with their initial values, and only the right seed
 * regenerates those.
 *
 * <p>Each seed is compared on a sample of addresses spread over the tensors; those that correlate are compared on larger
 * samples, and the best on all weights. Of a million seeds each costs the hashes of about 6,000 weights; fewer seeds get larger
 * samples. Memory holds the samples alone, however many seeds there are. The result is the same for any number of
 * threads.
 *
 * <p>Immutable; safe for use by many threads while the checkpoint is open.
 */
public final class SeedSearch {

    private static final int SEEDS_IN_PIECE = 256;
    private static final int PIECES_AT_ONCE = 4096;

    /** The most seeds that are compared on all weights; only a file whose parts have many seeds has more than one. */
    private static final int MOST_COMPARED = 16;

    private static final Comparator<Candidate> BEST_FIRST = Comparator.comparingDouble(Candidate::z)
            .reversed()
            .thenComparingLong(Candidate::number)
            .thenComparingInt(Candidate::hypothesis);

    private final List<SeedHypothesis> hypotheses;
    private final long tests;
    private final int threads;

    /** A seed that passed the screen. */
    private record Candidate(long number, int hypothesis, double z) {}

    private SeedSearch(List<SeedHypothesis> hypotheses, long tests, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; at least 1 is needed");
        }
        this.hypotheses = List.copyOf(hypotheses);
        this.tests = tests;
        this.threads = threads;
    }

    /**
     * A search that believes the layer ids of a plan.
     *
     * @param checkpoint the trained model
     * @param plan shapes, layer ids and schemes; its seed counts for nothing
     * @param threads how many threads, >= 1
     * @return the search
     * @throws InvalidPlanException if the plan does not fit the file; the message names the tensor
     * @throws IllegalArgumentException if there is no thread
     */
    public static SeedSearch of(Checkpoint checkpoint, InitPlan plan, int threads) {
        List<SeedHypothesis> all = SeedHypothesis.of(plan, SeedTensor.of(checkpoint, plan));
        return new SeedSearch(all, tests(all), threads);
    }

    /**
     * A search for the case that the file's order, and so the layer ids, were lost: some tensor has the id 0, and each is tried.
     * Of what it finds, {@link LayerSearch} finds the other ids. It costs as many times more as there are tensors, and finds
     * stronger correlations alone. Of more than 512 tensors the largest are tried.
     *
     * @param checkpoint the trained model
     * @param plan shapes and schemes; its seed counts for nothing
     * @param threads how many threads, >= 1
     * @return the search; its p-values are corrected for {@link #of} having been tried before
     * @throws InvalidPlanException if the plan does not fit the file; the message names the tensor
     * @throws IllegalArgumentException if there is no thread
     */
    public static SeedSearch ofAnyOrder(Checkpoint checkpoint, InitPlan plan, int threads) {
        List<SeedTensor> tensors = SeedTensor.of(checkpoint, plan);
        List<SeedHypothesis> all = SeedHypothesis.firstLayers(plan, tensors);
        return new SeedSearch(all, tests(all) + tests(SeedHypothesis.of(plan, tensors)), threads);
    }

    private static long tests(List<SeedHypothesis> hypotheses) {
        return hypotheses.stream().mapToLong(SeedHypothesis::tests).sum();
    }

    /**
     * Searches.
     *
     * @param seeds the seeds to try, at least one and at most 2^63-1 in all
     * @param progress told how many seeds are done so far
     * @return the seeds that made the file, or that none did
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if there are no seeds, or too many
     */
    public SeedResult search(List<SeedInterval> seeds, SeedProgress progress) throws IOException {
        SeedList list = new SeedList(seeds);
        List<SeedScreen> screens = new ArrayList<>();
        for (SeedHypothesis hypothesis : hypotheses) {
            screens.add(SeedScreen.of(hypothesis.tensors(), list.count(), hypotheses.size()));
        }
        List<SeedMatch> matches = screens.stream().anyMatch(SeedScreen::hasWeights)
                ? compare(screen(list, screens, progress), list)
                : List.of();
        return new SeedResult(list.count(), tests, matches);
    }

    private List<Candidate> screen(SeedList list, List<SeedScreen> screens, SeedProgress progress) throws IOException {
        long batch = (long) SEEDS_IN_PIECE * PIECES_AT_ONCE;
        AtomicLong done = new AtomicLong();
        List<Candidate> best = new ArrayList<>();
        for (long from = 0; from < list.count(); from += Math.min(batch, list.count() - from)) {
            long start = from;
            long end = from + Math.min(batch, list.count() - from);
            int pieces = (int) ((end - start + SEEDS_IN_PIECE - 1) / SEEDS_IN_PIECE);
            Parallel.run(threads, pieces, SeedScreen.Scratch::new, (scratch, number) -> {
                        long first = start + number * SEEDS_IN_PIECE;
                        long next = Math.min(end, first + SEEDS_IN_PIECE);
                        List<Candidate> found = screen(list, first, next, screens, scratch);
                        synchronized (done) {
                            progress.tried(done.addAndGet(next - first), list.count());
                        }
                        return found;
                    })
                    .forEach(best::addAll);
            best.sort(BEST_FIRST);
            best.subList(Math.min(MOST_COMPARED, best.size()), best.size()).clear();
        }
        return best;
    }

    private static List<Candidate> screen(
            SeedList list, long from, long to, List<SeedScreen> screens, SeedScreen.Scratch scratch) {
        List<Candidate> found = new ArrayList<>();
        for (long number = from; number < to; number++) {
            long seed = list.seed(number);
            for (int k = 0; k < screens.size(); k++) {
                OptionalDouble z = screens.get(k).pass(seed, scratch);
                if (z.isPresent()) {
                    found.add(new Candidate(number, k, z.getAsDouble()));
                }
            }
        }
        return found;
    }

    private List<SeedMatch> compare(List<Candidate> candidates, SeedList list) throws IOException {
        double tried = (double) list.count() * tests;
        List<SeedMatch> matches = new ArrayList<>();
        for (Candidate candidate : candidates) {
            SeedMatch match =
                    hypotheses.get(candidate.hypothesis()).compare(list.seed(candidate.number()), tried, threads);
            if (match.evidence().found()) {
                matches.add(match);
            }
        }
        matches.sort(Comparator.comparingDouble(match -> match.evidence().logPValue()));
        Set<Long> seen = new HashSet<>();
        matches.removeIf(match -> !seen.add(match.seed()));
        return matches;
    }
}
