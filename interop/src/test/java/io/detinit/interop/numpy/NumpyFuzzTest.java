package io.detinit.interop.numpy;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.ByteMutator;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumpyFuzzTest {

    @ParameterizedTest
    @ValueSource(strings = {".npy", ".npz"})
    void damagedFilesAreReadOrRefused(String suffix) throws IOException {
        List<byte[]> originals = new ArrayList<>();
        for (String name : List.of("f4", "f4-fortran", "big-c16", "deep", "version3", "stored", "deflated")) {
            Path file = NumpyFiles.golden().resolve(name + suffix);
            if (Files.exists(file)) {
                originals.add(Files.readAllBytes(file));
            }
        }
        int refused = ByteMutator.run(originals, bytes -> {
            try (Checkpoint checkpoint = NumpyFiles.open("fuzz" + suffix, bytes)) {
                for (TensorView tensor : checkpoint.tensors()) {
                    if (tensor.info().bytes() <= 1 << 20) {
                        NumpyFiles.bytes(tensor);
                    }
                }
            }
        });
        assertTrue(refused > 0, "no case was refused");
    }
}
