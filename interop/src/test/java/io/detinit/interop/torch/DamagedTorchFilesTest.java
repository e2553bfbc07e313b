package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.DamagedFiles;
import io.detinit.interop.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of {@code torch.save} that were cut or damaged: nothing but an IOException of one line comes out. */
class DamagedTorchFilesTest {

    @TempDir
    Path folder;

    private byte[] archive() throws IOException {
        byte[] pickle = new PickleBytes()
                .entry("t")
                .tensor("0", 6, 0, new long[] {3, 2}, new long[] {1, 3})
                .ops("s")
                .stop();
        return Files.readAllBytes(
                TestArchives.of(pickle).floats("0", 0, 1, 2, 3, 4, 5).write(folder.resolve("a.pt")));
    }

    @Test
    void everyTruncationIsRefusedOrRead() throws IOException {
        DamagedFiles.truncate(folder, archive(), TorchFile::open);
    }

    @Test
    void everyTruncationOfALegacyFileIsRefused() throws IOException {
        byte[] legacy = Files.readAllBytes(SharedFiles.path("fixtures/pt-legacy/simple_legacy.pt"));
        DamagedFiles.truncate(folder, legacy, TorchFile::open);
    }

    @Test
    void damageDoesNoHarm() throws IOException {
        List<byte[]> files = new ArrayList<>();
        files.add(archive());
        for (String kind : List.of("pt-zip", "pt-legacy")) {
            for (Path path : SharedFiles.files("fixtures/" + kind)) {
                if (Files.size(path) < 20_000) {
                    files.add(Files.readAllBytes(path));
                }
            }
        }
        assertTrue(files.size() > 20, files.size() + " files");
        DamagedFiles.fuzz(folder, files, TorchFile::open);
    }
}
