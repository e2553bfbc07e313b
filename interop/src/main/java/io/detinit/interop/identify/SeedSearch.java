package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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

    private final List<SeedHypothesis> hypotheses;
    private final long tests;
    private final SeedEngine engine;

    private SeedSearch(List<SeedHypothesis> hypotheses, long tests, SeedEngine engine) {
        this.hypotheses = List.copyOf(hypotheses);
        this.tests = tests;
        this.engine = engine;
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
        return of(checkpoint, plan, SeedEngine.threads(threads));
    }

    /** The same on any engine. */
    static SeedSearch of(Checkpoint checkpoint, InitPlan plan, SeedEngine engine) {
        List<SeedHypothesis> all = SeedHypothesis.of(plan, SeedTensor.of(checkpoint, plan));
        return new SeedSearch(all, tests(all), engine);
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
        return ofAnyOrder(checkpoint, plan, SeedEngine.threads(threads));
    }

    /** The same on any engine. */
    static SeedSearch ofAnyOrder(Checkpoint checkpoint, InitPlan plan, SeedEngine engine) {
        List<SeedTensor> tensors = SeedTensor.of(checkpoint, plan);
        List<SeedHypothesis> all = SeedHypothesis.firstLayers(plan, tensors);
        return new SeedSearch(all, tests(all) + tests(SeedHypothesis.of(plan, tensors)), engine);
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
        SeedScreens screens = SeedScreens.of(hypotheses, list);
        List<SeedMatch> matches = screens.haveWeights() ? compare(engine.screen(screens, progress), list) : List.of();
        return new SeedResult(list.count(), tests, matches);
    }

    private List<SeedMatch> compare(List<SeedCandidate> candidates, SeedList list) throws IOException {
        double tried = (double) list.count() * tests;
        List<SeedMatch> matches = new ArrayList<>();
        for (SeedCandidate candidate : candidates) {
            SeedMatch match =
                    hypotheses.get(candidate.hypothesis()).compare(list.seed(candidate.number()), tried, engine);
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
