package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.torch.TorchAttention;
import io.detinit.generator.torch.TorchConvolution;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchModule;
import io.detinit.generator.torch.TorchModules;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchRecurrent;
import io.detinit.generator.torch.TorchReplay;
import io.detinit.generator.torch.TorchTransformer;
import io.detinit.generator.torch.TorchVariant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models that the replay made and noise has moved: seed, position and plan come back. */
class TorchSearchTest {

    private static final TorchModules NN = TorchModules.CURRENT;
    private static final TorchSeeds SEEDS = TorchSeeds.range(0, 60).then(TorchSeeds.of(List.of(4242L)));

    private static TorchModule named(Object... namesAndModules) {
        List<TorchModules.Child> children = new ArrayList<>();
        for (int k = 0; k < namesAndModules.length; k += 2) {
            children.add(new TorchModules.Child((String) namesAndModules[k], (TorchModule) namesAndModules[k + 1]));
        }
        return NN.container(children);
    }

    private static TorchModule lenet() {
        return named(
                "conv1", NN.conv(1, 6, 5, 5),
                "conv2", NN.conv(6, 16, 5, 5),
                "fc1", NN.linear(256, 40, true),
                "fc2", NN.linear(40, 10, true));
    }

    private static TorchModule batchNorms() {
        TorchModule conv = new TorchConvolution(3, 16, List.of(3L, 3L), 1, false, false).module(TorchEra.V1_2);
        TorchModule transposed = new TorchConvolution(16, 8, List.of(4L, 4L), 1, true, true).module(TorchEra.V1_2);
        return NN.sequential(
                conv,
                NN.batchNorm(16),
                NN.stateless(),
                transposed,
                NN.prelu(8),
                NN.linear(72, 10, true),
                NN.norm(true, 10));
    }

    private static TorchModule recurrent() {
        return named(
                "embedding", NN.embedding(300, 20, OptionalLong.of(0)),
                "lstm", new TorchRecurrent(TorchRecurrent.Kind.LSTM, 20, 16, 2, true, true, 0).module(TorchEra.V1_2),
                "gru", TorchRecurrent.of(TorchRecurrent.Kind.GRU, 32, 12).module(TorchEra.V1_2),
                "cell", TorchRecurrent.of(TorchRecurrent.Kind.RNN, 12, 14).cell(TorchEra.V1_2),
                "out", NN.linear(14, 5, true));
    }

    private static TorchModule encoder() {
        TorchTransformer transformer = new TorchTransformer(24, 48, true);
        TorchModule layer = transformer.encoderLayer(TorchEra.V1_2);
        return named(
                "emb", NN.embedding(100, 24, OptionalLong.empty()),
                "encoder", transformer.stack(TorchEra.V1_2, layer, 3, true),
                "cross", new TorchAttention(24, 10, 12, true, true).module(TorchEra.V1_2),
                "bilinear", NN.bilinear(8, 9, 10, true),
                "out", NN.linear(24, 7, false));
    }

    static Map<String, TorchModule> models() {
        return Map.of("lenet", lenet(), "batch norms", batchNorms(), "recurrent", recurrent(), "encoder", encoder());
    }

    private static TorchSearchResult search(TorchModels model, TorchSeeds seeds, int threads) throws IOException {
        return new TorchSearch(seeds, 1 << 14, threads).search(model.parameters(), model.names(), (done, of) -> {});
    }

    private static void assertPlan(TorchModels model, TorchIdentification found) {
        List<String> wrong = new ArrayList<>();
        for (TorchReplay.Tensor tensor : model.replay().tensors()) {
            if (!model.parameters().stream().anyMatch(p -> p.name().equals(tensor.name()))) {
                continue;
            }
            Optional<TorchPlanned> planned = found.plan().find(tensor.name());
            if (planned.isEmpty()) {
                wrong.add(tensor.name() + " is missing");
            } else if (!java.util.Arrays.equals(
                    tensor.init().floats(),
                    planned.get().init(found.plan().seed()).floats())) {
                wrong.add(planned.get() + " instead of " + tensor.init());
            }
        }
        assertEquals(List.of(), wrong, () -> found.placements().toString());
    }

    @ParameterizedTest
    @MethodSource("modelNames")
    void findsSeedPositionAndPlan(String name) throws IOException {
        TorchModule module = java.util.Objects.requireNonNull(models().get(name));
        for (TorchVariant variant : TorchVariant.values()) {
            for (long draw : new long[] {0, 9000}) {
                TorchModels model = TorchModels.of(module, 4242, draw, TorchKernels.of(variant), 0.5);
                for (TorchModels kept : List.of(model, model.sortedByName())) {
                    TorchSearchResult result = search(kept, SEEDS, 2);
                    assertTrue(result.best().isPresent(), result::toString);
                    assertEquals(4242, result.best().get().seed());
                    TorchIdentification found =
                            new TorchPlanner(1 << 15).plan(kept.parameters(), kept.names(), 4242, result.best());
                    assertEquals(Optional.of(variant), found.variant());
                    assertPlan(kept, found);
                    assertPlan(
                            kept,
                            new TorchPlanner(1 << 15).plan(kept.parameters(), kept.names(), 4242, Optional.empty()));
                }
            }
        }
    }

    static java.util.stream.Stream<String> modelNames() {
        return models().keySet().stream().sorted();
    }

    @Test
    void findsMatricesThatLieTheOtherWayRound() throws IOException {
        TorchModule mlp = NN.sequential(NN.linear(50, 40, false), NN.linear(40, 40, true), NN.linear(40, 9, false));
        TorchModels model = TorchModels.of(mlp, 7, 123, TorchKernels.AVX2, 0.7).transposed();
        TorchSearchResult result = search(model, SEEDS, 1);
        assertEquals(7, result.best().orElseThrow().seed());
        TorchIdentification found = new TorchPlanner(1 << 14).plan(model.parameters(), model.names(), 7, result.best());
        assertPlan(model, found);
        for (TorchPlanned planned : found.plan().tensors()) {
            assertEquals(planned.shape().rank() == 2, planned.stored().id().equals("in_out"), planned.name());
        }
    }

    /** Layers drawn in another order than the file has them, and something drawn in between. */
    @Test
    void findsModulesOutOfOrder() throws IOException {
        List<io.detinit.interop.parameter.Parameter> parameters = new ArrayList<>();
        List<TorchReplay.Tensor> expected = new ArrayList<>();
        long[] draws = {5000, 100, 12_000};
        for (int k = 0; k < draws.length; k++) {
            TorchModule one = named("part" + k, NN.linear(30 + k, 20, true));
            TorchModels part = TorchModels.of(one, 3, draws[k], TorchKernels.AVX2, 0.3);
            parameters.addAll(part.parameters());
            expected.addAll(part.replay().tensors());
        }
        TorchIdentification found = new TorchPlanner(1 << 14).plan(parameters, java.util.Set.of(), 3, Optional.empty());
        assertEquals(
                expected.stream().map(tensor -> tensor.init().start()).toList(),
                found.plan().tensors().stream().map(TorchPlanned::start).toList());
        assertEquals(
                Collections.nCopies(6, TorchPlacement.How.FOUND),
                found.placements().stream().map(TorchPlacement::how).toList());
    }

    @Test
    void findsFewWeightsByTheirBits() throws IOException {
        TorchModels model = TorchModels.of(NN.linear(6, 3, true), 31, 0, TorchKernels.DEFAULT, 0);
        TorchSearchResult result = search(model, SEEDS, 1);
        assertEquals(31, result.best().orElseThrow().seed());
        assertPlan(model, new TorchPlanner(100).plan(model.parameters(), model.names(), 31, Optional.empty()));
    }

    /** Another seed than those tried, and the right seed that is not the model's. */
    @ParameterizedTest
    @MethodSource("modelNames")
    void findsNothingWhereThereIsNothing(String name) throws IOException {
        TorchModule module = java.util.Objects.requireNonNull(models().get(name));
        TorchModels model = TorchModels.of(module, 77_777, 0, TorchKernels.AVX2, 0.2);
        TorchSearchResult result = search(model, TorchSeeds.range(0, 40), 2);
        assertEquals(Optional.empty(), result.best());
        assertEquals(40, result.seeds());
        assertTrue(result.hypotheses() >= 40 * (1 << 14), result::toString);
        TorchIdentification found =
                new TorchPlanner(1 << 14).plan(model.parameters(), model.names(), 5, Optional.empty());
        assertEquals(List.of(), found.plan().tensors());
        assertEquals(model.parameters().size(), found.placements().size());
    }

    @Test
    void theResultDoesNotDependOnTheThreads() throws IOException {
        TorchModels model = TorchModels.of(lenet(), 55, 11_000, TorchKernels.AVX2, 1);
        TorchSearchResult one = search(model, SEEDS, 1);
        assertEquals(one, search(model, SEEDS, 3));
        assertEquals(11_000, one.best().orElseThrow().draw());
    }

    /** Two seeds that made parts of one file: the first in order is the answer, and what is tried ends with its sixteen. */
    @Test
    void theFirstSeedThatIsProvedEndsTheSearch() throws IOException {
        TorchModels late = TorchModels.of(named("a", NN.linear(300, 80, true)), 201, 0, TorchKernels.AVX2, 0.1);
        TorchModels early = TorchModels.of(named("b", NN.linear(40, 60, true)), 70, 0, TorchKernels.AVX2, 1.5);
        List<io.detinit.interop.parameter.Parameter> both = new ArrayList<>(late.parameters());
        both.addAll(early.parameters());
        TorchSearchResult one = null;
        for (int threads = 1; threads <= 4; threads++) {
            TorchSearchResult result = new TorchSearch(TorchSeeds.range(0, 300), 1 << 13, threads)
                    .search(both, java.util.Set.of(), (done, of) -> {});
            assertEquals(70, result.best().orElseThrow().seed());
            assertEquals(80, result.seeds());
            one = one == null ? result : one;
            assertEquals(one, result);
        }
    }

    @Test
    void reportsProgress() throws IOException {
        TorchModels model = TorchModels.of(lenet(), 90_000, 0, TorchKernels.AVX2, 1);
        List<Long> done = new ArrayList<>();
        new TorchSearch(TorchSeeds.range(0, 33), 1 << 14, 1)
                .search(model.parameters(), model.names(), (now, of) -> done.add(now * 1000 + of));
        assertEquals(132 * 1000 + 132, done.get(done.size() - 1));
    }

    @Test
    void refuses() {
        assertThrows(IllegalArgumentException.class, () -> new TorchSearch(SEEDS, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new TorchSearch(SEEDS, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new TorchPlanner(0));
    }

    @Test
    void aModelWithoutParametersHasNothingToFind() throws IOException {
        TorchSearchResult result = new TorchSearch(SEEDS, 1, 1).search(List.of(), java.util.Set.of(), (a, b) -> {});
        assertEquals(Optional.empty(), result.best());
        TorchIdentification found = new TorchPlanner(1).plan(List.of(), java.util.Set.of(), 1, Optional.empty());
        assertEquals(List.of(), found.plan().tensors());
    }
}
