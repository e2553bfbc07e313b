package io.detinit.interop.numpy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {

    @TempDir
    Path folder;

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("a.npy"), bytes);
    }

    private static String dict(String descr, boolean fortran, String shape) {
        return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape
                + ", }\n";
    }

    @Test
    void filesOfNumPyHaveTheirElements() throws IOException {
        assertEquals(17, NumpyFiles.compare(NumpyFiles.golden()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "structured; a structured element type",
                "object; an array of Python objects",
                "text; the element type '<U5'",
                "bytes; the element type '|S5'",
                "date; the element type '<M8[D]'",
                "void; the element type '|V2'",
                "long-double; the element type '<f16'",
                "several; the rest belongs to no array"
            })
    void whatIsNotReadIsRefusedInOneLine(String name, String message) {
        Path file = NumpyFiles.golden().resolve("refused-" + name + ".npy");
        String found = assertThrows(MalformedFileException.class, () -> NpyFile.open(file))
                .getMessage();
        assertTrue(found.contains(message) && found.startsWith(file + ": "), found);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
                "{ \"shape\" : ( 2 ,3, ) , \"fortran_order\":False,\"descr\":\"<f4\" } \n",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }           \n"
            })
    void dictsAsPythonAllowsThem(String dict) throws IOException {
        for (int major = 1; major <= 3; major++) {
            try (NpyFile file = NpyFile.open(write(NumpyFiles.npy(major, dict, 24)))) {
                TensorInfo info = file.tensors().get(0).info();
                assertEquals(DType.F32, info.dtype());
                assertEquals(TensorShape.of(2, 3), info.shape());
                assertEquals(
                        0x03020100,
                        ByteBuffer.wrap(NumpyFiles.bytes(file.tensors().get(0)))
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .getInt());
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "{}; no 'descr'",
                "{'descr': '<f4', 'shape': (6,), }; no 'fortran_order'",
                "{'descr': '<f4', 'fortran_order': False}; no 'shape'",
                "{'descr': '<f4', 'descr': '<f4'}; 'descr' a second time",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}; the key 'more'",
                "{'descr': 'f4', 'fortran_order': False, 'shape': (6,)}; 'f4', expected an element type",
                "{'descr': '=f4', 'fortran_order': False, 'shape': (6,)}; '=f4', expected an element type",
                "{'descr': '|f4', 'fortran_order': False, 'shape': (6,)}; the element type '|f4'",
                "{'descr': '', 'fortran_order': False, 'shape': (6,)}; '', expected an element type",
                "{'descr': '<f4', 'fortran_order': false, 'shape': (6,)}; no truth value",
                "{'descr': '<f4', 'fortran_order': False, 'shape': 6}; '6', expected '('",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}; a number in brackets",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}; no axis length",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}; no axis length",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6 1)}; no comma",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (06,)}; the axis length 06",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}; one below 2^63",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}; the axis length",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}; fewer than 2^63 elements",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}; fewer than 2^63 bytes",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4611686018427387904, 8)}; fewer than 2^63 bytes",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}; 24 bytes, expected 28",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}; 24 bytes, expected 20",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} x; 'x' after the dict",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,); the end of the header",
                "{'descr': '<f4; a string without an end",
                "{'descr': '<\\x66'; a string with a backslash",
                "[1]; '[', expected '{'"
            })
    void oneErrorForEachWayToBeWrong(String dict, String message) throws IOException {
        Path file = write(NumpyFiles.npy(1, dict, 24));
        String found = assertThrows(MalformedFileException.class, () -> NpyFile.open(file), dict)
                .getMessage();
        assertTrue(found.contains(message), found);
    }

    @Test
    void theStartIsChecked() throws IOException {
        byte[] good = NumpyFiles.npy(1, dict("<f4", false, "(1,)"), 4);
        byte[] magic = good.clone();
        magic[1] = 'n';
        byte[] version = good.clone();
        version[6] = 4;
        byte[] length = good.clone();
        length[9] = 1;
        byte[] huge = NumpyFiles.npy(2, dict("<f4", false, "(1,)"), 4);
        huge[11] = -1;
        byte[] notUtf8 = NumpyFiles.npy(3, dict("<f4", false, "(1,)"), 4);
        notUtf8[13] = -1;
        byte[] deep = NumpyFiles.npy(1, dict("<f4", false, "(" + "1, ".repeat(65) + ")"), 4);
        Map<byte[], String> cases = Map.of(
                magic,
                "no NumPy array",
                version,
                "version 4.0",
                length,
                "header length at byte 8",
                huge,
                "header length at byte 8",
                notUtf8,
                "not UTF-8",
                deep,
                "65 axes",
                new byte[0],
                "no NumPy array");
        for (Map.Entry<byte[], String> entry : cases.entrySet()) {
            Path file = write(entry.getKey());
            String found = assertThrows(MalformedFileException.class, () -> NpyFile.open(file))
                    .getMessage();
            assertTrue(found.contains(entry.getValue()), found);
        }
        assertTrue(NpyFile.looksLikeNpy(good));
        assertFalse(NpyFile.looksLikeNpy(magic));
        assertFalse(NpyFile.looksLikeNpy(new byte[3]));
    }

    @Test
    void aFileCutShortAnywhereIsRefused() throws IOException {
        try (Stream<Path> files = Files.list(NumpyFiles.golden())) {
            for (Path original : files.filter(f -> f.getFileName().toString().matches("(f4|deep|version3).*npy"))
                    .toList()) {
                byte[] bytes = Files.readAllBytes(original);
                for (int length = 0; length < bytes.length; length++) {
                    byte[] cut = Arrays.copyOf(bytes, length);
                    assertThrows(
                            MalformedFileException.class,
                            () -> NumpyFiles.open("cut.npy", cut),
                            original + " " + length);
                }
            }
        }
    }

    /** Any range of bytes, in slabs of any size, gives what reordering element by element gives. */
    @Test
    void fortranOrderIsPresentedRowByRow() throws IOException {
        Random random = new Random(7);
        for (int round = 0; round < 300; round++) {
            long[] dims = random.longs(1 + random.nextInt(4), 1, 7).toArray();
            TensorShape shape = TensorShape.of(dims);
            DType dtype = List.of(DType.U8, DType.F16, DType.F32, DType.F64, DType.C128)
                    .get(random.nextInt(5));
            boolean big = random.nextBoolean() && dtype.bytes() > 1;
            NpyType type = new NpyType("", dtype, big);
            int size = dtype.bytes();
            byte[] stored = new byte[Math.toIntExact(dtype.bytesOf(shape.elements()))];
            random.nextBytes(stored);
            byte[] expected = new byte[stored.length];
            for (int element = 0; element < shape.elements(); element++) {
                int rest = element;
                long place = 0;
                long stride = shape.elements();
                for (int axis = dims.length - 1; axis >= 0; axis--) { // row by row: the last axis is the fastest
                    stride /= dims[axis];
                    place += rest % dims[axis] * stride;
                    rest /= (int) dims[axis];
                }
                for (int k = 0; k < size; k++) {
                    int number = type.numberBytes();
                    int from = big ? k / number * number + number - 1 - k % number : k;
                    expected[element * size + k] = stored[(int) place * size + from];
                }
            }
            TensorView tensor = new FortranTensor(
                    new TensorInfo("t", dtype, shape, TensorInfo.Kind.PARAMETER),
                    new MemoryBytes("memory", stored),
                    type,
                    size * (1 + random.nextInt(20)));
            assertArrayEquals(expected, NumpyFiles.bytes(tensor), shape + " " + dtype);
            int from = random.nextInt(expected.length);
            ByteBuffer part = ByteBuffer.allocate(random.nextInt(expected.length - from + 1));
            tensor.readBytes(from, part);
            assertArrayEquals(Arrays.copyOfRange(expected, from, from + part.capacity()), part.array());
        }
    }

    /** Columns too long to be read several at a time, in more than one slab. */
    @Test
    void longColumnsArePresentedRowByRow() throws IOException {
        int rows = 70_000;
        int columns = 5;
        ByteBuffer stored = ByteBuffer.allocate(4 * rows * columns);
        for (int k = 0; k < rows * columns; k++) {
            stored.putInt(4 * k, k);
        }
        TensorView tensor = new FortranTensor(
                new TensorInfo("t", DType.U32, TensorShape.of(rows, columns), TensorInfo.Kind.BUFFER),
                new MemoryBytes("memory", stored.array()),
                new NpyType(">u4", DType.U32, true),
                1 << 20);
        ByteBuffer found = ByteBuffer.wrap(NumpyFiles.bytes(tensor)).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                assertEquals(column * rows + row, found.getInt());
            }
        }
    }

    @Test
    void bigEndianRangesBeginAndEndAnywhere() throws IOException {
        byte[] stored = new byte[8 * 20_000];
        new Random(3).nextBytes(stored);
        TensorInfo info = new TensorInfo("t", DType.F64, TensorShape.of(20_000), TensorInfo.Kind.PARAMETER);
        TensorView tensor = new BigEndianTensor(info, new MemoryBytes("memory", stored), 8, "");
        byte[] expected = new byte[stored.length];
        for (int k = 0; k < stored.length; k++) {
            expected[k] = stored[k / 8 * 8 + 7 - k % 8];
        }
        for (int from : new int[] {0, 1, 7, 8, 65_535, 65_537, stored.length - 3, stored.length}) {
            for (int length : new int[] {0, 1, 3, 8, 65_536, 65_543, 131_079}) {
                if (from + length <= stored.length) {
                    ByteBuffer part = ByteBuffer.allocate(length);
                    tensor.readBytes(from, part);
                    assertArrayEquals(
                            Arrays.copyOfRange(expected, from, from + length), part.array(), from + " " + length);
                }
            }
        }
        assertThrows(
                IndexOutOfBoundsException.class, () -> tensor.readBytes(stored.length - 1, ByteBuffer.allocate(2)));
    }

    @Test
    void rewritingKeepsTypeByteOrderAndHeader() throws IOException {
        Path target = folder.resolve("out.npy");
        for (String name : List.of("f4", "big-c16", "f2", "big-i2", "b1", "scalar", "empty", "version2", "version3")) {
            Path source = NumpyFiles.golden().resolve(name + ".npy");
            byte[] before = Files.readAllBytes(source);
            try (NpyFile file = NpyFile.open(source)) {
                file.rewrite(target, Map.of(), Map.of(Checkpoint.PLAN_KEY, "{}"));
                assertArrayEquals(before, Files.readAllBytes(target), name + ": a copy is the same file");
                file.rewrite(target, Map.of(NpyFile.NAME, file.tensors().get(0)), Map.of());
                assertArrayEquals(before, Files.readAllBytes(target), name + ": its own elements are the same file");
            }
        }
        for (String name : List.of("f4-fortran", "big-f8-fortran", "deep")) {
            Path source = NumpyFiles.golden().resolve(name + ".npy");
            try (NpyFile file = NpyFile.open(source)) {
                file.rewrite(target, Map.of(), Map.of());
                assertArrayEquals(Files.readAllBytes(source), Files.readAllBytes(target));
                file.rewrite(target, Map.of(NpyFile.NAME, file.tensors().get(0)), Map.of());
                try (NpyFile again = NpyFile.open(target)) {
                    assertEquals(
                            file.tensors().get(0).info(), again.tensors().get(0).info());
                    assertArrayEquals(
                            NumpyFiles.bytes(file.tensors().get(0)),
                            NumpyFiles.bytes(again.tensors().get(0)));
                }
            }
        }
        try (NpyFile file = NpyFile.open(NumpyFiles.golden().resolve("f4.npy"))) {
            TensorView other = ArrayTensor.of("tensor", TensorShape.of(3, 2), new float[6]);
            assertThrows(IllegalArgumentException.class, () -> file.rewrite(target, Map.of("tensor", other), Map.of()));
        }
    }
}
