package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The explorer of one matrix. */
class MatrixCommandTest {

    @Test
    void matrixPrintsTheArticlesNumbers() {
        CommandRun outcome = CommandRun.of("matrix", "--seed", "42", "--rows", 8, "--cols", 10);
        assertEquals(0, outcome.code());
        for (String number : List.of(
                "0.960776",
                "0.273809",
                "0.253874",
                "0.063188",
                "-0.280019",
                "-0.300499",
                "-0.373002",
                "-0.000792",
                "-0.626875",
                "0.343619",
                "-0.583797",
                "0.326972")) {
            assertTrue(outcome.out().contains(number), number);
        }
    }

    @Test
    void matrixJsonHoldsValuesAndBits() throws IOException {
        JsonNode json = CommandRun.of(
                        "matrix",
                        "--seed=-3",
                        "--layer",
                        2,
                        "--rows",
                        3,
                        "--cols",
                        5,
                        "--scheme",
                        "xavier",
                        "--json",
                        "--test-repro",
                        "--compare-modes")
                .json();
        TensorInit init = TensorInit.matrix(-3, 2, 3, 5, Scheme.XAVIER);
        double sum = 0;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 5; j++) {
                float w = init.weight(i, j);
                sum += w;
                assertEquals(w, json.path("values").get(i).get(j).floatValue());
                assertEquals(
                        String.format("%08x", Float.floatToRawIntBits(w)),
                        json.path("float32Bits").get(i).get(j).asText());
            }
        }
        assertEquals(sum / 15, json.path("mean").doubleValue(), 1e-12);
        assertEquals(init.std(), json.path("targetStd").doubleValue());
        assertEquals(-3, json.path("seed").longValue());
        assertTrue(json.path("reproducible").booleanValue());
        assertEquals(8, json.path("modes").size());
        assertTrue(json.path("modes").get(0).path("conditionNumber").doubleValue() > 1);
        assertEquals(1, json.path("modes").get(6).path("conditionNumber").doubleValue(), 1e-5);
        assertTrue(json.path("min").doubleValue() < json.path("max").doubleValue()
                && json.path("std").doubleValue() > 0);
    }

    @Test
    void orthogonalMatricesHaveTheStdOfTheirBaseAndEqualSingularValues() throws IOException {
        JsonNode json = matrix(40, 60, "--orthogonal", "--scheme", "xavier", "--singular-values");
        assertEquals("orthogonal:xavier", json.path("scheme").asText());
        double std = Math.sqrt(2.0 / 100);
        assertEquals(std, json.path("targetStd").doubleValue());
        assertEquals(std, json.path("std").doubleValue(), 0.02 * std);
        assertEquals(40, json.path("singularValues").size());
        for (JsonNode value : json.path("singularValues")) {
            assertEquals(std * Math.sqrt(60), value.doubleValue(), 1e-6);
        }
        assertTrue(json.path("conditionNumber").doubleValue() < 1 + 1e-5);
        JsonNode bySeed = matrix(40, 60, "--orthogonal", "--std", "0.5");
        assertEquals("orthogonal:custom:0.5", bySeed.path("scheme").asText());
        assertEquals("orthogonal", matrix(4, 6, "--orthogonal").path("scheme").asText());
    }

    /** The two singular values of a 2 x 2 matrix have a closed form. */
    @Test
    void singularValuesAreThoseOfTheMatrix() throws IOException {
        JsonNode json = matrix(2, 2, "--singular-values");
        double a = json.path("values").get(0).get(0).doubleValue();
        double b = json.path("values").get(0).get(1).doubleValue();
        double c = json.path("values").get(1).get(0).doubleValue();
        double d = json.path("values").get(1).get(1).doubleValue();
        double sum = a * a + b * b + c * c + d * d;
        double root = Math.sqrt(sum * sum - 4 * Math.pow(a * d - b * c, 2));
        double largest = Math.sqrt((sum + root) / 2);
        double smallest = Math.sqrt((sum - root) / 2);
        assertEquals(largest, json.path("singularValues").get(0).doubleValue(), 1e-6);
        assertEquals(smallest, json.path("singularValues").get(1).doubleValue(), 1e-6);
        assertEquals(largest / smallest, json.path("conditionNumber").doubleValue(), 1e-4);
    }

    @Test
    void aMatrixWithoutFullRankHasNoConditionNumber() throws IOException {
        assertTrue(matrix(3, 4, "--scheme", "ones").path("conditionNumber").isNull());
        CommandRun text = CommandRun.of("matrix", "--seed", 1, "--rows", 3, "--cols", 4, "--scheme", "ones");
        assertTrue(text.out().contains("infinite"), text.out());
    }

    @Test
    void signedConstantsTakeTheStdOfABase() throws IOException {
        JsonNode json = matrix(3, 5, "--scheme", "signed_constant", "--std", "0.25");
        assertEquals("signed_constant:custom:0.25", json.path("scheme").asText());
        for (JsonNode row : json.path("values")) {
            for (JsonNode value : row) {
                assertEquals(0.25, Math.abs(value.doubleValue()));
            }
        }
    }

    @Test
    void stdGoesOnlyWithSchemesThatHaveOne() {
        CommandRun outcome = CommandRun.of(
                "matrix", "--seed", 1, "--rows", 3, "--cols", 4, "--scheme", "he", "--std", 0.5, "--json");
        assertEquals(2, outcome.code());
        assertTrue(outcome.error().contains("--std"), outcome.err());
        CommandRun uniform = CommandRun.of(
                "matrix", "--seed", 1, "--rows", 3, "--cols", 4, "--scheme", "he_uniform", "--orthogonal", "--json");
        assertEquals(2, uniform.code());
        assertTrue(uniform.error().contains("the base he_uniform; it is he, xavier, lecun or custom"), uniform.err());
    }

    @Test
    void coloursShowAHeatMapOnlyWhereTheyAreOn() {
        Object[] line = {"matrix", "--seed", 42, "--rows", 30, "--cols", 100};
        assertTrue(!CommandRun.of(line).out().contains("\u001b["));
        System.setProperty("detinit.stdout.tty", "true");
        try {
            String coloured = CommandRun.of(line).out();
            if (System.getenv("NO_COLOR") == null) {
                assertEquals(
                        24,
                        coloured.lines()
                                .filter(text -> text.contains("\u001b[48;5;"))
                                .count());
                assertTrue(coloured.contains("each cell: the mean of its weights"), coloured);
            }
            CommandRun plain = CommandRun.of("--no-color", "matrix", "--seed", 42, "--rows", 30, "--cols", 100);
            assertTrue(!plain.out().contains("\u001b["));
            CommandRun json = CommandRun.of("matrix", "--seed", 42, "--rows", 3, "--cols", 3, "--json");
            assertTrue(!json.out().contains("\u001b["));
        } finally {
            System.clearProperty("detinit.stdout.tty");
        }
    }

    @Test
    void verboseNamesTheKernel() {
        CommandRun outcome = CommandRun.of("matrix", "--seed", 42, "--rows", 3, "--cols", 3, "-v");
        assertTrue(outcome.err().contains("kernel: " + TensorInit.kernel()), outcome.err());
    }

    private static JsonNode matrix(int rows, int cols, Object... more) throws IOException {
        List<Object> line = new ArrayList<>(List.of("matrix", "--seed", 42, "--rows", rows, "--cols", cols, "--json"));
        line.addAll(List.of(more));
        return CommandRun.of(line.toArray()).json();
    }

    @ParameterizedTest
    @ValueSource(strings = {"18446744073709551615", "0xffffffffffffffff", "-1", "0xFFFFFFFFFFFFFFFF"})
    void seedsAreAnySixtyFourBits(String seed) throws IOException {
        assertEquals(
                -1,
                CommandRun.of("matrix", "--seed=" + seed, "--rows", 1, "--cols", 1, "--json")
                        .json()
                        .path("seed")
                        .longValue());
    }
}
