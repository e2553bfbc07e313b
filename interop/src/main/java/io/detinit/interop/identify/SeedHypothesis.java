package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One way in which seeds may have made a file.
 *
 * @param given the plan that was given; its seed counts for nothing
 * @param tensors what is compared, with the addresses of this hypothesis
 */
record SeedHypothesis(InitPlan given, List<SeedTensor> tensors) {

    private static final int MOST_FIRST_LAYERS = 512;

    /** Everything as planned; and, where the file does not say which way round it keeps some matrices, with those turned. */
    static List<SeedHypothesis> of(InitPlan plan, List<SeedTensor> tensors) {
        List<SeedHypothesis> all = new ArrayList<>();
        all.add(new SeedHypothesis(plan, tensors));
        if (tensors.stream().anyMatch(tensor -> !tensor.orderKnown())) {
            all.add(new SeedHypothesis(
                    plan,
                    tensors.stream()
                            .map(tensor -> tensor.orderKnown() ? tensor : tensor.turned())
                            .toList()));
        }
        return all;
    }

    /** The file's order was lost, and one tensor, we do not know which, has the layer id 0: each in turn. */
    static List<SeedHypothesis> firstLayers(InitPlan plan, List<SeedTensor> tensors) {
        List<SeedHypothesis> all = new ArrayList<>();
        List<SeedTensor> largest = tensors.stream()
                .sorted(Comparator.comparingLong(SeedTensor::elements).reversed())
                .limit(MOST_FIRST_LAYERS)
                .toList();
        for (SeedTensor tensor : largest) {
            SeedTensor first = tensor.withLayer(0);
            if (tensor.planned().layer() != 0) {
                all.add(new SeedHypothesis(plan, List.of(first)));
            }
            if (!tensor.orderKnown()) {
                all.add(new SeedHypothesis(plan, List.of(first.turned())));
            }
        }
        return all;
    }

    /** All tensors together, and each alone where there are several. */
    long tests() {
        return tensors.size() < 2 ? 1 : 1L + tensors.size();
    }

    /** The plan that is true if the hypothesis is. */
    InitPlan plan(long seed) {
        Map<String, PlannedTensor> changed = new HashMap<>();
        tensors.forEach(tensor -> changed.put(tensor.planned().name(), tensor.planned()));
        return new InitPlan(
                seed,
                given.tensors().stream()
                        .map(planned -> changed.getOrDefault(planned.name(), planned))
                        .toList());
    }

    /** All weights of a seed compared. */
    SeedMatch compare(long seed, double tried, SeedEngine engine) throws IOException {
        List<SeedCorrelation> correlations = engine.correlate(tensors, seed);
        List<LayerFit> fits = new ArrayList<>();
        for (int k = 0; k < tensors.size(); k++) {
            PlannedTensor planned = tensors.get(k).planned();
            fits.add(new LayerFit(
                    planned, isChanged(planned), correlations.get(k).evidence(tried)));
        }
        return SeedMatch.of(plan(seed), fits, tried);
    }

    private boolean isChanged(PlannedTensor planned) {
        return given.find(planned.name()).filter(planned::equals).isEmpty();
    }
}
