package io.detinit.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.Samples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataTest {

    private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";

    @TempDir
    Path folder;

    private static byte[] images(int count, int height, int width) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + count * height * width);
        bytes.putInt(0x803).putInt(count).putInt(height).putInt(width);
        for (int k = 0; k < count * height * width; k++) {
            bytes.put((byte) (k * 7));
        }
        return bytes.array();
    }

    private static byte[] labels(int... labels) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + labels.length).putInt(0x801).putInt(labels.length);
        for (int label : labels) {
            bytes.put((byte) label);
        }
        return bytes.array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private void writeAll() throws IOException {
        write(TRAIN_IMAGES, images(3, 2, 2));
        write("train-labels-idx1-ubyte", labels(0, 9, 4));
        write("t10k-images-idx3-ubyte", images(2, 2, 2));
        write("t10k-labels-idx1-ubyte", labels(1, 2));
    }

    private void write(String name, byte[] bytes) throws IOException {
        Files.write(folder.resolve(name), bytes);
    }

    private String refused() {
        String message = assertThrows(MalformedFileException.class, () -> IdxFiles.read(folder, "x"))
                .getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void readsRawAndGzippedFilesAlike() throws IOException {
        writeAll();
        ImageData raw = IdxFiles.read(folder, "x");
        assertEquals(3, raw.train().count());
        assertArrayEquals(new int[] {0, 9, 4}, raw.train().labels());
        assertEquals(7, raw.train().pixels()[1]);
        for (String name : IdxFiles.fileNames()) {
            byte[] bytes = Files.readAllBytes(folder.resolve(name));
            Files.delete(folder.resolve(name));
            write(name.replace("-idx", ".idx") + ".gz", gzip(bytes));
        }
        ImageData zipped = IdxFiles.read(folder, "x");
        assertEquals(raw.train().sha256(), zipped.train().sha256());
        assertEquals(raw.test().sha256(), zipped.test().sha256());
    }

    @Test
    void everyWayToBeWrongHasItsError() throws IOException {
        writeAll();
        byte[] good = images(3, 2, 2);
        write(TRAIN_IMAGES, labels(1, 2, 3, 4, 5, 6, 7, 8, 9));
        assertTrue(refused().contains("byte 0: magic number: found 0x00000801, expected 0x00000803"));
        write(TRAIN_IMAGES, Arrays.copyOf(good, good.length + 1));
        assertTrue(refused().contains("more data"));
        write(TRAIN_IMAGES, images(4, 2, 2));
        assertTrue(refused().contains("4 images"));
        write(TRAIN_IMAGES, ByteBuffer.wrap(good.clone()).putInt(8, 0).array());
        assertTrue(refused().contains("0 x 2"));
        write(TRAIN_IMAGES, ByteBuffer.wrap(good.clone()).putInt(8, -5).array());
        assertTrue(refused().contains("-5 x 2"));
        write(
                TRAIN_IMAGES,
                ByteBuffer.wrap(good.clone()).putInt(8, 4000).putInt(12, 4000).array());
        assertTrue(refused().contains("truncated"), "48 MB are declared, 12 bytes are there");
        write(TRAIN_IMAGES, ByteBuffer.wrap(good.clone()).putInt(4, -3).array());
        assertTrue(refused().contains("count: found -3"));
        write(TRAIN_IMAGES, good);
        write("train-labels-idx1-ubyte", labels(0, 10, 4));
        assertTrue(refused().contains("byte 9: label 1: found 10, expected 0 to 9"));
        write("train-labels-idx1-ubyte", labels(0, 1, 4));
        write("t10k-images-idx3-ubyte", images(2, 3, 2));
        assertTrue(refused().contains("3 x 2"));
    }

    @Test
    void aZipBombIsNotUnpacked() throws IOException {
        writeAll();
        Files.delete(folder.resolve(TRAIN_IMAGES));
        byte[] bomb = Arrays.copyOf(images(3, 2, 2), 50_000_000);
        write(TRAIN_IMAGES + ".gz", gzip(bomb));
        assertTrue(refused().contains("byte 28: found more data"));
    }

    @Test
    void truncationAtEveryByteIsRefused() throws IOException {
        for (boolean zipped : new boolean[] {false, true}) {
            writeAll();
            byte[] whole = zipped ? gzip(images(3, 2, 2)) : images(3, 2, 2);
            for (int length = 0; length < whole.length; length++) {
                write(TRAIN_IMAGES, Arrays.copyOf(whole, length));
                refused();
            }
        }
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        writeAll();
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        String reason = assertThrows(NoSuchFileException.class, () -> IdxFiles.read(folder, "x"))
                .getReason();
        assertTrue(reason.contains("t10k-labels-idx1-ubyte.gz"), reason);
        assertThrows(NoSuchFileException.class, () -> IdxFiles.read(folder.resolve("none"), "x"));
    }

    @Test
    void theRealMnistFiles() throws IOException {
        Path mnist = SharedFiles.mnist();
        assumeTrue(Files.isDirectory(mnist), "MNIST is not there");
        ImageData data = (ImageData) DataSpec.load("mnist:" + mnist);
        assertEquals(60_000, data.train().count());
        assertEquals(10_000, data.test().count());
        assertArrayEquals(new int[] {5, 0, 4, 1, 9}, Arrays.copyOf(data.train().labels(), 5));
        assertArrayEquals(new int[] {7, 2, 1, 0, 4}, Arrays.copyOf(data.test().labels(), 5));
        Samples samples = data.trainSamples(Normalization.MEANSTD);
        double sum = 0;
        for (float value : samples.features()) {
            sum += value;
        }
        assertEquals(0, sum / samples.features().length, 1e-5);
        // the published mean and std of MNIST's training pixels: 0.1307, 0.3081
        assertEquals(-0.1307 / 0.3081, samples.features()[0], 1e-3);
    }

    @Test
    void theEmbeddedSetIsTheSameEverywhere() {
        ImageData data = ProceduralDigits.generate();
        assertTrue(data.train().count() >= 12_000 && data.test().count() >= 2_000);
        assertEquals(
                "150b9370ce0f7a570df69ae09ec3751f4cf8316f90b904601e3f9ed1dcc25f09",
                data.train().sha256());
        assertEquals(
                "8b0a26c3b020511267e565a0ebfab6ca4508d0ed2514aa419fc6d2a96cb801fd",
                data.test().sha256());
        int[] perClass = new int[10];
        for (int label : data.test().labels()) {
            perClass[label]++;
        }
        for (int count : perClass) {
            assertTrue(count > 300, Arrays.toString(perClass));
        }
        assertFalse(Arrays.equals(
                Arrays.copyOf(data.train().pixels(), 784),
                Arrays.copyOf(data.test().pixels(), 784)));
    }

    @Test
    void theValidationPartIsTheEndOfTheTrainingImages() throws IOException {
        write(TRAIN_IMAGES, images(13, 2, 2));
        write("train-labels-idx1-ubyte", labels(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2));
        write("t10k-images-idx3-ubyte", images(2, 2, 2));
        write("t10k-labels-idx1-ubyte", labels(1, 2));
        ImageData data = IdxFiles.read(folder, "x");
        ImageSet validation = data.validation();
        assertArrayEquals(new int[] {1, 2}, validation.labels(), "a sixth of 13, rounded down");
        assertArrayEquals(Arrays.copyOfRange(data.train().pixels(), 44, 52), validation.pixels());
        for (Normalization normalization : Normalization.values()) {
            Samples all = data.trainSamples(normalization);
            Samples part = data.validationSamples(normalization);
            assertEquals(10, part.classes());
            assertArrayEquals(
                    Arrays.copyOfRange(all.features(), 44, 52),
                    part.features(),
                    "normalised with the statistics of all training images");
        }
        assertEquals(1, new ImageData("y", validation, validation).validation().count(), "one at least");
        assertThrows(IllegalArgumentException.class, () -> validation.last(0));
        assertThrows(IllegalArgumentException.class, () -> validation.last(3));
    }

    @Test
    void withoutANetworkTheDownloadSaysWhatToDo() {
        String message = assertThrows(
                        IOException.class,
                        () -> DataSpec.load("mnist", artifact -> {
                            throw new UnknownHostException("mlrepo.djl.ai");
                        }))
                .getMessage();
        assertEquals(1, message.lines().count());
        assertTrue(message.contains("t10k-images-idx3-ubyte.gz") && message.contains("--data mnist:DIR"), message);
    }

    @Test
    void aDownloadIsReadFromWhereverItLies() throws IOException {
        writeAll();
        Path deep = Files.createDirectories(folder.resolve("cache/a/b"));
        for (String name : IdxFiles.fileNames()) {
            Files.move(folder.resolve(name), deep.resolve(name));
        }
        assertEquals(3, DataSpec.load("mnist", artifact -> folder).trainCount());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> DataSpec.load("cifar"))
                .getMessage()
                .contains("digits"));
        assertThrows(IllegalArgumentException.class, () -> Normalization.parse("zscore"));
    }

    @Test
    void theOrderOfAnEpochIsAPermutationOfItsSeed() {
        int[] order = EpochOrder.permutation(7, 1, 1000);
        int[] sorted = order.clone();
        Arrays.sort(sorted);
        for (int k = 0; k < 1000; k++) {
            assertEquals(k, sorted[k]);
        }
        assertArrayEquals(order, EpochOrder.permutation(7, 1, 1000));
        assertFalse(Arrays.equals(order, EpochOrder.permutation(7, 2, 1000)));
        assertFalse(Arrays.equals(order, EpochOrder.permutation(8, 1, 1000)));
        assertEquals(0, EpochOrder.permutation(1, 1, 0).length);
        // all 6 orders of 3 samples are equally likely: a chi-square of 5 degrees above 40 has p < 2e-7
        int[] counts = new int[6];
        for (int epoch = 1; epoch <= 6000; epoch++) {
            int[] small = EpochOrder.permutation(3, epoch, 3);
            counts[small[0] * 2 + (small[1] > small[2] ? 1 : 0)]++;
        }
        double chiSquare = 0;
        for (int count : counts) {
            chiSquare += (count - 1000.0) * (count - 1000.0) / 1000;
        }
        assertTrue(chiSquare < 40, Arrays.toString(counts));
    }
}
