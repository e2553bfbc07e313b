package io.detinit.interop.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.OraclePython;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * onnx.checker, with shape inference, on real models without half their units: what passed passes. Run by {@code mvn -Poracle}, with the
 * environment variable DETINIT_ORACLE_PYTHON naming a Python that has onnx (1.23 when this was written).
 */
@Tag("oracle")
class ShrinkOracleTest {

    private static final String CHECK = """
            import sys, onnx
            for path in open(sys.argv[1], encoding='utf-8').read().splitlines():
                verdicts = []
                for full in (False, True):
                    try:
                        onnx.checker.check_model(path, full_check=full)
                        verdicts.append('passes')
                    except Exception as e:
                        verdicts.append('fails')
                print('model', *verdicts, sep='\\t')
            """;

    @TempDir
    Path folder;

    private boolean shrinks(Path model, Path target) throws IOException {
        Path pruned = folder.resolve("pruned.onnx");
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            StructuredUnits.Choice choice = StructuredUnits.choose(
                    checkpoint,
                    Baseline.none(checkpoint),
                    new StructuredUnits.Amount(Criterion.MAGNITUDE, 0.5, Selection.Scope.LAYER),
                    weights -> true,
                    1);
            Pruner.zero(checkpoint, choice.masks(), Destination.dense(pruned, Map.of()));
        } catch (MalformedFileException e) {
            return false;
        }
        return Nets.shrink(pruned, target).shrunk();
    }

    @Test
    void whatPassedTheCheckerPassesItSmaller() throws Exception {
        List<Path> models = new ArrayList<>();
        for (Path model : SharedFiles.files("fixtures/onnx")) {
            Path target = folder.resolve(String.valueOf(model.getFileName()));
            if (shrinks(model, target)) {
                models.add(model);
                models.add(target);
            }
        }
        Path script = Files.writeString(folder.resolve("check.py"), CHECK);
        Path list = Files.write(
                folder.resolve("models.txt"),
                models.stream().map(Path::toString).toList());
        List<String> lines = OraclePython.run(script, list)
                .lines()
                .filter(line -> line.startsWith("model\t"))
                .toList();
        assertEquals(models.size(), lines.size());
        int passed = 0;
        for (int k = 0; k < lines.size(); k += 2) {
            if (lines.get(k).contains("passes")) { // nodes that were out of order are in order in the smaller model
                assertEquals(lines.get(k), lines.get(k + 1), models.get(k).toString());
            }
            passed += lines.get(k).equals("model\tpasses\tpasses") ? 1 : 0;
        }
        assertTrue(passed >= 4, passed + " of " + models.size() / 2 + " models pass");
    }
}
