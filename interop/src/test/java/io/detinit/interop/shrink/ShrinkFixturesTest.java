package io.detinit.interop.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.SharedFiles;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Pruner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real models of other people and programs: each shrinks with equal outputs, or is left alone with the reason. */
class ShrinkFixturesTest {

    @TempDir
    Path folder;

    @Test
    void everyModelShrinksOrIsLeftAloneWithTheReason() throws IOException {
        List<String> shrunk = new ArrayList<>();
        for (Path model : SharedFiles.files("fixtures/onnx")) {
            String name = String.valueOf(model.getFileName());
            Path target = folder.resolve(name);
            ShrinkReport report = Nets.shrink(model, target);
            assertTrue(Files.size(target) > 0, name);
            if (report.shrunk()) {
                Proof proof = report.proof().orElseThrow();
                assertTrue(proof.maxRelativeDifference() <= ShrinkOptions.TOLERANCE, name);
                assertTrue(proof.randomSamples() > 0, name);
                assertTrue(
                        report.after().orElseThrow().macs()
                                < report.before().orElseThrow().macs(),
                        name);
                shrunk.add(name);
            } else {
                assertFalse(report.leftAlone().isEmpty(), name);
                report.leftAlone().forEach(left -> assertFalse(left.reason().isBlank(), name));
                assertEquals(0, report.removedUnits(), name);
            }
        }
        assertEquals(List.of("light_resnet50.onnx", "light_squeezenet.onnx", "linear2-3_bn1-linear3-1.onnx"), shrunk);
    }

    /** Half the units of hidden layers, by the norm of their rows, pruned and removed. */
    @Test
    void everyModelWithoutHalfItsUnits() throws IOException {
        List<String> shrunk = new ArrayList<>();
        for (Path model : SharedFiles.files("fixtures/onnx")) {
            String name = String.valueOf(model.getFileName());
            StructuredUnits.Choice choice;
            Path pruned = folder.resolve("pruned-" + name);
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
                choice = StructuredUnits.choose(
                        checkpoint,
                        Baseline.none(checkpoint),
                        new StructuredUnits.Amount(Criterion.MAGNITUDE, 0.5, Selection.Scope.LAYER),
                        weights -> true,
                        1);
                Pruner.zero(checkpoint, choice.masks(), Destination.dense(pruned, Map.of()));
            } catch (MalformedFileException e) {
                continue; // ONNX Runtime does not run it
            }
            ShrinkReport report = Nets.shrink(pruned, folder.resolve(name));
            if (choice.chosen() == 0) {
                assertFalse(choice.leftAlone().isEmpty() && report.leftAlone().isEmpty(), name);
                continue;
            }
            assertTrue(report.shrunk(), name + " " + report.leftAlone());
            assertTrue(report.removedUnits() >= choice.chosen(), name + " " + report.layers());
            assertTrue(Files.size(folder.resolve(name)) < Files.size(model), name);
            shrunk.add(name + " " + choice.chosen() + " of " + choice.units());
        }
        assertEquals(
                List.of(
                        "ACASXU_experimental_v2a_1_1.onnx 150 of 300",
                        "bert_toy_optimized.onnx 111 of 217",
                        "cifar_base_kw.onnx 62 of 124",
                        "cntk-mnist.onnx 12 of 24",
                        "linear2-3_bn1-linear3-1.onnx 2 of 3",
                        "tribuo-cnn_mnist.onnx 40 of 80"),
                shrunk);
    }

    /** Models with data files, which are read in, and with sparse initializers, which are not followed. */
    @Test
    void externalAndSparseModels() throws IOException {
        int looked = 0;
        for (String below : List.of("fixtures/onnx-external", "fixtures/onnx-sparse")) {
            try (Stream<Path> files = Files.walk(SharedFiles.path(below))) {
                for (Path model : files.filter(file -> file.toString().endsWith(".onnx"))
                        .sorted()
                        .toList()) {
                    try {
                        ShrinkReport report = Nets.shrink(model, folder.resolve("small.onnx"));
                        assertTrue(report.shrunk() || !report.leftAlone().isEmpty(), model.toString());
                        looked++;
                    } catch (NoSuchFileException e) {
                        assertTrue(model.toString().contains("onnx-external"), e.getMessage());
                    }
                }
            }
        }
        assertTrue(looked >= 10, looked + " models");
    }

    @Test
    void malformedModelsGiveOneLine() throws IOException {
        int refused = 0;
        for (Path model : SharedFiles.files("fixtures/malformed")) {
            String name = String.valueOf(model.getFileName());
            if (!name.endsWith(".onnx")) {
                continue;
            }
            Path target = folder.resolve(name);
            try {
                ShrinkReport report = Nets.shrink(model, target);
                assertFalse(report.shrunk(), name);
                assertFalse(report.leftAlone().isEmpty(), name);
            } catch (MalformedFileException e) {
                assertFalse(String.valueOf(e.getMessage()).contains("\n"), name);
                assertFalse(Files.exists(target), name);
                refused++;
            }
        }
        assertTrue(refused > 0, "nothing was refused");
    }
}
