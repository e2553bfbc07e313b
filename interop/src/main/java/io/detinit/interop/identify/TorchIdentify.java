package io.detinit.interop.identify;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchVariant;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The search for a seed of PyTorch's own initialisation.
 *
 * @param checkpoint the trained model
 * @param engine what searches
 */
public record TorchIdentify(Checkpoint checkpoint, TorchEngine engine) {

    /**
     * Searches.
     *
     * @param seeds the seeds to try
     * @param progress hears how far it is
     * @return the first seed that made the file, or that none did
     * @throws IOException if reading fails
     */
    public IdentifySearch search(TorchSeeds seeds, TorchSearch.Progress progress) throws IOException {
        List<Parameter> parameters = Parameter.of(checkpoint);
        Set<String> names = TorchPlans.names(checkpoint);
        TorchSearch search = new TorchSearch(seeds, TorchSearch.usualPositions(parameters), engine);
        TorchSearchResult result = search.search(parameters, names, progress);
        if (result.best().isEmpty()) {
            return new IdentifySearch(result.seeds(), Optional.empty());
        }
        return new IdentifySearch(
                result.seeds(), Optional.of(identified(result.best().get(), parameters, names)));
    }

    private IdentifiedSeed identified(TorchHit hit, List<Parameter> parameters, Set<String> names) throws IOException {
        TorchPlanner planner = new TorchPlanner(TorchPlanner.usualPositions(parameters));
        TorchIdentification found = planner.plan(parameters, names, hit.seed(), Optional.of(hit));
        boolean ordinary = planner.plan(parameters, names, hit.seed(), Optional.empty())
                .plan()
                .equals(found.plan());
        double logPValue = hit.pValue() > 0 ? Math.log(hit.pValue()) : -hit.z() * hit.z() / 2;
        return new IdentifiedSeed(
                IdentifiedSeed.TORCH_SEED,
                new Plan.Replayed(found.plan()),
                ordinary,
                OptionalLong.of(position(hit, found)),
                found.variant().map(TorchVariant::id),
                correlation(hit, found),
                weights(hit, found),
                logPValue,
                hit.layer(),
                tensors(found, parameters),
                List.of());
    }

    /** Over the placed tensors, each weighted by its size, as an audit has it; where none was placed the search's own. */
    private static double correlation(TorchHit hit, TorchIdentification found) {
        double sum = 0;
        long weights = 0;
        for (TorchPlacement placement : found.placements()) {
            if (isCompared(placement)) {
                sum += placement.correlation() * placement.weights();
                weights += placement.weights();
            }
        }
        return weights == 0 ? Math.min(1, hit.correlation()) : sum / weights;
    }

    private static long weights(TorchHit hit, TorchIdentification found) {
        long weights = found.placements().stream()
                .filter(TorchIdentify::isCompared)
                .mapToLong(TorchPlacement::weights)
                .sum();
        return weights == 0 ? hit.weights() : weights;
    }

    private static boolean isCompared(TorchPlacement placement) {
        return placement.draw().isPresent() && !Double.isNaN(placement.correlation());
    }

    /** Where the model begins on the stream. */
    private static long position(TorchHit hit, TorchIdentification found) {
        return found.placements().stream()
                .flatMapToLong(placement -> placement.draw().stream())
                .min()
                .orElse(hit.draw());
    }

    private static List<IdentifiedTensor> tensors(TorchIdentification found, List<Parameter> parameters) {
        Map<String, StoredOrder> orders = new HashMap<>();
        for (TorchPlanned tensor : found.plan().tensors()) {
            orders.put(tensor.name(), tensor.stored());
        }
        List<IdentifiedTensor> tensors = new ArrayList<>();
        for (int k = 0; k < parameters.size(); k++) {
            Parameter parameter = parameters.get(k);
            TorchPlacement placement = found.placements().get(k);
            StoredOrder order = orders.getOrDefault(parameter.name(), parameter.order());
            boolean drawn = placement.draw().isPresent();
            double p = placement.pValue();
            double z = placement.correlation() * Math.sqrt((double) placement.weights());
            tensors.add(new IdentifiedTensor(
                    parameter.name(),
                    order.logical(parameter.stored().info().shape()),
                    order,
                    OptionalLong.empty(),
                    placement.draw(),
                    drawn && !Double.isNaN(placement.correlation())
                            ? OptionalDouble.of(placement.correlation())
                            : OptionalDouble.empty(),
                    p > 0 ? Math.log(p) : -z * z / 2,
                    drawn,
                    note(placement)));
        }
        return tensors;
    }

    private static String note(TorchPlacement placement) {
        String how = placement.how().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        String identical = placement.identical() > 0
                ? String.format(Locale.ROOT, ", %,d bit-identical", placement.identical())
                : "";
        return placement.reason().isEmpty() ? how + identical : how + ": " + placement.reason();
    }
}
