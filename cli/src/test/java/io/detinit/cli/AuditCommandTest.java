package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuditCommandTest {

    private static final TensorShape SHAPE = TensorShape.of(20, 60);
    private static final InitPlan PLAN = new InitPlan(
            9,
            List.of(
                    new PlannedTensor("fc.weight", SHAPE, 0, Scheme.HE),
                    new PlannedTensor("fc.bias", TensorShape.of(20), -1, Scheme.ZEROS)));

    @TempDir
    Path folder;

    private Path initial;
    private Path trained;

    @BeforeEach
    void files() throws IOException {
        float[] w = PLAN.init("fc.weight").toArray();
        initial = file("initial.safetensors", "fc.", w);
        Random random = new Random(1);
        for (int k = 0; k < w.length; k++) {
            boolean still = k / 60 == 3 || k % 60 < 4;
            w[k] += still ? 0 : (float) (random.nextGaussian() * 1e-2);
        }
        trained = file("trained.safetensors", "module.fc.", w);
    }

    private Path file(String name, String prefix, float[] w) throws IOException {
        Path path = folder.resolve(name);
        SafetensorsWriter.write(
                path,
                List.of(
                        ArrayTensor.of(prefix + "weight", SHAPE, w),
                        ArrayTensor.of(prefix + "bias", TensorShape.of(20), new float[20])),
                Map.of());
        return path;
    }

    @Test
    void anInitialFileGivesTheCountsOfTheSeed() throws IOException {
        JsonNode seed = CommandRun.of("audit", trained, "--seed", 9, "--threshold", 0, "--json")
                .json();
        JsonNode file = CommandRun.of("audit", trained, "--init-file", initial, "--threshold", 0, "--json")
                .json();
        assertEquals("seed", seed.path("baseline").path("kind").asText());
        assertEquals("init-file", file.path("baseline").path("kind").asText());
        assertTrue(file.path("baseline").path("seed").isNull());
        assertEquals(seed.path("total").path("moved"), file.path("total").path("moved"));
        assertEquals(19 * 56, file.path("total").path("moved").asLong());
        assertEquals(
                "fc.weight", file.path("tensors").get(0).path("baselineName").asText());
        assertEquals("match", file.path("provenance").path("verdict").asText());
    }

    @Test
    void thresholdsOfSeveralKindsAndRows() throws IOException {
        JsonNode audit = CommandRun.of(
                        "audit",
                        trained,
                        "--seed",
                        9,
                        "--threshold",
                        "0.5",
                        "--threshold",
                        "abs:1e-3",
                        "--threshold",
                        "ulp:0",
                        "--threshold-kind",
                        "quantile",
                        "--rows",
                        "--json")
                .json();
        assertEquals("quantile", audit.path("threshold").path("kind").asText());
        JsonNode thresholds = audit.path("thresholds");
        assertEquals(610, thresholds.get(0).path("moved").asLong(), "half of 1220");
        assertEquals("abs", thresholds.get(1).path("kind").asText());
        assertEquals(19 * 56, thresholds.get(2).path("moved").asLong());
        JsonNode weight = audit.path("tensors").get(0);
        assertEquals(
                thresholds.get(0).path("moved").asLong(), weight.path("moved").asLong());
        assertEquals(10, weight.path("rows").path("mostMoved").size());
        assertTrue(weight.path("quantiles").path("0.5").asDouble() > 1e-3);
        assertEquals(1200, weight.path("histogram").path("counted").asLong());

        CommandRun text = CommandRun.of("audit", trained, "--seed", 9, "--threshold", "0", "--rows");
        assertTrue(text.out().contains("inputs in which nothing moved: 4: 0..3"), text.out());
        assertTrue(text.out().contains("units in which nothing moved:  1: 3"), text.out());
    }

    @Test
    void decayIsSuspectedAndUndone() throws IOException {
        float[] w = PLAN.init("fc.weight").toArray();
        for (int k = 0; k < w.length; k++) {
            w[k] = (float) (w[k] * Math.pow(1 - 1e-3, 100)) + (k % 2 == 0 ? 0 : 0.01f * (k % 7));
        }
        Path decayed = file("decayed.safetensors", "fc.", w);
        CommandRun plain = CommandRun.of("audit", decayed, "--seed", 9);
        assertTrue(plain.out().contains("weight decay, not learning"), plain.out());
        JsonNode undone = CommandRun.of("audit", decayed, "--seed", 9, "--decay", "0.1*1e-2*100", "--json")
                .json();
        assertTrue(undone.path("total").path("movedPercent").asDouble() < 50);
        assertEquals(Math.pow(0.999, 100), undone.path("decay").path("factor").asDouble(), 1e-12);
    }

    @Test
    void reportsAreWritten() throws IOException {
        Path html = folder.resolve("audit.html");
        Path csv = folder.resolve("audit.csv");
        CommandRun run = CommandRun.of("audit", trained, "--seed", 9, "--report", html, "--report", csv);
        assertEquals(0, run.code(), run.err());
        assertTrue(Files.readString(html).contains("module.fc.weight"));
        assertTrue(Files.readString(csv).contains("module.fc.weight"));
        CommandRun again = CommandRun.of("audit", trained, "--seed", 9, "--report", html);
        assertEquals(2, again.code());
        assertTrue(again.error().contains("--force"));
        assertEquals(
                2,
                CommandRun.of("audit", trained, "--seed", 9, "--report", folder.resolve("x.pdf"))
                        .code());
    }

    /** A stranger's model, of which 2460 of 6310 weights and 34 biases kept the bits that torch.manual_seed(1234) gave them. */
    @Test
    void aStrangersSeedIsFoundAndItsSleepingWeightsCounted() throws IOException {
        Path model = Path.of("../../shared/fixtures/pt-zip/california_model.pt");
        assumeTrue(Files.exists(model), "no shared fixtures");
        Path plan = folder.resolve("plan.json");
        JsonNode found = CommandRun.of("identify", model, "--torch-seeds", "1200..1240", "-o", plan, "--json")
                .json();
        assertEquals(1234, found.path("best").path("seed").asLong());
        assertEquals("torch-seed", found.path("best").path("kind").asText());
        assertEquals(0, found.path("best").path("position").asLong(-1));
        assertEquals("fused", found.path("best").path("variant").asText());
        for (Object[] baseline : new Object[][] {{"--torch-seed", 1234}, {"--plan", plan}}) {
            JsonNode audit = CommandRun.of("audit", model, baseline[0], baseline[1], "--threshold", 0, "--json")
                    .json();
            assertEquals("torch-seed", audit.path("baseline").path("kind").asText());
            assertEquals("match", audit.path("provenance").path("verdict").asText());
            long weights = 0;
            for (JsonNode tensor : audit.path("tensors")) {
                weights += tensor.path("shape").size() == 2
                        ? tensor.path("bitIdentical").asLong()
                        : 0;
            }
            assertEquals(2460, weights);
            assertEquals(2494, audit.path("total").path("bitIdentical").asLong());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "movedPercent<20, 0",
        "movedPercent<99, 1",
        "bitIdentical>=156, 1",
        "rmsDelta > 0.1, 0",
        "correlation<0.5, 0",
        "maxAbsDelta != 0, 1",
    })
    void gatesTakeEveryNumberOfTheTotal(String gate, int code) {
        CommandRun run = CommandRun.of("audit", trained, "--seed", 9, "--threshold", 0, "--fail-if", gate);
        assertEquals(code, run.code(), run.err());
        assertEquals(code == 1, run.err().contains("--fail-if " + gate + " holds: it is "), run.err());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--seed 9 --torch-seed 9            | one of --seed, --torch-seed and --init-file",
                "--seed 9 --init-file x             | one of --seed, --torch-seed and --init-file",
                "--init-file x --plan y             | does not go with it",
                "--seed 9 --threshold -1            | must be >= 0",
                "--seed 9 --threshold x             | expected a number",
                "--seed 9 --threshold mean:1        | unknown threshold kind 'mean'",
                "--seed 9 --threshold-kind std      | needs --threshold",
                "--seed 9 --threshold quantile:1    | [0, 1)",
                "--seed 9 --decay 0.1*0.2           | LR*WD*STEPS",
                "--seed 9 --decay 2*1*5             | LR*WD*STEPS",
                "--seed 9 --fail-if moved           | NAME OP NUMBER",
                "--seed 9 --fail-if shape<3         | unknown name 'shape'",
                "--threshold 1                      | carries no plan",
            })
    void mistakesAreOneLine(String options, String part) {
        Object[] line = ("audit " + trained + " " + options.strip()).split(" +", -1);
        CommandRun run = CommandRun.of(line);
        assertEquals(2, run.code(), run.err());
        assertTrue(run.error().contains(part), run.err());
    }

    @Test
    void anotherSeedIsSaidFirst() {
        CommandRun run = CommandRun.of("audit", trained, "--seed", 10);
        assertEquals(0, run.code());
        String second = run.out().lines().skip(1).findFirst().orElseThrow();
        assertTrue(second.startsWith("initialisation: undecided, ") || second.startsWith("initialisation: no-match"));
        assertTrue(run.out().contains("measures the distance to them, not training"), run.out());
        assertFalse(run.out().contains("nan"), run.out());
    }
}
