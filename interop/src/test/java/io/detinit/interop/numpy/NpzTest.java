package io.detinit.interop.numpy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.zip.ZipArchive;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
            assertFalse(NpzFile.looksLikeNpz(archiveOf("m/data.pkl", "m/a.npy")));
            assertFalse(NpzFile.looksLikeNpz(archiveOf("m/data.bin")));
            assertArrayEquals(
                    new byte[] {1, 2},
                    archive.content(archive.find("notes.txt").orElseThrow()).readAll(9));
        }
    }

    private ZipArchive archiveOf(String... names) throws IOException {
        Map<String, byte[]> members = new LinkedHashMap<>();
        for (String name : names) {
            members.put(name, new byte[1]);
        }
        return ZipArchive.open(new MemoryBytes("memory", Files.readAllBytes(zip(members))));
    }

    /** Larger than what the inflater keeps at a time, and stored column by column. */
    @Test
    void deflatedColumnsAreReadRowByRow() throws IOException {
        String dict = "{'descr': '<u4', 'fortran_order': True, 'shape': (3000000, 2), }\n";
        byte[] npy = NumpyFiles.npy(1, dict, 24_000_000);
        ByteBuffer stored = ByteBuffer.wrap(npy).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < 6_000_000; k++) {
            stored.putInt(npy.length - 24_000_000 + 4 * k, k);
        }
        try (NpzFile file = NpzFile.open(zip(Map.of("w.npy", npy)))) {
            TensorView tensor = file.find("w").orElseThrow();
            for (int row : new int[] {0, 1, 2_999_999, 1_234_567}) {
                ByteBuffer two = tensor.view(8L * row, 8);
                assertEquals(row, two.getInt(0));
                assertEquals(3_000_000 + row, two.getInt(4));
            }
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
