package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSpecTest {

    @ParameterizedTest
    @CsvSource({
        "mlp:784-300-100-10, 784, 10",
        "lenet5, 1x28x28, 10",
        "lenet5:3x32x32-7, 3x32x32, 7",
        "lenet5:1x28x28, 1x28x28, 10",
        "conv2, 3x32x32, 10",
        "conv4:1x16x16-3, 1x16x16, 3",
        "conv6, 3x32x32, 10",
        "resnet20, 3x32x32, 10",
        "resnet20:3x32x32-10, 3x32x32, 10",
        "gru:28-128-10, 28x28, 10",
        "gru:14x56-128-64-10, 14x56, 10",
        "lstm:28-128-10, 28x28, 10",
        "transformer:28x28-64-4-2-10, 28x28, 10",
        "transformer:49-64-4-2-10, 49x49, 10"
    })
    void namesSayShapeAndOutputs(String text, String shape, int outputs) {
        ModelSpec spec = ModelSpec.parse(text);
        assertEquals(shape(shape), spec.sampleShape());
        assertEquals(shape(shape).size(), spec.inputs());
        assertEquals(outputs, spec.outputs());
        assertTrue(spec.isNamed());
        assertEquals(spec, ModelSpec.parse(text));
        assertEquals(spec.hashCode(), ModelSpec.parse(text).hashCode());
        assertEquals(spec, ModelSpec.parse(spec.text()), "the text says all");
    }

    /** What the name leaves out is the data's, and the completed text gives the same model without the data. */
    @ParameterizedTest
    @CsvSource({
        "lenet5, 1x28x28, 10, lenet5, 1x28x28, 10",
        "lenet5, 3x32x32, 10, lenet5:3x32x32-10, 3x32x32, 10",
        "lenet5, 1x28x28, 26, lenet5:1x28x28-26, 1x28x28, 26",
        "lenet5, 28x28, 10, lenet5, 1x28x28, 10",
        "lenet5:1x28x28-10, 784, 10, lenet5:1x28x28-10, 1x28x28, 10",
        "resnet20:3x32x32, 3x32x32, 100, resnet20:3x32x32-100, 3x32x32, 100",
        "conv6:3x32x32-20, 3x32x32, 10, conv6:3x32x32-20, 3x32x32, 20",
        "mlp:784-20-10, 1x28x28, 10, mlp:784-20-10, 784, 10",
        "gru:28-128-10, 1x28x28, 10, gru:28-128-10, 28x28, 10",
        "gru:32-8-10, 3x32x32, 10, gru:96x32-8-10, 96x32, 10",
        "lstm:4-8-3, 12, 3, lstm:3x4-8-3, 3x4, 3",
        "transformer:16-8-2-1-10, 784, 10, transformer:49x16-8-2-1-10, 49x16, 10"
    })
    void whatIsLeftOutComesFromTheData(
            String text, String data, int classes, String complete, String shape, int outputs) {
        ModelSpec spec = ModelSpec.parse(text, shape(data).getShape(), classes);
        assertEquals(complete, spec.text());
        assertEquals(shape(shape), spec.sampleShape());
        assertEquals(outputs, spec.outputs());
        assertEquals(spec, ModelSpec.parse(complete));
    }

    @ParameterizedTest
    @CsvSource({
        "mlp:784-20-10, 3x32x32, 10, 3, 32, 32",
        "lenet5:1x28x28-10, 3x32x32, 10, [1; 28; 28], [3; 32; 32], shape",
        "lenet5:1x28x28-10, 1x28x28, 26, 10 outputs, 26 classes, has",
        "lenet5, 784, 10, [784], lenet5:1x28x28-10, laid out",
        "gru:30-8-10, 1x28x28, 10, 30, 784, divide",
        "gru:14x28-8-10, 1x28x28, 10, 14, 28, shape"
    })
    void dataThatDoesNotFitIsRefused(String text, String data, int classes, String a, String b, String c) {
        String message = String.valueOf(assertThrows(
                        IllegalArgumentException.class,
                        () -> ModelSpec.parse(text, shape(data).getShape(), classes))
                .getMessage());
        for (String part : new String[] {text, a, b, c}) {
            assertTrue(message.replace("(", "[").replace(")", "]").contains(part.replace(';', ',')), message);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "lenet",
                "lenet5:",
                "lenet5:28x28-10",
                "lenet5:1x28x28-0",
                "lenet5:1x28x28-10-3",
                "lenet5:1x8x8-10",
                "conv6:3x4x4-10",
                "resnet20:3x2x2-10",
                "mlp",
                "mlp:+3-2",
                "gru",
                "gru:28-10",
                "gru:28x28x28-8-10",
                "gru:28--10",
                "lstm:0x28-8-10",
                "transformer:28-64-4-10",
                "transformer:28-64-5-2-10",
                "transformer:28-64-0-2-10",
                "gru:1048576x1048576-8-10",
                "lenet5:9999999x28x28-10"
            })
    void malformedNamesAreRefusedByName(String text) {
        String message = String.valueOf(assertThrows(IllegalArgumentException.class, () -> ModelSpec.parse(text))
                .getMessage());
        assertTrue(message.contains("'" + text + "'"), message);
    }

    @Test
    void anUnknownNameGetsTheList() {
        String message = String.valueOf(assertThrows(IllegalArgumentException.class, () -> ModelSpec.parse("vgg19"))
                .getMessage());
        assertTrue(message.endsWith(ModelSpec.KNOWN), message);
        for (String kind : java.util.List.of(
                "mlp:", "lenet5", "conv2", "conv4", "conv6", "resnet20", "gru:", "lstm:", "transformer:")) {
            assertTrue(ModelSpec.KNOWN.contains(kind), kind);
        }
    }

    @Test
    void anyBlockIsAModel() {
        Block[] last = new Block[1];
        InitRules rules = InitRules.of(Scheme.LECUN);
        ModelSpec spec = ModelSpec.of(
                "my-model", () -> last[0] = Linear.builder().setUnits(3).build(), new Shape(2, 5), 3, rules);
        assertEquals("my-model", spec.text());
        assertEquals("my-model", spec.toString());
        assertEquals(10, spec.inputs());
        assertEquals(rules, spec.rules());
        assertEquals(rules, spec.defaultRules());
        assertFalse(spec.isNamed());
        Block block = spec.newBlock();
        assertEquals(last[0], block);
        assertNotEquals(spec, ModelSpec.of("my-model", () -> Linear.builder().build(), new Shape(2, 5), 3, rules));
        assertThrows(IllegalArgumentException.class, () -> ModelSpec.of(" ", spec::newBlock, new Shape(2), 3, rules));
        assertThrows(
                IllegalArgumentException.class, () -> ModelSpec.of("m", spec::newBlock, new Shape(-1, 2), 3, rules));
        assertThrows(IllegalArgumentException.class, () -> ModelSpec.of("m", spec::newBlock, new Shape(2), 0, rules));
    }

    /** The published figures of mlp have he everywhere; by role its last layer is xavier. */
    @Test
    void defaultRules() {
        ModelSpec mlp = ModelSpec.parse("mlp:784-20-10");
        assertEquals(InitRules.he(), mlp.defaultRules());
        assertEquals("he, fc2.weight=xavier", mlp.rules().toString());
        ModelSpec lenet = ModelSpec.parse("lenet5");
        assertEquals("he, fc3.weight=xavier", lenet.defaultRules().toString());
        assertEquals(lenet.rules(), lenet.defaultRules());
        assertEquals(
                "he, fc*=lecun",
                lenet.rules(InitRules.he().with("fc*=lecun")).toString(),
                "a rule of one's own comes first");
    }

    private static Shape shape(String text) {
        return new Shape(java.util.Arrays.stream(text.split("x", -1))
                .mapToLong(Long::parseLong)
                .toArray());
    }
}
