package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples and their statistics. */
class SeedSampleTest {

    private static final int SEEDS = 4000;

    @TempDir
    Path folder;

    /**
     * Of 4,000 wrong seeds the mean of z is normal with std 1/63, its variance has the std sqrt(2/4000) = 1/45: each of the bounds
     * (six of these) fails with a probability of 2e-9. The seeds are fixed, so it fails always or never.
     */
    @ParameterizedTest
    @ValueSource(strings = {"he", "xavier", "he_uniform", "signed_constant", "custom:0.3", "uniform:0.2"})
    void wrongSeedsGiveStandardNormals(String scheme) throws IOException {
        InitPlan plan = SeedModels.plan(-77, Scheme.parse(scheme));
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, SeedModels.noise(0.5))) {
            List<SeedTensor> tensors = SeedTensor.of(checkpoint, plan);
            SeedWords words = SeedWords.of(tensors, 2048);
            long[] longs = new long[SeedRuns.LENGTH];
            checkStandardNormal(seed -> words.z(seed, longs));
            SeedSample sample = SeedSample.of(List.of(tensors.get(1)), 1024);
            float[] floats = new float[SeedRuns.LENGTH];
            checkStandardNormal(seed -> sample.z(seed, 1, floats));
        }
    }

    private static void checkStandardNormal(LongToDoubleFunction z) {
        double sum = 0;
        double squares = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            double value = z.applyAsDouble(seed);
            sum += value;
            squares += value * value;
        }
        assertEquals(0, sum / SEEDS, 6 / Math.sqrt((double) SEEDS));
        assertEquals(1, squares / SEEDS, 6 * Math.sqrt(2.0 / SEEDS));
    }

    /** For the right seed z / sqrt(n) is the correlation; the words reach a known share of it. */
    @ParameterizedTest
    @ValueSource(strings = {"he", "lecun_uniform", "signed_constant"})
    void theRightSeedStandsOut(String name) throws IOException {
        Scheme scheme = Scheme.parse(name);
        InitPlan plan = SeedModels.plan(99, scheme);
        try (Checkpoint checkpoint = SeedModels.write(folder, plan, (tensor, weights, std) -> {})) {
            List<SeedTensor> tensors = SeedTensor.of(checkpoint, plan);
            SeedSample sample = SeedSample.of(tensors, 2048);
            double root = Math.sqrt((double) sample.weights());
            assertEquals(2048.0, (double) sample.weights(), 4.0 * SeedRuns.LENGTH);
            assertEquals(1, sample.largestZ(99, new float[SeedRuns.LENGTH]) / root, 0.05);
            double share = scheme.isUniform() ? 1 : name.equals("he") ? 0.880 : 0.866;
            assertEquals(share, SeedWords.of(tensors, 2048).z(99, new long[SeedRuns.LENGTH]) / root, 0.03);
        }
    }

    @Test
    void runsDoNotOverlapAndAvoidConstants() throws IOException {
        int rows = 400;
        float[] weights = new float[rows * 100];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = k / 100 % 40 < 30 ? 0 : k; // ten live rows after thirty dead ones
        }
        ArrayTensor tensor = ArrayTensor.of("w", TensorShape.of(rows, 100), weights);
        List<SeedRuns.Run> runs = SeedRuns.of(tensor, 4096);
        assertTrue(runs.size() >= 8, runs.size() + " runs");
        Set<Long> seen = new HashSet<>();
        for (SeedRuns.Run run : runs) {
            for (int k = 0; k < run.weights.length; k++) {
                assertTrue(seen.add(run.from + k), "twice");
                assertEquals(weights[(int) run.from + k], run.weights[k]);
            }
        }
    }

    @Test
    void aConstantTensorIsNoSample() throws IOException {
        float[] weights = new float[5000];
        Arrays.fill(weights, 0.25f);
        assertEquals(List.of(), SeedRuns.of(ArrayTensor.of("w", TensorShape.of(50, 100), weights), 1024));
    }
}
