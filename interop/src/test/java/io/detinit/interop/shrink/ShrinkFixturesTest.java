package io.detinit.interop.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.SharedFiles;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
            System.err.println(name + " shrunk " + report.shrunk() + " removed " + report.removedUnits() + " "
                    + report.before() + " -> " + report.after() + " " + report.proof() + " "
                    + report.leftAlone());
        }
        System.err.println(shrunk);
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
