package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the seed of a trained model and the plan that belongs to it: {@link SeedSearch} by the plan's layer ids; where those are
 * only assumed, {@link SeedSearch#ofAnyOrder} if that finds nothing, and {@link LayerSearch} for the ids of what was found.
 *
 * <p>The result is the same for any number of threads.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class SeedIdentifier {

    private SeedIdentifier() {}

    /**
     * Searches.
     *
     * @param checkpoint the trained model
     * @param plan shapes, layer ids and schemes; its seed counts for nothing
     * @param idsAssumed whether the layer ids are only the default ones, so that others are to be tried
     * @param seeds the seeds to try, at least one and at most 2^62 in all
     * @param threads how many threads, >= 1
     * @param progress told how many seeds are done so far
     * @return the seeds that made the file, with their plans, or that none did
     * @throws IOException if reading fails
     * @throws InvalidPlanException if the plan does not fit the file; the message names the tensor
     * @throws IllegalArgumentException if there are no seeds or no threads, or too many seeds
     */
    public static SeedResult search(
            Checkpoint checkpoint,
            InitPlan plan,
            boolean idsAssumed,
            List<SeedInterval> seeds,
            int threads,
            SeedProgress progress)
            throws IOException {
        return search(checkpoint, plan, idsAssumed, seeds, SeedEngine.threads(threads), progress);
    }

    /**
     * Searches on any engine.
     *
     * @param checkpoint the trained model
     * @param plan shapes, layer ids and schemes; its seed counts for nothing
     * @param idsAssumed whether the layer ids are only the default ones, so that others are to be tried
     * @param seeds the seeds to try, at least one and at most 2^62 in all
     * @param engine what screens and compares
     * @param progress told how many seeds are done so far, where the engine tells
     * @return the seeds that made the file, with their plans, or that none did; the same for any engine
     * @throws IOException if reading fails
     * @throws InvalidPlanException if the plan does not fit the file; the message names the tensor
     * @throws IllegalArgumentException if there are no seeds, or too many
     */
    public static SeedResult search(
            Checkpoint checkpoint,
            InitPlan plan,
            boolean idsAssumed,
            List<SeedInterval> seeds,
            SeedEngine engine,
            SeedProgress progress)
            throws IOException {
        SeedResult result = SeedSearch.of(checkpoint, plan, engine).search(seeds, progress);
        if (!idsAssumed) {
            return result;
        }
        if (result.matches().isEmpty()) {
            SeedProgress second = (done, of) -> progress.tried(of + done, 2 * of);
            result = SeedSearch.ofAnyOrder(checkpoint, plan, engine).search(seeds, second);
        }
        List<SeedMatch> matches = new ArrayList<>();
        for (SeedMatch match : result.matches()) {
            matches.add(withLayers(match, plan, checkpoint, (double) result.seeds() * result.hypotheses(), engine));
        }
        return new SeedResult(result.seeds(), result.hypotheses(), matches);
    }

    private static SeedMatch withLayers(
            SeedMatch match, InitPlan given, Checkpoint checkpoint, double tried, SeedEngine engine)
            throws IOException {
        LayerSearch search = LayerSearch.of(checkpoint, match.plan(), engine.threads());
        LayerResult layers = search.search(engine);
        if (layers.plan().equals(match.plan())
                && match.tensors().size() == layers.tensors().size()) {
            return match;
        }
        List<LayerFit> fits = layers.tensors().stream()
                .map(fit -> new LayerFit(
                        fit.tensor(),
                        given.find(fit.tensor().name())
                                .filter(fit.tensor()::equals)
                                .isEmpty(),
                        fit.evidence()))
                .toList();
        return SeedMatch.of(layers.plan(), fits, tried * search.tests());
    }
}
