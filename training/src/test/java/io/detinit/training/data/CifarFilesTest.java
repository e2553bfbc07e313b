package io.detinit.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.Samples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CifarFilesTest {

    private static final int RECORD = 3073;

    @TempDir
    Path folder;

    /** A record whose red, green and blue planes hold a different number each. */
    private static byte[] record(int label, int red) {
        byte[] record = new byte[RECORD];
        record[0] = (byte) label;
        for (int channel = 0; channel < 3; channel++) {
            Arrays.fill(record, 1 + channel * 1024, 1 + (channel + 1) * 1024, (byte) (red + 50 * channel));
        }
        record[1 + 33] = 99; // red, row 1, column 1
        return record;
    }

    private static byte[] records(byte[]... records) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] record : records) {
            out.writeBytes(record);
        }
        return out.toByteArray();
    }

    @BeforeEach
    void writeAll() throws IOException {
        for (int k = 1; k <= 5; k++) {
            Files.write(
                    folder.resolve("data_batch_" + k + ".bin"),
                    records(record(k, 10 * k), record(2 * k - 1, 10 * k + 5)));
        }
        Files.write(folder.resolve("test_batch.bin"), records(record(0, 1), record(9, 2), record(3, 3)));
    }

    private String refused() {
        String message = assertThrows(MalformedFileException.class, () -> DataSpec.load("cifar10:" + folder))
                .getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void readsFiveBatchesChannelByChannel() throws IOException {
        ImageData data = (ImageData) DataSpec.load("cifar10:" + folder);
        assertEquals("cifar10", data.name());
        assertEquals(10, data.train().count());
        assertEquals(3, data.test().count());
        assertArrayEquals(new long[] {3, 32, 32}, data.sampleShape());
        assertArrayEquals(new int[] {1, 1, 2, 3, 3, 5, 4, 7, 5, 9}, data.train().labels());
        assertArrayEquals(new int[] {0, 9, 3}, data.test().labels());
        assertEquals("airplane", data.classNames().get(0));
        assertEquals("truck", data.classNames().get(9));
        byte[] pixels = data.train().pixels();
        assertEquals(10, pixels[0]);
        assertEquals(99, pixels[33]);
        assertEquals(60, pixels[1024]);
        assertEquals(110, pixels[2048]);
        assertEquals(15, pixels[3072]);
        Samples samples = data.testSamples(Normalization.NONE);
        assertEquals(3072, samples.width());
        assertEquals(51 / 255f, samples.features()[1024]);
    }

    @Test
    void theFolderOfTheArchiveAndDjlsOneFileAreFound() throws IOException {
        String hash = DataSpec.load("cifar10:" + folder).trainSha256();
        Path inner = Files.createDirectory(folder.resolve(CifarFiles.FOLDER));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int k = 1; k <= 5; k++) {
            Path file = folder.resolve("data_batch_" + k + ".bin");
            all.writeBytes(Files.readAllBytes(file));
            Files.move(file, inner.resolve(file.getFileName()));
        }
        Files.move(folder.resolve("test_batch.bin"), inner.resolve("test_batch.bin"));
        assertEquals(hash, DataSpec.load("cifar10:" + folder).trainSha256());
        Path cache = Files.createDirectories(folder.resolve("cache/a/b"));
        Files.write(cache.resolve("data_batch.bin"), all.toByteArray());
        Files.copy(inner.resolve("test_batch.bin"), cache.resolve("test_batch.bin"));
        DataSet downloaded = DataSpec.load("cifar10", artifact -> {
            assertEquals("cifar10", artifact);
            return folder.resolve("cache");
        });
        assertEquals(hash, downloaded.trainSha256());
        assertEquals(3, downloaded.testCount());
    }

    @Test
    void everyLengthIsChecked() throws IOException {
        Path third = folder.resolve("data_batch_3.bin");
        byte[] good = Files.readAllBytes(third);
        for (int length : new int[] {0, 1, RECORD - 1, RECORD + 1, 2 * RECORD - 1, 2 * RECORD + 1}) {
            Files.write(third, Arrays.copyOf(good, length));
            String message = refused();
            assertTrue(message.contains("data_batch_3.bin: length: found " + length + " bytes"), message);
            assertTrue(message.contains("a multiple of 3073"), message);
        }
        Files.write(third, Arrays.copyOf(good, RECORD));
        assertTrue(
                refused().contains("found 1 records, expected 2 as in data_batch_1.bin"), "truncated between records");
        Files.write(third, good);
        Files.write(folder.resolve("test_batch.bin"), Arrays.copyOf(good, RECORD + 7));
        assertTrue(refused().contains("test_batch.bin: length: found 3080 bytes"));
    }

    @Test
    void aLabelAboveNineIsRefused() throws IOException {
        Files.write(folder.resolve("data_batch_2.bin"), records(record(1, 0), record(10, 0)));
        assertTrue(refused().contains("data_batch_2.bin: byte 3073: label of record 1: found 10, expected 0 to 9"));
        Files.write(folder.resolve("data_batch_2.bin"), records(record(255, 0), record(1, 0)));
        assertTrue(refused().contains("found 255"));
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        Files.delete(folder.resolve("data_batch_4.bin"));
        NoSuchFileException one = assertThrows(NoSuchFileException.class, () -> DataSpec.load("cifar10:" + folder));
        assertTrue(String.valueOf(one.getFile()).endsWith("data_batch_4.bin"), one.getFile());
        assertThrows(NoSuchFileException.class, () -> DataSpec.load("cifar10:" + folder.resolve("none")));
        Path python = Files.createDirectory(folder.resolve("python"));
        Files.write(python.resolve("data_batch_1"), new byte[] {1});
        String reason = assertThrows(NoSuchFileException.class, () -> DataSpec.load("cifar10:" + python))
                .getReason();
        assertTrue(reason.contains("data_batch_5.bin and test_batch.bin") && reason.contains("Python version"), reason);
    }

    @Test
    void withoutANetworkTheDownloadNamesTheFiles() {
        for (List<String> each : List.of(
                List.of("cifar10", "data_batch_5.bin and test_batch.bin"),
                List.of("fashion-mnist", "t10k-labels-idx1-ubyte.gz of Fashion-MNIST"),
                List.of("mnist", "t10k-labels-idx1-ubyte.gz of the MNIST database"))) {
            String message = assertThrows(
                            IOException.class,
                            () -> DataSpec.load(each.get(0), artifact -> {
                                throw new UnknownHostException("mlrepo.djl.ai");
                            }))
                    .getMessage();
            assertEquals(1, message.lines().count());
            assertTrue(message.contains(each.get(1)), message);
            assertTrue(message.contains("UnknownHostException: mlrepo.djl.ai"), message);
            assertTrue(message.endsWith("use --data " + each.get(0) + ":DIR"), message);
        }
    }

    @Test
    void coloursCountInTheHashAndInThePickedImages() throws IOException {
        ImageSet set = ((ImageData) DataSpec.load("cifar10:" + folder)).train();
        ImageSet grey = new ImageSet(96, 32, 10, set.pixels(), set.labels());
        assertNotEquals(set.sha256(), grey.sha256());
        ImageSet picked = set.pick(new int[] {9, 0});
        assertArrayEquals(new int[] {9, 1}, picked.labels());
        assertEquals(55, picked.pixels()[0]);
        assertEquals(10, picked.pixels()[3072]);
        assertEquals(set.last(10).sha256(), set.sha256());
        assertThrows(IllegalArgumentException.class, () -> new ImageSet(3, 32, 32, 10, new byte[3072], new int[2]));
    }
}
