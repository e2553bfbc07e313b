package io.detinit.interop.noise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoiseJsonTest {

    private static final NoiseRecord RECORD = new NoiseRecord(
            "sgd",
            100,
            6,
            0.9375,
            List.of(
                    new NoiseLayer(
                            "fc1.weight",
                            TensorShape.of(2, 3),
                            0.001,
                            List.of(1.25, 0.5),
                            List.of(1.0, 0.0, 1.5),
                            1e-7),
                    new NoiseLayer("fc1.bias", TensorShape.of(2), 0.002, List.of(0.75, 1.25), List.of(1.0), 0)));

    @Test
    void whatIsWrittenIsRead() throws MalformedFileException {
        assertEquals(RECORD, NoiseJson.read(NoiseJson.write(RECORD), "test"));
        assertEquals(
                RECORD,
                NoiseJson.find(Map.of(NoiseRecord.KEY, NoiseJson.write(RECORD)), "test")
                        .orElseThrow());
        assertTrue(NoiseJson.find(Map.of(), "test").isEmpty());
        assertEquals(
                0.001,
                NoiseJson.summary(RECORD).path("layers").path(0).path("std").asDouble());
        assertTrue(NoiseJson.summary(RECORD).path("layers").path(0).path("rows").isMissingNode());
    }

    @Test
    void aWeightsNoiseIsTheLayersTimesItsRowAndItsColumn() {
        NoiseLayer layer = RECORD.layers().get(0);
        assertEquals(Math.hypot(0.001 * 1.25 * 1.5, 1e-7), layer.std(0, 2), 1e-15);
        assertEquals(1e-7, layer.std(1, 1), 1e-20); // no gradient: rounding alone
        assertEquals(0.002 * 1.25, RECORD.layers().get(1).std(1, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "detinit-noise/1 | detinit-noise/9",
                "random-walk/1 | random-walk/9",
                "\"steps\":100 | \"steps\":0",
                "\"steps\":100 | \"steps\":1.5",
                "\"pairs\":6 | \"pears\":6",
                "\"decay\":0.9375 | \"decay\":2",
                "\"std\":0.001 | \"std\":-1",
                "\"std\":0.001 | \"std\":\"x\"",
                "[1.25,0.5] | [1.25]",
                "[2,3] | [2,4]",
                "\"layers\": | \"layer\":",
                "{ | ["
            })
    void eachWayToBeWrongIsSaid(String good, String bad) {
        String text = NoiseJson.write(RECORD);
        assertTrue(text.contains(good), text);
        MalformedFileException e =
                assertThrows(MalformedFileException.class, () -> NoiseJson.read(text.replace(good, bad), "file.onnx"));
        assertTrue(String.valueOf(e.getMessage()).contains("file.onnx"), e.getMessage());
    }
}
