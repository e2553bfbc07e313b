package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The search for layer ids. */
class LayerSearchTest {

    private static final List<Long> SHUFFLED = List.of(3L, 1L, 0L, 2L);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"he", "xavier_uniform", "orthogonal"})
    void lostIdsAreFound(String name) throws IOException {
        Scheme scheme = Scheme.parse(name);
        InitPlan made = SeedModels.plan(11, scheme, SHUFFLED);
        try (Checkpoint checkpoint = SeedModels.write(folder, made, SeedModels.noise(1))) {
            LayerResult result =
                    LayerSearch.of(checkpoint, SeedModels.plan(11, scheme), 2).search();
            assertEquals(made, result.plan());
            assertEquals(3, result.changed());
            assertEquals(
                    List.of(true, false, true, true),
                    result.tensors().stream().map(LayerFit::changed).toList());
            assertTrue(result.tensors().stream().allMatch(fit -> fit.evidence().found()));
        }
    }

    @Test
    void rightIdsStay() throws IOException {
        InitPlan plan = SeedModels.plan(11, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(2))) {
            LayerResult result = LayerSearch.of(checkpoint, plan, 3).search();
            assertEquals(plan, result.plan());
            assertEquals(0, result.changed());
            assertEquals(result, LayerSearch.of(checkpoint, plan, 1).search());
        }
    }

    /** For four tensors the ids 0 to 20 are tried. */
    @Test
    void idsBeyondTheTensorsAreTriedToo() throws IOException {
        InitPlan made = SeedModels.plan(11, Scheme.HE, List.of(0L, 20L, 2L, 21L));
        try (Checkpoint checkpoint = SeedModels.write(folder, made, SeedModels.noise(0.1))) {
            LayerResult result = LayerSearch.of(checkpoint, SeedModels.plan(11, Scheme.HE), 1)
                    .search();
            assertEquals(20, result.plan().tensors().get(1).layer());
            assertEquals(3, result.plan().tensors().get(3).layer());
            assertFalse(result.tensors().get(3).evidence().found());
        }
    }

    @Test
    void theWrongSeedChangesNothing() throws IOException {
        InitPlan made = SeedModels.plan(12, Scheme.HE, SHUFFLED);
        try (Checkpoint checkpoint = SeedModels.write(folder, made, SeedModels.noise(0.1))) {
            InitPlan plan = SeedModels.plan(11, Scheme.HE);
            LayerResult result = LayerSearch.of(checkpoint, plan, 1).search();
            assertEquals(plan, result.plan());
            assertFalse(result.tensors().stream().anyMatch(fit -> fit.evidence().found()));
        }
    }

    /** The tensor that lost its start gives its id to the one that has proved it, and takes the free one. */
    @Test
    void noTwoTensorsGetOneIdByGuess() throws IOException {
        InitPlan made = SeedModels.plan(11, Scheme.HE, List.of(1L, 0L, 2L, 3L));
        Random random = new Random(8);
        try (Checkpoint checkpoint = SeedModels.write(folder, made, (tensor, weights, std) -> {
            for (int k = 0; tensor == 0 && k < weights.length; k++) {
                weights[k] = (float) random.nextGaussian();
            }
        })) {
            LayerResult result = LayerSearch.of(checkpoint, SeedModels.plan(11, Scheme.HE), 1)
                    .search();
            assertEquals(made, result.plan());
            assertFalse(result.tensors().get(0).evidence().found());
            assertTrue(result.tensors().get(0).changed());
        }
    }

    /** Two tensors that were made from one layer id, as copies are, both keep it. */
    @Test
    void copiesShareAnId() throws IOException {
        InitPlan made = SeedModels.plan(11, Scheme.HE, List.of(0L, 1L, 1L, 2L));
        try (Checkpoint checkpoint = SeedModels.write(folder, made, SeedModels.noise(0.5))) {
            LayerResult result = LayerSearch.of(checkpoint, SeedModels.plan(11, Scheme.HE), 1)
                    .search();
            assertEquals(made, result.plan());
        }
    }

    @Test
    void anUnknownOrderIsTriedBothWays() throws IOException {
        PlannedTensor logical = new PlannedTensor("w", TensorShape.of(40, 40), 2, Scheme.HE, StoredOrder.IN_OUT);
        float[] weights = new InitPlan(7, List.of(logical)).init(logical).toArray();
        TransposedTensor stored = new TransposedTensor(ArrayTensor.of("w", logical.shape(), weights));
        PlannedTensor assumed = new PlannedTensor("w", TensorShape.of(40, 40), 0, Scheme.HE);
        InitPlan plan = new InitPlan(7, List.of(assumed));
        LayerResult unknown = new LayerSearch(plan, List.of(new SeedTensor(assumed, stored, false)), 1).search();
        assertEquals(List.of(logical), unknown.plan().tensors());
        LayerResult known = new LayerSearch(plan, List.of(new SeedTensor(assumed, stored, true)), 1).search();
        assertEquals(plan, known.plan());
    }
}
