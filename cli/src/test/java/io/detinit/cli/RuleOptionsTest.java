package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.cli.option.UsageException;
import io.detinit.models.ModelSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class RuleOptionsTest {

    private static final ModelSpec MLP = ModelSpec.parse("mlp:784-20-10");
    private static final ModelSpec LSTM = ModelSpec.parse("lstm:28-8-10");
    private static final String LSTM_ROLES =
            "he, lstm1.weight_ih_l0=lecun, lstm1.weight_hh_l0=orthogonal_blocks:lecun, fc1.weight=xavier";

    private static RuleOptions options(String scheme, String... rules) {
        RuleOptions options = new RuleOptions();
        options.scheme = scheme.isEmpty() ? null : scheme;
        options.rules = List.of(rules);
        return options;
    }

    @Test
    void anMlpKeepsHeAndTheOthersGoByRole() {
        assertEquals("he", options("").parse(MLP).toString());
        assertEquals("he", options("he").parse(MLP).toString());
        assertEquals("he, fc2.weight=xavier", options("role").parse(MLP).toString());
        assertEquals(LSTM_ROLES, options("").parse(LSTM).toString());
        assertEquals(LSTM_ROLES, options("role").parse(LSTM).toString());
        assertEquals("he", options("he").parse(LSTM).toString());
        assertEquals("xavier", options("xavier").parse(LSTM).toString());
    }

    @Test
    void rulesByNameComeFirst() {
        assertEquals(
                "he, fc*=custom:0.1", options("", "fc*=custom:0.1").parse(MLP).toString());
        assertEquals(
                "he, *hh*=orthogonal, lstm1.weight_ih_l0=lecun, fc1.weight=xavier",
                options("", "*hh*=orthogonal").parse(LSTM).toString());
    }

    @Test
    void aFileHasNoRoles() {
        assertThrows(UsageException.class, () -> options("role").parse());
        assertEquals("lecun", options("lecun").parse().toString());
        assertEquals("he", options("").parse().toString());
        assertFalse(options("").given());
        assertFalse(options("he").given());
        assertTrue(options("lecun").given());
        assertTrue(options("", "a=he").given());
    }
}
