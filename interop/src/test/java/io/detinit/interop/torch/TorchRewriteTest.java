package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.SharedFiles;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real files with all their parameters replaced: what was replaced holds the new bytes, everything else the old ones. */
class TorchRewriteTest {

    @TempDir
    Path folder;

    private static Map<String, TensorView> otherParameters(Checkpoint checkpoint) {
        SplittableRandom random = new SplittableRandom(7);
        Map<String, TensorView> replacements = new LinkedHashMap<>();
        for (TensorView tensor : checkpoint.tensors()) {
            TensorInfo info = tensor.info();
            if (info.kind() == TensorInfo.Kind.PARAMETER) {
                byte[] bytes = new byte[Math.toIntExact(info.bytes())];
                random.nextBytes(bytes);
                replacements.put(info.name(), ArrayTensor.of(info, ByteBuffer.wrap(bytes)));
            }
        }
        checkpoint.tied().forEach((name, first) -> {
            TensorView same = replacements.get(first);
            if (same != null) {
                replacements.put(name, same);
            }
        });
        return replacements;
    }

    @ParameterizedTest
    @ValueSource(strings = {"pt-zip", "pt-legacy", "torchscript", "trained"})
    void everyParameterReplaced(String kind) throws IOException {
        int replaced = 0;
        List<String> refused = new ArrayList<>();
        for (Path path : SharedFiles.files("fixtures/" + kind)) {
            if (!TorchFile.matches(head(path))) {
                continue;
            }
            Path target = folder.resolve("copy");
            try (TorchFile original = TorchFile.open(path)) {
                Map<String, TensorView> replacements = otherParameters(original);
                try {
                    original.rewrite(target, replacements, Map.of("detinit.plan", "{\"a\":1}"));
                } catch (MalformedFileException e) {
                    refused.add(path.getFileName() + ": " + e.getMessage());
                    continue;
                }
                try (TorchFile copy = TorchFile.open(target)) {
                    compare(original, copy, replacements);
                    replaced += replacements.size();
                    assertEquals(
                            original.keepsMetadata() ? Map.of("detinit.plan", "{\"a\":1}") : Map.of(), copy.metadata());
                }
            }
        }
        assertTrue(replaced >= 5, replaced + " replaced");
        // Views of one storage that overlap without being the same cannot all get new values
        List<String> expected = kind.equals("trained") ? List.of("views.pt") : List.of();
        assertEquals(
                expected,
                refused.stream()
                        .map(line -> line.substring(0, line.indexOf(':')))
                        .toList(),
                refused::toString);
    }

    private static byte[] head(Path path) throws IOException {
        try (var in = Files.newInputStream(path)) {
            return in.readNBytes(512);
        }
    }

    private static void compare(TorchFile original, TorchFile copy, Map<String, TensorView> replacements)
            throws IOException {
        assertEquals(original.tensors().size(), copy.tensors().size());
        assertEquals(original.tied(), copy.tied());
        for (int k = 0; k < copy.tensors().size(); k++) {
            TensorView old = original.tensors().get(k);
            TensorView now = copy.tensors().get(k);
            assertEquals(old.info(), now.info());
            TensorView expected = replacements.getOrDefault(old.info().name(), old);
            assertEquals(
                    TensorHash.sha256(expected),
                    TensorHash.sha256(now),
                    () -> original.path() + " " + now.info().name());
        }
    }
}
