package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads CIFAR-10 (Krizhevsky 2009), the binary version: records of 3073 bytes, the label, then 1024 red, 1024 green and 1024 blue
 * pixels, each colour 32 rows of 32. A file is records and nothing else, 10,000 in the original ones.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class CifarFiles {

    /** The folder that the original archive unpacks to. */
    static final String FOLDER = "cifar-10-batches-bin";

    private static final int SIDE = 32;
    private static final int PIXELS = 3 * SIDE * SIDE;
    private static final int RECORD = 1 + PIXELS;
    private static final int CLASSES = 10;
    private static final String TEST = "test_batch.bin";
    /** All training records in one file, as DJL keeps them. */
    private static final String WHOLE = "data_batch.bin";

    private CifarFiles() {}

    /**
     * Reads a folder that holds {@code data_batch_1.bin} to {@code data_batch_5.bin} (or all their records in
     * {@code data_batch.bin}) and {@code test_batch.bin}, itself or in {@code cifar-10-batches-bin}.
     *
     * @param folder the folder
     * @param name what to call the data set
     * @return training and test images, 3 x 32 x 32
     * @throws NoSuchFileException if the folder or a file is missing; the message says which names were looked for
     * @throws MalformedFileException if a length is no multiple of a record, the training files have different lengths, or a
     *     label is above 9
     * @throws IOException if reading fails
     */
    public static ImageData read(Path folder, String name) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "no such folder; it must hold " + wanted());
        }
        Path own = isHere(folder) ? folder : folder.resolve(FOLDER);
        if (!isHere(own)) {
            boolean pickles = Files.isRegularFile(folder.resolve("data_batch_1"))
                    || Files.isRegularFile(folder.resolve("cifar-10-batches-py/data_batch_1"));
            throw new NoSuchFileException(
                    folder.toString(),
                    null,
                    "holds no data_batch_1.bin, nor does " + FOLDER + " in it; CIFAR-10's binary version is needed, "
                            + wanted() + (pickles ? "; these are the pickles of the Python version" : ""));
        }
        List<Path> train = Files.isRegularFile(own.resolve("data_batch_1.bin"))
                ? batches().stream().map(own::resolve).toList()
                : List.of(own.resolve(WHOLE));
        return new ImageData(name, read(train), read(List.of(own.resolve(TEST))), ClassNames.CIFAR10);
    }

    private static boolean isHere(Path folder) {
        return Files.isRegularFile(folder.resolve("data_batch_1.bin")) || Files.isRegularFile(folder.resolve(WHOLE));
    }

    private static List<String> batches() {
        return IntStream.rangeClosed(1, 5)
                .mapToObj(k -> "data_batch_" + k + ".bin")
                .toList();
    }

    /** {@return the names of the files, for messages} */
    static String wanted() {
        return String.join(", ", batches()) + " and " + TEST;
    }

    private static ImageSet read(List<Path> files) throws IOException {
        List<Integer> counts = new ArrayList<>();
        int records = 0;
        for (Path file : files) {
            int count = count(file);
            if (!counts.isEmpty() && count != counts.get(0)) {
                throw MalformedFileException.of(
                        file,
                        "length",
                        count + " records",
                        counts.get(0) + " as in " + files.get(0).getFileName()
                                + "; the file is truncated or the other is");
            }
            counts.add(count);
            records = Math.addExact(records, count);
        }
        if (records > (Integer.MAX_VALUE - 8) / PIXELS) {
            throw MalformedFileException.of(files.get(0), "length", records + " records", "fewer than 2^31 pixels");
        }
        byte[] pixels = new byte[records * PIXELS];
        int[] labels = new int[records];
        int at = 0;
        for (int k = 0; k < files.size(); k++) {
            read(files.get(k), counts.get(k), pixels, labels, at);
            at += counts.get(k);
        }
        return new ImageSet(3, SIDE, SIDE, CLASSES, pixels, labels);
    }

    /** How many records a file holds by its length. */
    private static int count(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString(), null, "no such file; CIFAR-10 has the files " + wanted());
        }
        long bytes = Files.size(file);
        if (bytes == 0 || bytes % RECORD != 0 || bytes > Integer.MAX_VALUE) {
            throw MalformedFileException.of(
                    file,
                    "length",
                    bytes + " bytes",
                    "a multiple of " + RECORD + " (label, then 32 x 32 red, green and blue), below 2^31");
        }
        return (int) (bytes / RECORD);
    }

    private static void read(Path file, int count, byte[] pixels, int[] labels, int from) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] record = new byte[RECORD];
            for (int k = 0; k < count; k++) {
                int read = in.readNBytes(record, 0, RECORD);
                long at = (long) k * RECORD;
                if (read < RECORD) {
                    throw MalformedFileException.of(
                            file,
                            "byte " + (at + read),
                            "the end of the file",
                            count + " records; it has become shorter");
                }
                int label = record[0] & 0xFF;
                if (label >= CLASSES) {
                    throw MalformedFileException.of(
                            file, "byte " + at + ": label of record " + k, Integer.toString(label), "0 to 9");
                }
                labels[from + k] = label;
                System.arraycopy(record, 1, pixels, (from + k) * PIXELS, PIXELS);
            }
        }
    }
}
