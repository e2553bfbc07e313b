package io.detinit.interop.numpy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.OraclePython;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both directions with the NumPy at hand. Run by {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON naming a
 * Python that has numpy (2.4.6 when this was written).
 */
@Tag("oracle")
class NumpyOracleTest {

    @TempDir
    Path folder;

    private static String python(Object... arguments) throws IOException, InterruptedException {
        return OraclePython.run(Path.of("src/test/python/numpy_files.py"), arguments)
                .strip();
    }

    @Test
    void filesOfNumPyAreReadAndItReadsThemRewritten() throws Exception {
        python("make", folder);
        int files = NumpyFiles.compare(folder);
        assertTrue(files > 50, files + " files");
        Path rewritten = Files.createDirectory(folder.resolve("rewritten"));
        Files.copy(folder.resolve("expected.json"), rewritten.resolve("expected.json"));
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file :
                    all.filter(f -> f.toString().matches(".*\\.np[yz]")).toList()) {
                if (file.getFileName().toString().startsWith("refused-")) {
                    assertThrows(MalformedFileException.class, () -> NumpyFiles.open(file));
                    continue;
                }
                try (Checkpoint checkpoint = NumpyFiles.open(file)) {
                    Map<String, TensorView> own = new HashMap<>();
                    checkpoint.tensors().forEach(tensor -> own.put(tensor.info().name(), tensor));
                    checkpoint.rewrite(rewritten.resolve(file.getFileName()), own, Map.of());
                }
            }
        }
        assertEquals(String.valueOf(files), python("check", rewritten));
    }
}
