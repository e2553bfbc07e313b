package io.detinit.interop.numpy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.zip.ZipArchive;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzTest {

    private static final String DICT = "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n";

    @TempDir
    Path folder;

    private Path zip(Map<String, byte[]> members) throws IOException {
        Path file = folder.resolve("a.npz");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> member : members.entrySet()) {
                zip.putNextEntry(new ZipEntry(member.getKey()));
                zip.write(member.getValue());
            }
        }
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"stored.npz", "deflated.npz"})
    void rewritingReplacesAndKeeps(String name) throws IOException {
        Path target = folder.resolve("out.npz");
        TensorView f4 = ArrayTensor.of("f4", TensorShape.of(2, 3), new float[] {9, 8, 7, 6, 5, Float.NaN});
        try (NpzFile file = NpzFile.open(NumpyFiles.golden().resolve(name))) {
            TensorView big = file.find("big-f8-fortran").orElseThrow();
            file.rewrite(target, Map.of("f4", f4, "big-f8-fortran", big), Map.of(Checkpoint.PLAN_KEY, "{}"));
            try (NpzFile again = NpzFile.open(target)) {
                assertEquals(
                        file.tensors().stream().map(TensorView::info).toList(),
                        again.tensors().stream().map(TensorView::info).toList());
                assertEquals("npz", again.format());
                assertTrue(again.metadata().isEmpty() && again.warnings().isEmpty());
                for (TensorView tensor : file.tensors()) {
                    String key = tensor.info().name();
                    assertArrayEquals(
                            NumpyFiles.bytes(key.equals("f4") ? f4 : tensor),
                            NumpyFiles.bytes(again.find(key).orElseThrow()),
                            key);
                }
            }
            assertThrows(IllegalArgumentException.class, () -> file.rewrite(target, Map.of("f5", f4), Map.of()));
        }
    }

    @Test
    void membersOfOtherNamesAreKeptAndNamed() throws IOException {
        Path source = zip(Map.of("w.npy", NumpyFiles.npy(1, DICT, 24), "notes.txt", new byte[] {1, 2}));
        Path target = folder.resolve("b.npz");
        try (NpzFile file = NpzFile.open(source)) {
            assertEquals(List.of("member 'notes.txt' is no .npy file and is not read"), file.warnings());
            file.rewrite(target, Map.of("w", file.tensors().get(0)), Map.of());
        }
        try (NpzFile file = NpzFile.open(target);
                FileBytes bytes = FileBytes.open(target)) {
            assertEquals(1, file.warnings().size());
            ZipArchive archive = ZipArchive.open(bytes);
            assertTrue(NpzFile.looksLikeNpz(archive));
            assertArrayEquals(
                    new byte[] {1, 2},
                    archive.content(archive.find("notes.txt").orElseThrow()).readAll(9));
        }
    }

    @Test
    void aBrokenMemberIsNamed() throws IOException {
        Path file = zip(Map.of("w.npy", NumpyFiles.npy(1, DICT, 23)));
        String found = assertThrows(MalformedFileException.class, () -> NpzFile.open(file))
                .getMessage();
        assertTrue(found.startsWith(file + ": w.npy: ") && found.contains("23 bytes, expected 24"), found);
        Path pickle = zip(
                Map.of("o.npy", NumpyFiles.npy(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", 24)));
        assertTrue(assertThrows(MalformedFileException.class, () -> NpzFile.open(pickle))
                .getMessage()
                .contains("pickle"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"positional.npz", "deflated.npz"})
    void aFileCutShortAnywhereIsRefused(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(NumpyFiles.golden().resolve(name));
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThrows(MalformedFileException.class, () -> NumpyFiles.open("cut.npz", cut), name + " " + length);
        }
    }
}
