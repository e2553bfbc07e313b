package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the layer ids of a model whose seed is known, where the file's order, which ids follow, was lost: by a writer that sorts
 * by name, for one.
 *
 * <p>The planned ids are checked first; for a tensor that does not correlate with its own, the ids 0 to N + 16 are tried, N the
 * number of randomly initialised tensors, and for a matrix whose file does not say so, both ways round. One id is given to two
 * tensors only where both correlate with it, as copies of one layer do.
 *
 * <p>Immutable; safe for use by many threads while the checkpoint is open.
 */
public final class LayerSearch {

    /** Ids that are tried beyond the number of tensors: some models draw for layers that they do not keep. */
    private static final int SPARE_IDS = 16;

    private static final long QUICK = 1 << 10;
    private static final long THOROUGH = 1 << 14;
    private static final double LEAST_QUICK_Z = 1.3;

    private final InitPlan plan;
    private final List<SeedTensor> tensors;
    private final int threads;

    LayerSearch(InitPlan plan, List<SeedTensor> tensors, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; at least 1 is needed");
        }
        this.plan = plan;
        this.tensors = tensors;
        this.threads = threads;
    }

    /**
     * A search.
     *
     * @param checkpoint the trained model
     * @param plan the known seed, shapes and schemes, and the layer ids that are checked first
     * @param threads how many threads, >= 1
     * @return the search
     * @throws InvalidPlanException if the plan does not fit the file; the message names the tensor
     * @throws IllegalArgumentException if there is no thread
     */
    public static LayerSearch of(Checkpoint checkpoint, InitPlan plan, int threads) {
        return new LayerSearch(plan, SeedTensor.of(checkpoint, plan), threads);
    }

    /**
     * Searches.
     *
     * @return the plan with the ids found, and how well each tensor fits
     * @throws IOException if reading fails
     */
    public LayerResult search() throws IOException {
        return search(SeedEngine.threads(threads));
    }

    /** The same, all weights compared by any engine. */
    LayerResult search(SeedEngine engine) throws IOException {
        InitPlan right = plan();
        List<SeedTensor> placed = new ArrayList<>();
        for (SeedTensor tensor : tensors) {
            PlannedTensor planned = right.find(tensor.planned().name()).orElseThrow();
            placed.add(new SeedTensor(planned, tensor.stored(), tensor.orderKnown()));
        }
        List<SeedCorrelation> correlations = engine.correlate(placed, plan.seed());
        List<LayerFit> fits = new ArrayList<>();
        for (int k = 0; k < placed.size(); k++) {
            PlannedTensor planned = placed.get(k).planned();
            boolean changed = !planned.equals(tensors.get(k).planned());
            fits.add(new LayerFit(planned, changed, correlations.get(k).evidence(tests())));
        }
        return new LayerResult(right, fits);
    }

    /**
     * Searches, looking at samples of the weights alone.
     *
     * @return the plan with the ids found
     * @throws IOException if reading fails
     */
    public InitPlan plan() throws IOException {
        List<Optional<SeedTensor>> found = Parallel.run(
                threads,
                tensors.size(),
                () -> new float[SeedRuns.LENGTH],
                (buffer, number) -> find(tensors.get((int) number), buffer));
        Map<String, SeedTensor> proved = new HashMap<>();
        found.forEach(tensor -> tensor.ifPresent(t -> proved.put(t.planned().name(), t)));
        return new InitPlan(plan.seed(), assigned(proved));
    }

    private int ids() {
        return tensors.size() + SPARE_IDS + 1;
    }

    /** Every tensor with every id, both ways round where that is tried. */
    double tests() {
        long ways = tensors.stream()
                .mapToLong(tensor -> tensor.orderKnown() ? 1 : 2)
                .sum();
        return (double) ways * ids();
    }

    /** The address that a tensor correlates with. */
    private Optional<SeedTensor> find(SeedTensor tensor, float[] buffer) throws IOException {
        SeedSample sample = SeedSample.of(List.of(tensor), THOROUGH);
        if (isFound(sample, sample.z(plan.seed(), tensor.planned().layer(), buffer))) {
            return Optional.of(tensor);
        }
        Optional<SeedTensor> found = findId(tensor, sample, buffer);
        if (found.isEmpty() && !tensor.orderKnown()) {
            SeedTensor turned = tensor.turned();
            found = findId(turned, SeedSample.of(List.of(turned), THOROUGH), buffer);
        }
        return found;
    }

    private Optional<SeedTensor> findId(SeedTensor tensor, SeedSample sample, float[] buffer) throws IOException {
        SeedSample quick = SeedSample.of(List.of(tensor), QUICK);
        double best = Double.NEGATIVE_INFINITY;
        int bestId = 0;
        for (int id = 0; id < ids(); id++) {
            if (quick.z(plan.seed(), id, buffer) >= LEAST_QUICK_Z) {
                double z = sample.z(plan.seed(), id, buffer);
                if (z > best) {
                    best = z;
                    bestId = id;
                }
            }
        }
        return isFound(sample, best) ? Optional.of(tensor.withLayer(bestId)) : Optional.empty();
    }

    private boolean isFound(SeedSample sample, double z) {
        return sample.weights() > 0
                && SeedEvidence.of(z / Math.sqrt((double) sample.weights()), sample.weights(), tests())
                        .found();
    }

    /** The plan's entries: proved ones as they are, the others with their own ids where those are free. */
    private List<PlannedTensor> assigned(Map<String, SeedTensor> proved) {
        Set<Long> ids = new HashSet<>();
        proved.values().forEach(tensor -> ids.add(tensor.planned().layer()));
        Set<Long> taken = new HashSet<>(ids);
        Set<PlannedTensor> homeless = new HashSet<>();
        for (PlannedTensor entry : plan.tensors()) {
            if (entry.scheme().isRandom() && !proved.containsKey(entry.name())) {
                if (ids.contains(entry.layer())) {
                    homeless.add(entry);
                }
                taken.add(entry.layer());
            }
        }
        List<PlannedTensor> entries = new ArrayList<>();
        long free = 0;
        for (PlannedTensor entry : plan.tensors()) {
            SeedTensor known = proved.get(entry.name());
            if (homeless.contains(entry)) {
                while (!taken.add(free)) {
                    free++;
                }
                entries.add(new PlannedTensor(entry.name(), entry.shape(), free, entry.scheme(), entry.stored()));
            } else {
                entries.add(known == null ? entry : known.planned());
            }
        }
        return entries;
    }
}
