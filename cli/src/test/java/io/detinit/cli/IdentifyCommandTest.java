package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
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
import org.junit.jupiter.params.provider.ValueSource;

/** The search for a seed from the command line. */
class IdentifyCommandTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("a model.safetensors");
        write(file, Scheme.HE, 77, 0, 1);
    }

    /** Two layers and a bias, trained a little. */
    private static void write(Path target, Scheme scheme, long seed, long first, long second) throws IOException {
        ArrayTensor one = tensor("a.weight", new TensorInit(seed, first, TensorShape.of(40, 30), scheme));
        ArrayTensor two = tensor("b.weight", new TensorInit(seed, second, TensorShape.of(20, 40), scheme));
        ArrayTensor bias = ArrayTensor.of("b.bias", TensorShape.of(20), new float[20]);
        SafetensorsWriter.write(target, List.of(one, two, bias), Map.of());
    }

    private static ArrayTensor tensor(String name, TensorInit init) {
        Random random = new Random(3);
        float[] weights = init.toArray();
        for (int k = 0; k < weights.length; k++) {
            weights[k] += (float) (0.5 * init.std() * random.nextGaussian());
        }
        return ArrayTensor.of(name, init.shape(), weights);
    }

    @Test
    void theSeedIsNamedInOneSentenceAndWithTheNextCommand() {
        CommandRun run = CommandRun.of("identify", file, "--seeds", "0..999");
        assertEquals(0, run.code(), run.err());
        List<String> lines = run.out().lines().toList();
        assertEquals(file + " (safetensors)", lines.get(0));
        assertTrue(
                lines.get(1)
                        .matches(
                                "seed 77 made this file: correlation of w with w0 0\\.8\\d+ over 2,000 weights, p-value "
                                        + "\\d\\.\\de-\\d+, corrected for everything tried \\(1,000 seeds\\)"),
                lines.get(1));
        assertTrue(run.out().contains("a.weight  [40, 30]"), run.out());
        assertEquals("next: detinit audit '" + file + "' --seed 77", lines.get(lines.size() - 1));
        assertTrue(run.err().startsWith("tried 1,000 seeds in "), run.err());
        CommandRun audit = CommandRun.of("audit", file, "--seed", 77);
        assertTrue(audit.out().contains("initialisation: match"), audit.out());
    }

    @Test
    void theJsonHasTheFieldsOfTheContract() throws IOException {
        CommandRun run = CommandRun.of("identify", file, "--seeds", "0..99", "--seeds", "500,600", "--json");
        assertEquals(0, run.code(), run.err());
        JsonNode json = run.json();
        JsonNode best = json.path("best");
        assertEquals("seed", best.path("kind").asText());
        assertEquals(77, best.path("seed").longValue());
        assertTrue(best.path("position").isNull());
        assertTrue(best.path("variant").isNull());
        assertEquals(0.89, best.path("correlation").doubleValue(), 0.02);
        assertTrue(best.path("pValue").doubleValue() < 1e-100, best.toString());
        double z = best.path("correlation").doubleValue() * Math.sqrt(2000.0);
        double log10 = -0.5 * z * z / Math.log(10) - Math.log10(z * Math.sqrt(2 * Math.PI)); // 1 - Phi(z), for large z
        double tests = 102 * 3; // each seed with both tensors together, and with each alone
        assertEquals(log10 + Math.log10(tests), best.path("log10PValue").doubleValue(), 0.01);
        assertEquals(102, json.path("tried").longValue());
        assertEquals(2, json.path("tensors").size());
        assertEquals(1, json.path("tensors").get(1).path("layer").longValue());
        assertTrue(json.path("tensors").get(1).path("found").booleanValue());
        assertEquals(77, json.path("plan").path("seed").longValue());
    }

    @Test
    void nothingFoundIsSaidAndIsNoFailure() throws IOException {
        Path plan = folder.resolve("p.json");
        CommandRun run = CommandRun.of("identify", file, "--seeds", "100..1099", "-o", plan);
        assertEquals(0, run.code(), run.err());
        assertEquals(
                "none of the 1,000 seeds made this file",
                run.out().lines().skip(1).findFirst().orElseThrow());
        assertTrue(run.err().contains(plan + " was not written: no seed was found"), run.err());
        assertFalse(Files.exists(plan));
        JsonNode json =
                CommandRun.of("identify", file, "--seeds", "5", "--json").json();
        assertTrue(json.path("best").isNull());
        assertTrue(json.path("plan").isNull());
        assertEquals(0, json.path("tensors").size());
        assertEquals(1, json.path("tried").longValue());
        CommandRun one = CommandRun.of("identify", file, "--seeds", "5");
        assertTrue(one.out().contains("not the one seed made this file"), one.out());
    }

    @Test
    void withoutARangeSmallSeedsAreTried() throws IOException {
        JsonNode json = CommandRun.of("identify", file, "--json").json();
        assertEquals(77, json.path("best").path("seed").longValue());
        assertTrue(json.path("tried").longValue() >= 10_000, json.toString());
    }

    @Test
    void seedsMayBeNegativeOrBeyondTheSigned() throws IOException {
        Path other = folder.resolve("other.safetensors");
        write(other, Scheme.HE, -2, 0, 1);
        for (String range : List.of("--seeds=-20..3", "--seeds=0xfffffffffffffff0..0xffffffffffffffff")) {
            CommandRun run = CommandRun.of("identify", other, range);
            assertTrue(run.out().contains("seed -2 made this file"), run.out());
            assertTrue(run.out().contains("--seed=-2"), run.out());
        }
    }

    @Test
    void schemesComeFromTheOptionsOrAPlan() throws IOException {
        Path uniform = folder.resolve("u.safetensors");
        write(uniform, Scheme.parse("he_uniform"), 9, 0, 1);
        assertTrue(CommandRun.of("identify", uniform, "--seeds", "0..99").out().contains("none of the 100 seeds"));
        CommandRun scheme = CommandRun.of("identify", uniform, "--seeds", "0..99", "--scheme", "he_uniform");
        assertTrue(scheme.out().contains("seed 9 made this file"), scheme.out());
        assertTrue(scheme.out().contains("-o PLAN.json"), scheme.out());
        Path plan = folder.resolve("plan.json");
        CommandRun.of("plan", uniform, "--seed", 0, "--scheme", "he_uniform", "-o", plan);
        CommandRun planned = CommandRun.of("identify", uniform, "--seeds", "0..99", "--plan", plan);
        assertTrue(planned.out().contains("--seed 9 --plan " + plan), planned.out());
        CommandRun both = CommandRun.of("identify", uniform, "--plan", plan, "--scheme", "he_uniform");
        assertEquals(2, both.code());
        assertTrue(both.error().contains("--plan names every scheme"), both.err());
    }

    /** The layers were made in the other order than the file has them. */
    @Test
    void aLostOrderIsFoundAndItsPlanWritten() throws IOException {
        Path sorted = folder.resolve("sorted.safetensors");
        write(sorted, Scheme.HE, 8, 1, 0);
        Path plan = folder.resolve("sorted.plan.json");
        CommandRun run = CommandRun.of("identify", sorted, "--seeds", "0..99", "-o", plan);
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().contains("seed 8 made this file"), run.out());
        assertTrue(run.out().contains("not as planned"), run.out());
        assertTrue(run.out().contains("next: detinit audit " + sorted + " --plan " + plan), run.out());
        JsonNode written = new ObjectMapper().readTree(plan.toFile());
        assertEquals(1, written.path("tensors").get(0).path("layer").longValue());
        assertEquals(0, written.path("tensors").get(1).path("layer").longValue());
        CommandRun audit = CommandRun.of("audit", sorted, "--plan", plan, "--json");
        assertEquals("match", audit.json().path("provenance").path("verdict").asText());
        CommandRun again = CommandRun.of("identify", sorted, "--seeds", "0..99", "-o", plan);
        assertEquals(2, again.code());
        assertTrue(again.error().contains("--force"), again.err());
        CommandRun forced = CommandRun.of("identify", sorted, "--seeds", "0..99", "-o", plan, "--force");
        assertEquals(0, forced.code(), forced.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"9..3", "x", "1,,2", "1..2..3", "0..18446744073709551615"})
    void badRangesAreUsageErrors(String range) {
        for (String option : List.of("--seeds", "--torch-seeds")) {
            CommandRun run = CommandRun.of("identify", file, option, range);
            assertEquals(2, run.code());
            assertTrue(run.error().startsWith("detinit: " + option), run.err());
        }
    }

    @Test
    void pValuesOfAnySmallnessAreWritten() {
        assertEquals("1.0", IdentifyText.pValue(0));
        assertEquals("0.0010", IdentifyText.pValue(Math.log(0.001)));
        assertEquals("2.5e-9", IdentifyText.pValue(Math.log(2.5e-9)));
        assertEquals("1.0e-8", IdentifyText.pValue(Math.log(9.99e-9)));
        assertEquals("1.0e-40000", IdentifyText.pValue(-40_000 * Math.log(10)));
    }
}
