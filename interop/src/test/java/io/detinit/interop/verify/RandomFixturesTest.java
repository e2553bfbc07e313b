package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Models of many exporters, each against itself on random inputs; skipped where they are not at hand. */
class RandomFixturesTest {

    private static List<Path> models(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".onnx"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void everyModelThatRunsAgreesWithItself() throws IOException {
        Path fixtures = TestModels.fixtures().orElse(Path.of("none"));
        assumeTrue(Files.isDirectory(fixtures.resolve("onnx")), "no fixtures");
        int agreed = 0;
        List<String> refused = new ArrayList<>();
        for (String folder : List.of("onnx", "onnx-sparse", "onnx-external", "trained")) {
            for (Path model : models(fixtures.resolve(folder))) {
                try (OnnxRunner a = OnnxRunner.open(model, 1);
                        OnnxRunner b = OnnxRunner.open(model, 1)) {
                    RandomComparison found = Verifier.compareRandom(a, b, RandomInputs.of(1), 4, 0, done -> {});
                    assertTrue(found.within(), model + " " + found);
                    assertEquals(a.outputs().size(), found.outputs().size());
                    agreed++;
                } catch (MalformedFileException e) {
                    refused.add(String.valueOf(e.getMessage()));
                }
            }
        }
        refused.removeIf(line -> line.contains("\"Error code")); // ONNX Runtime does not run it, or not on such shapes
        assertEquals(List.of(), refused);
        assertTrue(agreed >= 50, agreed + " ran");
    }
}
