package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The search for a seed, on checkpoints that the test makes. */
class SeedSearchTest {

    private static final SeedInterval THOUSANDS = new SeedInterval(0, 3000);

    @TempDir
    Path folder;

    private static SeedResult search(Checkpoint checkpoint, InitPlan plan, SeedInterval... seeds) throws IOException {
        return SeedSearch.of(checkpoint, plan, 2).search(List.of(seeds), SeedProgress.NONE);
    }

    /** With the noise 6 the correlation is 0.16 and z about 16. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 1, 3, 6})
    void isFoundWhateverTheNoise(double noise) throws IOException {
        InitPlan plan = SeedModels.plan(1234, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(noise))) {
            SeedResult result = search(checkpoint, SeedModels.plan(0, Scheme.HE), THOUSANDS);
            assertEquals(3000, result.seeds());
            assertEquals(1, result.matches().size());
            SeedMatch best = result.best().orElseThrow();
            assertEquals(1234, best.seed());
            assertEquals(plan, best.plan());
            assertEquals("", best.part());
            assertEquals(1 / Math.sqrt(1 + noise * noise), best.evidence().correlation(), 0.06);
            assertEquals(4, best.tensors().size());
            assertFalse(best.tensors().stream().anyMatch(LayerFit::changed));
        }
    }

    @Test
    void isNotFoundWhereItIsNotAmongTheSeeds() throws IOException {
        InitPlan plan = SeedModels.plan(3000, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.1))) {
            assertTrue(search(checkpoint, plan, THOUSANDS).best().isEmpty());
            assertEquals(
                    3000,
                    search(checkpoint, plan, SeedInterval.of(3000))
                            .best()
                            .orElseThrow()
                            .seed());
        }
    }

    @Test
    void randomWeightsHaveNoSeed() throws IOException {
        Random random = new Random(5);
        InitPlan plan = SeedModels.plan(0, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, (tensor, weights, std) -> {
            for (int k = 0; k < weights.length; k++) {
                weights[k] = (float) random.nextGaussian();
            }
        })) {
            assertTrue(search(checkpoint, plan, THOUSANDS).best().isEmpty());
        }
    }

    @Test
    void constantWeightsHaveNoSeed() throws IOException {
        InitPlan plan = SeedModels.plan(0, Scheme.HE);
        try (Checkpoint checkpoint =
                SeedModels.write(folder, plan, (tensor, weights, std) -> Arrays.fill(weights, 0.5f))) {
            assertTrue(search(checkpoint, plan, THOUSANDS).best().isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "xavier",
                "lecun",
                "custom:0.02",
                "he_uniform",
                "xavier_uniform",
                "uniform:0.1",
                "signed_constant",
                "orthogonal"
            })
    void everySchemeIsRecognised(String name) throws IOException {
        Scheme scheme = Scheme.parse(name);
        InitPlan plan = SeedModels.plan(17, scheme);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.3))) {
            SeedResult result = search(checkpoint, SeedModels.plan(0, scheme), new SeedInterval(0, 300));
            assertEquals(17, result.best().orElseThrow().seed());
        }
    }

    /** Hidden-to-hidden weights, whose gates are orthogonal one by one. */
    @Test
    void stackedGatesAreRecognised() throws IOException {
        Scheme blocks = Scheme.parse("orthogonal_blocks:lecun");
        InitPlan plan = new InitPlan(
                17, List.of(new PlannedTensor("lstm1.weight_hh_l0", TensorShape.of(4 * 24, 24), 1, blocks)));
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.3))) {
            SeedResult result = search(checkpoint, new InitPlan(0, plan.tensors()), new SeedInterval(0, 300));
            assertEquals(17, result.best().orElseThrow().seed());
        }
    }

    @Test
    void normalAndUniformAreNotTakenForOneAnother() throws IOException {
        InitPlan plan = SeedModels.plan(17, Scheme.parse("he_uniform"));
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.1))) {
            assertTrue(search(checkpoint, SeedModels.plan(0, Scheme.HE), new SeedInterval(0, 300))
                    .best()
                    .isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 3, -1, -3, 0})
    void seedsAreAny64Bits(long seed) throws IOException {
        InitPlan plan = SeedModels.plan(seed, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.5))) {
            SeedInterval around = new SeedInterval(seed - 20, 41);
            assertEquals(
                    seed, search(checkpoint, plan, around).best().orElseThrow().seed());
        }
    }

    @Test
    void theNumberOfThreadsChangesNothing() throws IOException {
        InitPlan plan = SeedModels.plan(2999, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(3))) {
            SeedResult one = SeedSearch.of(checkpoint, plan, 1).search(List.of(THOUSANDS), SeedProgress.NONE);
            for (int threads : new int[] {2, 3, 7}) {
                assertEquals(
                        one, SeedSearch.of(checkpoint, plan, threads).search(List.of(THOUSANDS), SeedProgress.NONE));
            }
            assertEquals(2999, one.best().orElseThrow().seed());
        }
    }

    /** The first two tensors are new, and have four times as many weights as the rest. */
    @Test
    void whatOneTensorKeptIsEnough() throws IOException {
        InitPlan plan = SeedModels.plan(800, Scheme.HE);
        Random random = new Random(6);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, (tensor, weights, std) -> {
            if (tensor != 3) {
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = (float) (std * random.nextGaussian());
                }
            }
        })) {
            SeedMatch best = search(checkpoint, plan, THOUSANDS).best().orElseThrow();
            assertEquals(800, best.seed());
            assertEquals("fc3.weight", best.part());
            assertEquals(1, best.evidence().correlation(), 1e-6);
            assertEquals(500, best.evidence().weights());
        }
    }

    @Test
    void partsOfSeveralSeedsAreAllFound() throws IOException {
        InitPlan plan = SeedModels.plan(5, Scheme.HE);
        InitPlan other = SeedModels.plan(2500, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, (tensor, weights, std) -> {
            if (tensor >= 2) {
                System.arraycopy(other.init(other.tensors().get(tensor)).toArray(), 0, weights, 0, weights.length);
            }
        })) {
            List<Long> seeds = search(checkpoint, plan, THOUSANDS).matches().stream()
                    .map(SeedMatch::seed)
                    .toList();
            assertEquals(List.of(5L, 2500L), seeds);
        }
    }

    /** Nine weights in ten are 0, half of the rows of one tensor are dead, and some weights are no numbers. */
    @Test
    void prunedAndDamagedWeightsTellNothing() throws IOException {
        InitPlan plan = SeedModels.plan(64, Scheme.HE);
        Random random = new Random(7);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, (tensor, weights, std) -> {
            for (int k = 0; k < weights.length; k++) {
                if (random.nextInt(10) > 0 || (tensor == 1 && k < 3000)) {
                    weights[k] = 0;
                }
            }
            weights[5] = Float.NaN;
            weights[9] = Float.NEGATIVE_INFINITY;
        })) {
            SeedMatch best = search(checkpoint, plan, THOUSANDS).best().orElseThrow();
            assertEquals(64, best.seed());
            assertEquals(9_932 - 8, best.evidence().weights());
        }
    }

    @Test
    void progressRisesToTheEnd() throws IOException {
        InitPlan plan = SeedModels.plan(1, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.1))) {
            List<Long> done = new ArrayList<>();
            SeedSearch.of(checkpoint, plan, 2).search(List.of(THOUSANDS), (tried, of) -> {
                assertEquals(3000, of);
                done.add(tried);
            });
            assertEquals(done.stream().sorted().distinct().toList(), done);
            assertEquals(3000, done.get(done.size() - 1));
        }
    }

    @Test
    void aPlanOfAnotherModelIsRefused() throws IOException {
        InitPlan plan = SeedModels.plan(1, Scheme.HE);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.1))) {
            InitPlan shapes =
                    new InitPlan(1, List.of(new PlannedTensor("fc1.weight", TensorShape.of(100, 60), 0, Scheme.HE)));
            InvalidPlanException e =
                    assertThrows(InvalidPlanException.class, () -> SeedSearch.of(checkpoint, shapes, 1));
            assertTrue(e.getMessage().contains("'fc1.weight' has the shape [60, 100]"), e.getMessage());
            InitPlan names =
                    new InitPlan(1, List.of(new PlannedTensor("fc9.weight", TensorShape.of(100, 60), 0, Scheme.HE)));
            e = assertThrows(InvalidPlanException.class, () -> SeedSearch.of(checkpoint, names, 1));
            assertTrue(e.getMessage().contains("'fc9.weight'"), e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> SeedSearch.of(checkpoint, plan, 0));
        }
    }

    /** A name-sorting writer: conv, fc1, fc2, fc3 were made as the layers 2, 0, 3, 1. */
    @Test
    void aLostOrderIsFoundTogetherWithTheSeed() throws IOException {
        InitPlan made = SeedModels.plan(321, Scheme.HE, List.of(2L, 0L, 3L, 1L));
        try (Checkpoint checkpoint = SeedModels.write(folder, made, SeedModels.noise(1))) {
            InitPlan usual = DefaultPlan.of(checkpoint, 0, io.detinit.generator.InitRules.he());
            List<SeedInterval> seeds = List.of(new SeedInterval(0, 1000));
            assertTrue(SeedIdentifier.search(checkpoint, usual, false, seeds, 2, SeedProgress.NONE)
                    .best()
                    .isEmpty());
            SeedMatch best = SeedIdentifier.search(checkpoint, usual, true, seeds, 2, SeedProgress.NONE)
                    .best()
                    .orElseThrow();
            assertEquals(321, best.seed());
            assertEquals("", best.part());
            assertEquals(0.707, best.evidence().correlation(), 0.03);
            assertEquals(made.tensors(), best.plan().tensors().subList(0, 4));
            assertTrue(best.tensors().stream()
                    .allMatch(fit -> fit.changed() && fit.evidence().found()));
            assertEquals(
                    List.of(2L, 0L, 3L, 1L),
                    LongStream.range(0, 4)
                            .mapToObj(k -> best.tensors().get((int) k).tensor().layer())
                            .toList());
        }
    }
}
