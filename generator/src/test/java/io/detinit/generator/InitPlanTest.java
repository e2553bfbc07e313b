package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class InitPlanTest {

    private static final PlannedTensor WEIGHT = new PlannedTensor("fc.weight", TensorShape.of(3, 4), 7, Scheme.HE);

    private static void assertRefused(String part, Executable executable) {
        String message = assertThrows(InvalidPlanException.class, executable).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void givesTheTensorsOfItsSeed() {
        InitPlan plan =
                new InitPlan(9, List.of(WEIGHT, new PlannedTensor("fc.bias", TensorShape.of(3), 5, Scheme.ZEROS)));
        assertEquals(new TensorInit(9, 7, TensorShape.of(3, 4), Scheme.HE), plan.init("fc.weight"));
        assertEquals(PlannedTensor.NO_LAYER, plan.tensors().get(1).layer(), "zeros take no layer");
        assertEquals(0f, plan.init("fc.bias").weight(0, 2));
        assertFalse(plan.find("other").isPresent());
    }

    @Test
    void contradictionsAreRefused() {
        assertRefused("'fc.weight' twice", () -> new InitPlan(1, List.of(WEIGHT, WEIGHT)));
        assertRefused("no tensor 'x'", () -> new InitPlan(1, List.of(WEIGHT)).init("x"));
        assertRefused("another model", () -> new InitPlan(1, List.of(WEIGHT)).init("fc.weight", TensorShape.of(4, 3)));
        assertRefused("layer id", () -> new PlannedTensor("w", TensorShape.of(2, 2), -1, Scheme.HE));
        assertRefused("no name", () -> new PlannedTensor("", TensorShape.of(2, 2), 0, Scheme.HE));
        assertRefused("tensor 'b'", () -> new PlannedTensor("b", TensorShape.of(2), 0, Scheme.HE));
    }

    @Test
    void schemesReadWhatTheyWrite() {
        for (String text : Scheme.names()) {
            String full = switch (text) {
                case "custom", "uniform", "constant" -> text + ":0.25";
                default -> text;
            };
            assertEquals(full, Scheme.parse(full).toString());
        }
        for (String bad : List.of(
                "He",
                "kaiming",
                "custom",
                "custom:0",
                "custom:-1",
                "custom:x",
                "custom:NaN",
                "uniform:Infinity",
                "he:2",
                "constant:NaN",
                "")) {
            assertThrows(IllegalArgumentException.class, () -> Scheme.parse(bad), bad);
        }
        String message = assertThrows(IllegalArgumentException.class, () -> Scheme.parse("kaiming"))
                .getMessage();
        assertTrue(message.contains("kaiming") && message.contains("he_uniform"), message);
    }

    @Test
    void fansFollowTheAxes() {
        TensorShape conv = TensorShape.of(16, 8, 3, 5);
        assertEquals(8 * 15, conv.fanIn());
        assertEquals(16 * 15, conv.fanOut());
        assertEquals(Math.sqrt(2.0 / 120), Scheme.HE.std(conv));
        assertEquals(Math.sqrt(2.0 / 360), Scheme.XAVIER.std(conv));
        assertEquals(Math.sqrt(1.0 / 120), Scheme.LECUN.std(conv));
        assertEquals(
                Math.sqrt(3.0) * Math.sqrt(2.0 / 120),
                Scheme.HE_UNIFORM.bound(conv).orElseThrow());
    }

    @Test
    void shapesAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> TensorShape.of(2, -1));
        assertThrows(IllegalArgumentException.class, () -> TensorShape.of(1L << 32, 1L << 31));
        assertEquals(0, TensorShape.of(1L << 40, 0, 1L << 40).elements());
        assertEquals(1, TensorShape.of().elements());
        assertEquals("[2, 3]", TensorShape.of(2, 3).toString());
        assertEquals(TensorShape.of(2, 3), TensorShape.of(2, 3));
        assertFalse(TensorShape.of(2, 3).equals(TensorShape.of(3, 2)));
        assertThrows(IllegalArgumentException.class, () -> SplitMix64.bits(1, 0, -1));
    }
}
