package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.io.IOException;
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
        assertEquals(6, json.path("modes").size());
        assertTrue(json.path("min").doubleValue() < json.path("max").doubleValue()
                && json.path("std").doubleValue() > 0);
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
