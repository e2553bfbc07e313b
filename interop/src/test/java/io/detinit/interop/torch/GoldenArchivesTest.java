package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.DamagedFiles;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Small files of three releases of PyTorch, written by {@code torch_archives.py FOLDER --golden} (in the order of the names:
 * 1.13.0a0 of Debian 12, 2.7.1, 2.15.0), whole, cut short and damaged.
 */
class GoldenArchivesTest {

    @TempDir
    Path folder;

    /** A resource; of a folder a copy, in which .metadata has its name again, under which builds do not copy it. */
    private Path resource(String name) throws IOException {
        Path path = original(name);
        if (!Files.isDirectory(path)) {
            return path;
        }
        Path copy = Files.createDirectory(folder.resolve(name));
        Files.copy(path.resolve("metadata.pickle"), copy.resolve(".metadata"));
        Files.copy(path.resolve("__0_0.distcp"), copy.resolve("__0_0.distcp"));
        return copy;
    }

    private static Path original(String name) {
        try {
            return Path.of(GoldenArchivesTest.class.getResource(name).toURI());
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"torch-1.13.0a0", "torch-2.7.1", "torch-2.15.0"})
    void areReadAsPyTorchReadsThem(String version) throws IOException {
        assertTrue(ExpectedArchives.check(this::resource, original(version + ".json")) >= 6);
    }

    @Test
    void whatNoStateDictListsIsListedAsWhatItIs() throws IOException {
        try (Checkpoint script = TorchFile.open(resource("torch-2.15.0-script.pt"));
                Checkpoint program = TorchFile.open(resource("torch-2.15.0.pt2"));
                Checkpoint old = TorchFile.open(resource("torch-2.7.1.pt2"))) {
            assertEquals("mean BUFFER, offset OTHER, fc.weight PARAMETER, fc.bias PARAMETER", summary(script));
            assertEquals(
                    "fc.weight PARAMETER, fc.bias PARAMETER, mean BUFFER, offset CONSTANT, lifted_tensor_0 CONSTANT",
                    summary(program));
            assertEquals(
                    "fc.weight PARAMETER, fc.bias PARAMETER, mean BUFFER, offset CONSTANT, lifted_tensor_0 CONSTANT",
                    summary(old));
        }
    }

    private static String summary(Checkpoint checkpoint) {
        return checkpoint.tensors().stream()
                .map(t -> t.info().name() + " " + t.info().kind())
                .collect(Collectors.joining(", "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"torch-2.15.0-script.pt", "torch-2.15.0-package.pt"})
    void cutShortTheyAreRefused(String name) throws IOException {
        DamagedFiles.truncate(folder, Files.readAllBytes(resource(name)), TorchFile::open);
    }

    @ParameterizedTest
    @ValueSource(strings = {"script.pt", "package.pt", ".pt2"})
    void damagedTheyAreReadOrRefused(String kind) throws IOException {
        String separator = kind.startsWith(".") ? "" : "-";
        List<byte[]> originals = List.of(
                Files.readAllBytes(resource("torch-2.7.1" + separator + kind)),
                Files.readAllBytes(resource("torch-2.15.0" + separator + kind)));
        DamagedFiles.fuzz(folder, originals, TorchFile::open);
    }

    @Test
    void aDistributedFolderCutShortOrDamagedIsRefused() throws IOException {
        Path original = resource("torch-2.15.0-single.dcp");
        for (String name : List.of(".metadata", "__0_0.distcp")) {
            Path copy = Files.createDirectory(folder.resolve("copy" + name));
            for (String other : List.of(".metadata", "__0_0.distcp")) {
                Files.copy(original.resolve(other), copy.resolve(other));
            }
            DamagedFiles.Opener opener = damaged -> {
                Files.move(damaged, copy.resolve(name), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                return DistributedCheckpoint.open(copy);
            };
            byte[] whole = Files.readAllBytes(original.resolve(name));
            DamagedFiles.truncate(folder, whole, opener);
            DamagedFiles.fuzz(folder, List.of(whole), opener);
        }
    }

    /** Every tensor replaced: the file holds the new elements, and all that is not replaced is as it was. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch-2.15.0-script.pt",
                "torch-2.15.0-package.pt",
                "torch-2.15.0.pt2",
                "torch-2.7.1.pt2",
                "torch-2.15.0-single.dcp"
            })
    void areWrittenBack(String name) throws IOException {
        Path target = folder.resolve("out");
        try (Checkpoint before = ExpectedArchives.open(resource(name))) {
            Map<String, TensorView> news = new HashMap<>();
            for (TensorView tensor : before.tensors()) {
                if (tensor.info().kind() == Kind.PARAMETER) {
                    byte[] bytes = new byte[(int) tensor.info().bytes()];
                    java.util.Arrays.fill(bytes, (byte) 0x3F);
                    news.put(tensor.info().name(), ArrayTensor.of(tensor.info(), ByteBuffer.wrap(bytes)));
                }
            }
            before.rewrite(target, news, Map.of());
            try (Checkpoint after = ExpectedArchives.open(target)) {
                assertEquals(summary(before), summary(after));
                for (TensorView tensor : before.tensors()) {
                    TensorView wanted = news.getOrDefault(tensor.info().name(), tensor);
                    TensorView found = after.find(tensor.info().name()).orElseThrow();
                    assertArrayEquals(bytes(wanted), bytes(found), tensor.info().name());
                }
            }
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        byte[] bytes = new byte[(int) tensor.info().bytes()];
        tensor.readBytes(0, ByteBuffer.wrap(bytes));
        return bytes;
    }
}
