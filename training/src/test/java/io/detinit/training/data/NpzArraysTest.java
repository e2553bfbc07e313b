package io.detinit.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpzArraysTest {

    @TempDir
    Path folder;

    private final Map<String, byte[]> arrays = new LinkedHashMap<>();

    private NpzArraysTest with(String name, byte[] array) {
        arrays.put(name, array);
        return this;
    }

    private DataSet load(String options) throws IOException {
        return DataSpec.load("npz:" + NpzWriter.write(folder.resolve("a.npz"), arrays, true) + options);
    }

    private String refused(String options) throws IOException {
        Path file = NpzWriter.write(folder.resolve("a.npz"), arrays, false);
        String message = assertThrows(MalformedFileException.class, () -> DataSpec.load("npz:" + file + options))
                .getMessage();
        assertEquals(1, message.lines().count());
        assertTrue(message.startsWith(file.toString()), message);
        return message;
    }

    private String usage(String options) throws IOException {
        Path file = NpzWriter.write(folder.resolve("a.npz"), arrays, false);
        return assertThrows(IllegalArgumentException.class, () -> DataSpec.load("npz:" + file + options))
                .getMessage();
    }

    private static byte[] u1(String shape, int... values) {
        byte[] bytes = new byte[values.length];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = (byte) values[k];
        }
        return NpzWriter.npy("|u1", shape, bytes);
    }

    private static byte[] range(String shape, int count) {
        byte[] bytes = new byte[count];
        for (int k = 0; k < count; k++) {
            bytes[k] = (byte) k;
        }
        return NpzWriter.npy("|u1", shape, bytes);
    }

    private static byte[] f4(String shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return NpzWriter.npy("<f4", shape, bytes.array());
    }

    private static byte[] f8(String shape, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(values);
        return NpzWriter.npy("<f8", shape, bytes.array());
    }

    private static byte[] i8(String shape, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return NpzWriter.npy("<i8", shape, bytes.array());
    }

    private static byte[] labels() {
        return i8("2,", 1, 0);
    }

    @Test
    void imagesOfTheUsualNames() throws IOException {
        for (List<String> names : List.of(
                List.of("x_train", "y_train", "x_test", "y_test"),
                List.of("X_train", "Y_train", "X_test", "Y_test"),
                List.of("train_images", "train_labels", "test_images", "test_labels"),
                List.of("train_data", "train_labels", "test_data", "test_labels"))) {
            arrays.clear();
            with(names.get(0), range("3, 2, 2", 12)).with(names.get(1), u1("3, 1", 2, 0, 1));
            with(names.get(2), range("2, 2, 2", 8)).with(names.get(3), labels());
            ImageData data = assertInstanceOf(ImageData.class, load(""));
            assertEquals("npz:a.npz", data.name());
            assertArrayEquals(new long[] {1, 2, 2}, data.sampleShape());
            assertArrayEquals(new int[] {1, 0}, data.test().labels(), "the order of the file");
            assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 5, 6, 7}, data.test().pixels());
            assertEquals(3, data.classes());
            assertEquals(List.of("0", "1", "2"), data.classNames());
            for (int k = 0; k < 3; k++) { // the order of the seed; labels go with their images
                int image = data.train().pixels()[4 * k] / 4;
                assertEquals(new int[] {2, 0, 1}[image], data.train().labels()[k]);
            }
            assertTrue(usage(",holdout=0.5").contains("a file without test arrays"));
        }
    }

    @Test
    void aPartIsHeldOutWhereThereAreNoTestArrays() throws IOException {
        for (List<String> names : List.of(
                List.of("x", "y"),
                List.of("X", "y"),
                List.of("images", "labels"),
                List.of("data", "labels"),
                List.of("features", "labels"),
                List.of("data", "target"),
                List.of("x_train", "y_train"))) {
            arrays.clear();
            with(names.get(0), f4("10, 1", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
            with(names.get(1), i8("10,", 0, 1, 0, 1, 0, 1, 0, 1, 0, 1));
            TableData data = assertInstanceOf(TableData.class, load(""));
            assertEquals(2, data.testCount());
            float[] all = Arrays.copyOf(data.train().values(), 10);
            System.arraycopy(data.test().values(), 0, all, 8, 2);
            Arrays.sort(all);
            assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, all);
            assertEquals(5, load(",holdout=0.5,seed=3").testCount());
        }
        arrays.clear();
        with("a b", f4("2, 1", 5, 6)).with("c", labels());
        assertEquals(1, load(",x=a b,y=c,holdout=0.5").testCount());
        assertEquals(2, load(",x=a b,y=c,xtest=a b,ytest=c").testCount());
        assertTrue(usage(",x=a b").contains("y=NAME beside it"));
        assertTrue(usage(",y=c").contains("x=NAME beside it"));
        assertTrue(usage(",x=a b,y=c,xtest=a b").contains("ytest=NAME beside it"));
        assertTrue(usage(",ytest=c").contains("x=NAME,y=NAME beside it"));
        assertTrue(usage(",x=a b,y=q").contains("an array of ")
                && usage(",x=a b,y=q").contains("a b, c"));
        assertTrue(
                refused("").contains("arrays: found only a b, c, expected x_train, y_train, x_test, y_test or x, y"));
        with("x_train", f4("2, 1", 5, 6)).with("y_train", labels()).with("x_test", f4("2, 1", 5, 6));
        assertTrue(refused("").contains("only one of x_test and y_test"));
    }

    @Test
    void channelsMayComeFirstOrLast() throws IOException {
        with("x", range("2, 5, 2, 3", 60)).with("y", labels());
        String message = refused("");
        assertTrue(message.contains("samples of [5, 2, 3], which look like height, width, channels"), message);
        ImageData last = (ImageData) load(",layout=nhwc,holdout=0.5");
        assertArrayEquals(new long[] {3, 5, 2}, last.sampleShape());
        int from = last.test().pixels()[0];
        // [height, width, channel] lies at 6 h + 3 w + c
        assertArrayEquals(
                new byte[] {0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 1, 4},
                minus(Arrays.copyOf(last.test().pixels(), 12), from));
        ImageData first = (ImageData) load(",layout=nchw,holdout=0.5");
        assertArrayEquals(new long[] {5, 2, 3}, first.sampleShape());
        float[] values = new float[60];
        for (int k = 0; k < 60; k++) {
            values[k] = k;
        }
        with("x", f4("2, 5, 2, 3", values));
        TableData floats = (TableData) load(",layout=nhwc,x=x,y=y,xtest=x,ytest=y");
        assertArrayEquals(new long[] {3, 5, 2}, floats.sampleShape());
        assertArrayEquals(
                new float[] {0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 1, 4},
                Arrays.copyOf(floats.test().values(), 12));
        with("x", range("2, 3, 2, 2", 24));
        assertArrayEquals(new long[] {3, 2, 2}, load(",holdout=0.5").sampleShape());
        with("x", range("2, 6, 2, 1", 24));
        assertArrayEquals(new long[] {1, 6, 2}, load(",holdout=0.5").sampleShape(), "one channel lies alike both ways");
        with("x", range("2, 12", 24));
        assertInstanceOf(TableData.class, load(",holdout=0.5"), "numbers, not pixels");
        assertArrayEquals(new long[] {3, 2, 2}, load(",holdout=0.5,shape=3x2x2").sampleShape());
        assertInstanceOf(ImageData.class, load(",holdout=0.5,shape=3x2x2"));
        assertTrue(usage(",shape=5x2").contains("the 12 values of a sample of x"));
        assertTrue(usage(",layout=nhwc").contains("samples of three axes"));
        assertTrue(usage(",layout=hwc").contains("auto, nchw, nhwc"));
    }

    private static byte[] minus(byte[] bytes, int number) {
        byte[] less = new byte[bytes.length];
        for (int k = 0; k < less.length; k++) {
            less[k] = (byte) (bytes[k] - number);
        }
        return less;
    }

    @Test
    void everyRealTypeIsReadAsItIs() throws IOException {
        Map<String, byte[]> ones = new LinkedHashMap<>();
        ones.put("|b1", new byte[] {1, 0});
        ones.put("|i1", new byte[] {-1, 3});
        ones.put("|u1", new byte[] {-1, 3});
        ones.put("<i2", new byte[] {-1, -1, 3, 0});
        ones.put("<u2", new byte[] {-1, -1, 3, 0});
        ones.put(">u2", new byte[] {1, 0, 0, 3});
        ones.put("<i4", new byte[] {-1, -1, -1, -1, 3, 0, 0, 0});
        ones.put("<u4", new byte[] {-1, -1, -1, -1, 3, 0, 0, 0});
        ones.put("<u8", new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, 3, 0, 0, 0, 0, 0, 0, 0});
        ones.put("<f2", new byte[] {0, 0x3C, 0, (byte) 0xC2}); // 1, -3
        float[] expected = {1, 0, -1, 3, 255, 3, -1, 3, 65535, 3, 256, 3, -1, 3, 0x1p32f, 3, 0x1p64f, 3, 1, -3};
        int at = 0;
        for (Map.Entry<String, byte[]> entry : ones.entrySet()) {
            with("x", NpzWriter.npy(entry.getKey(), "2, 1", entry.getValue())).with("y", labels());
            TableData data = (TableData) load(",x=x,y=y,xtest=x,ytest=y");
            assertArrayEquals(
                    new float[] {expected[at], expected[at + 1]}, data.test().values(), entry.getKey());
            at += 2;
        }
        with("x", f8("2, 1", 0.1, -1e-3));
        TableData doubles = (TableData) load(",x=x,y=y,xtest=x,ytest=y");
        assertArrayEquals(new float[] {0.1f, -1e-3f}, doubles.test().values());
        with("x", NpzWriter.npy("<c8", "2, 1", new byte[16]));
        assertTrue(refused("").contains("the type C64 is not supported"));
        with("x", NpzWriter.npy("<U1", "2, 1", new byte[8]));
        assertTrue(refused("").contains("the element type '<U1' is not supported"));
    }

    @Test
    void valuesThatAreNoNumbersAreNamed() throws IOException {
        with("y", labels());
        with("x", f4("2, 2", 1, 2, 3, Float.NaN));
        assertTrue(refused("").contains("x: sample 1, value 1: found NaN, expected a finite number"));
        with("x", f4("2, 2", 1, Float.NEGATIVE_INFINITY, 3, 4));
        assertTrue(refused("").contains("x: sample 0, value 1: found -Infinity"));
        with("x", f8("2, 1", 1, 1e39));
        assertTrue(refused("").contains("x: sample 1, value 0: found 1.0E39"));
    }

    @Test
    void labelsAreNumbersOrOneHot() throws IOException {
        with("x", f4("3, 1", 7, 8, 9));
        String same = ",x=x,y=y,xtest=x,ytest=y";
        for (byte[] y : List.of(
                i8("3,", 2, 0, 1),
                i8("3, 1", 2, 0, 1),
                u1("3,", 2, 0, 1),
                f4("3,", 2, 0, 1),
                f8("3, 1", 2, 0, 1),
                f4("3, 3", 0, 0, 1, 1, 0, 0, 0, 1, 0),
                u1("3, 3", 0, 0, 1, 1, 0, 0, 0, 1, 0),
                NpzWriter.npy("|b1", "3, 3", new byte[] {0, 0, 1, 1, 0, 0, 0, 1, 0}))) {
            TableData data = (TableData) with("y", y).load(same);
            assertArrayEquals(new int[] {2, 0, 1}, data.test().labels());
            assertEquals(3, data.classes());
        }
        assertEquals(
                5,
                with("y", u1("3, 5", 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0))
                        .load(same)
                        .classes());
        Map<String, byte[]> bad = new LinkedHashMap<>();
        bad.put("y: sample 1: found the label -1, expected a whole number from 0 to 65535", i8("3,", 0, -1, 1));
        bad.put("y: sample 2: found the label 65536", i8("3,", 0, 1, 65536));
        bad.put("y: sample 0: found the label 9.2233", i8("3,", Long.MAX_VALUE, 1, 0));
        bad.put("y: sample 1: found the label 0.5", f4("3,", 0, 0.5f, 1));
        bad.put("y: sample 1: found the label NaN", f4("3,", 0, Float.NaN, 1));
        bad.put("y: sample 1: found 1 in column 1, expected zeros and a single 1", u1("3, 2", 1, 0, 1, 1, 0, 1));
        bad.put("y: sample 2: found zeros alone", u1("3, 2", 1, 0, 0, 1, 0, 0));
        bad.put("y: sample 0: found 2 in column 0", u1("3, 2", 2, 0, 0, 1, 0, 0));
        bad.put("y: sample 0: found 0.5 in column 0", f4("3, 2", 0.5f, 0.5f, 0, 1, 0, 1));
        bad.put("y: found the shape [3, 1, 1]", i8("3, 1, 1", 0, 1, 1));
        bad.put("y: found class 0 alone, expected two classes", i8("3,", 0, 0, 0));
        bad.put("x: found 3 samples, expected 2 as there are labels", i8("2,", 0, 1));
        bad.put("y: found the shape [0]", i8("0,"));
        bad.put("y: found the shape []", i8("", 3));
        for (Map.Entry<String, byte[]> entry : bad.entrySet()) {
            String message = with("y", entry.getValue()).refused("");
            assertTrue(message.contains(entry.getKey()), message + " should say " + entry.getKey());
        }
    }

    @Test
    void shapesThatHoldNoSamplesAreRefused() throws IOException {
        with("y", labels()).with("x", f4("2,", 1, 2));
        assertTrue(refused("").contains("x: found the shape [2], expected [N, features]"));
        with("x", f4("2, 0"));
        assertTrue(refused("").contains("x: found the shape [2, 0]"));
        with("x", f4("2, 1, 1, 1, 1, 1, 1, 1, 1", 1, 2));
        assertTrue(refused("").contains("x: found the shape"));
        arrays.clear();
        with("x_train", range("2, 2, 2", 8)).with("y_train", labels());
        with("x_test", range("2, 2, 3", 12)).with("y_test", labels());
        assertTrue(refused("").contains("x_test: found U8 [2, 2, 3], expected samples as in x_train, U8 [2, 2, 2]"));
        with("x_test", f4("2, 2, 2", 1, 2, 3, 4, 5, 6, 7, 8));
        assertTrue(refused("").contains("x_test: found F32 [2, 2, 2]"));
        with("x_test", range("2, 2, 2", 8)).with("y_test", i8("2,", 3, 3));
        assertEquals(4, load("").classes(), "classes of both parts");
    }

    @Test
    void hostileArchivesAreOneLine() throws IOException {
        assertThrows(NoSuchFileException.class, () -> DataSpec.load("npz:" + folder.resolve("none.npz")));
        Path junk = Files.writeString(folder.resolve("junk.npz"), "no zip at all, but long enough for a directory");
        assertThrows(MalformedFileException.class, () -> DataSpec.load("npz:" + junk));
        // 2^40 elements are declared, eight bytes are there
        with("x", NpzWriter.npy("|u1", "1048576, 1048576", new byte[8])).with("y", labels());
        assertTrue(refused("").contains("the file is truncated"));
        with("x", range("2, 2, 2", 8));
        byte[] whole = Files.readAllBytes(NpzWriter.write(folder.resolve("whole.npz"), arrays, true));
        Path cut = folder.resolve("cut.npz");
        for (int length = 0; length < whole.length; length++) {
            Files.write(cut, Arrays.copyOf(whole, length));
            String message = assertThrows(MalformedFileException.class, () -> DataSpec.load("npz:" + cut))
                    .getMessage();
            assertEquals(1, message.lines().count());
        }
    }

    @Test
    void theRealMnistAsArraysIsTheSame() throws IOException {
        Path mnist = SharedFiles.mnist();
        assumeTrue(Files.isDirectory(mnist), "MNIST is not there");
        ImageData idx = (ImageData) DataSpec.load("mnist:" + mnist);
        ImageSet test = idx.test();
        ImageSet train = idx.train().last(10_000);
        with("x_train", NpzWriter.npy("|u1", "10000, 28, 28", train.pixels()));
        with("y_train", NpzWriter.npy("|u1", "10000,", bytes(train.labels())));
        with("x_test", NpzWriter.npy("|u1", "10000, 28, 28", test.pixels()));
        with("y_test", NpzWriter.npy("|u1", "10000,", bytes(test.labels())));
        ImageData npz = (ImageData) load("");
        assertEquals(idx.testSha256(), npz.testSha256());
        assertEquals(train.pick(Split.order(0, 10_000)).sha256(), npz.trainSha256());
        DataSet fashion = DataSpec.load("fashion-mnist:" + mnist); // the same format
        assertEquals(idx.testSha256(), fashion.testSha256());
        assertEquals("Sneaker", fashion.classNames().get(7));
        assertEquals("fashion-mnist", fashion.name());
    }

    private static byte[] bytes(int[] labels) {
        byte[] bytes = new byte[labels.length];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = (byte) labels[k];
        }
        return bytes;
    }
}
