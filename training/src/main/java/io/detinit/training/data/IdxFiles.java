package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads the IDX files of MNIST (LeCun, Cortes and Burges) and Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), compressed with gzip
 * or not, whichever the bytes say.
 *
 * <p>Layout, big-endian: int32 magic (0x803 images, 0x801 labels), int32 count, for images int32 rows and int32 columns, then one
 * byte for each pixel or label. Nothing is believed: memory grows with the bytes that really arrive, and a file that
 * holds more than its header says is refused too.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class IdxFiles {

    private static final int IMAGES_MAGIC = 0x803;
    private static final int LABELS_MAGIC = 0x801;
    private static final int CLASSES = 10;
    private static final int MAX_SIDE = 4096;
    private static final int PIECE = 1 << 20;

    private IdxFiles() {}

    /**
     * Reads a folder that holds the four files {@code {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]} (also with a dot in place
     * of the dash before idx).
     *
     * @param folder the folder
     * @param name what to call the data set
     * @return training and test images
     * @throws NoSuchFileException if the folder or a file is missing; the message says which names were looked for
     * @throws MalformedFileException if a file breaks the format, is truncated, or images and labels do not belong together
     * @throws IOException if reading fails
     */
    public static ImageData read(Path folder, String name) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(
                    folder.toString(), null, "no such folder; it must hold the four files " + fileNames());
        }
        ImageSet train = readPair(folder, "train");
        ImageSet test = readPair(folder, "t10k");
        if (train.height() != test.height() || train.width() != test.width()) {
            throw MalformedFileException.of(
                    folder,
                    "test images",
                    test.height() + " x " + test.width() + " pixels",
                    train.height() + " x " + train.width() + " as in the training images");
        }
        return new ImageData(name, train, test);
    }

    /** {@return the names of the four files, for messages} */
    static List<String> fileNames() {
        return List.of(
                "train-images-idx3-ubyte",
                "train-labels-idx1-ubyte",
                "t10k-images-idx3-ubyte",
                "t10k-labels-idx1-ubyte");
    }

    private static ImageSet readPair(Path folder, String split) throws IOException {
        Path imagesFile = find(folder, split + "-images", "idx3-ubyte");
        Path labelsFile = find(folder, split + "-labels", "idx1-ubyte");
        int[] labels = readLabels(labelsFile);
        return readImages(imagesFile, labelsFile, labels);
    }

    private static Path find(Path folder, String stem, String type) throws NoSuchFileException {
        List<String> tried = new ArrayList<>();
        for (String name : List.of(stem + "-" + type, stem + "." + type)) {
            for (String suffix : List.of("", ".gz")) {
                Path file = folder.resolve(name + suffix);
                if (Files.isRegularFile(file)) {
                    return file;
                }
                tried.add(name + suffix);
            }
        }
        throw new NoSuchFileException(folder.toString(), null, "holds none of the files " + String.join(", ", tried));
    }

    private static int[] readLabels(Path file) throws IOException {
        try (InputStream in = open(file)) {
            int[] header = header(in, file, LABELS_MAGIC, 2);
            byte[] bytes = body(in, file, header[1], 8);
            int[] labels = new int[bytes.length];
            for (int k = 0; k < bytes.length; k++) {
                labels[k] = bytes[k] & 0xFF;
                if (labels[k] >= CLASSES) {
                    throw MalformedFileException.of(
                            file,
                            "byte " + (8 + k) + ": label " + k,
                            Integer.toString(labels[k]),
                            "0 to " + (CLASSES - 1));
                }
            }
            return labels;
        }
    }

    private static ImageSet readImages(Path file, Path labelsFile, int[] labels) throws IOException {
        try (InputStream in = open(file)) {
            int[] header = header(in, file, IMAGES_MAGIC, 4);
            int height = header[2];
            int width = header[3];
            if (height < 1 || height > MAX_SIDE || width < 1 || width > MAX_SIDE) {
                throw MalformedFileException.of(
                        file, "byte 8: image size", height + " x " + width, "1 to " + MAX_SIDE + " pixels a side");
            }
            if (header[1] != labels.length) {
                throw MalformedFileException.of(
                        file,
                        "byte 4: count",
                        header[1] + " images",
                        labels.length + " as the labels in " + labelsFile);
            }
            long pixels = (long) header[1] * height * width;
            return new ImageSet(height, width, CLASSES, body(in, file, pixels, 16), labels);
        }
    }

    /** Unzips where the first bytes say so. */
    private static InputStream open(Path file) throws IOException {
        InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        boolean done = false;
        try {
            raw.mark(2);
            boolean gzip = raw.read() == 0x1F && raw.read() == 0x8B;
            raw.reset();
            InputStream in = gzip ? new GZIPInputStream(raw, 1 << 16) : raw;
            done = true;
            return in;
        } catch (ZipException | EOFException e) {
            throw MalformedFileException.of(file, "byte 0", "a broken gzip header", "a gzip stream");
        } finally {
            if (!done) {
                raw.close();
            }
        }
    }

    private static int[] header(InputStream in, Path file, int magic, int fields) throws IOException {
        byte[] bytes = read(in, file, 4L * fields, 0, "header bytes");
        int[] header = new int[fields];
        ByteBuffer.wrap(bytes).asIntBuffer().get(header);
        if (header[0] != magic) {
            throw MalformedFileException.of(
                    file, "byte 0: magic number", String.format("0x%08x", header[0]), String.format("0x%08x", magic));
        }
        if (header[1] < 1) {
            throw MalformedFileException.of(file, "byte 4: count", Integer.toString(header[1]), "at least 1");
        }
        return header;
    }

    private static byte[] body(InputStream in, Path file, long size, int offset) throws IOException {
        byte[] bytes = read(in, file, size, offset, "bytes");
        int more;
        try {
            more = in.read();
        } catch (ZipException | EOFException e) {
            throw MalformedFileException.of(
                    file, "end of the data", "a broken gzip stream (" + e.getMessage() + ")", "its checksum");
        }
        if (more >= 0) {
            throw MalformedFileException.of(
                    file, "byte " + (offset + size), "more data", "the end, as the header says; the file is damaged");
        }
        return bytes;
    }

    /** Reads exactly so many bytes; memory grows with what arrives. */
    private static byte[] read(InputStream in, Path file, long size, int offset, String unit) throws IOException {
        if (size > Integer.MAX_VALUE - 8) {
            throw MalformedFileException.of(file, "byte 4", size + " " + unit, "at most 2^31-9");
        }
        byte[] bytes = new byte[(int) Math.min(size, PIECE)];
        int at = 0;
        while (at < size) {
            if (at == bytes.length) {
                bytes = java.util.Arrays.copyOf(bytes, (int) Math.min(size, 2L * bytes.length));
            }
            int read;
            try {
                read = in.read(bytes, at, bytes.length - at);
            } catch (ZipException | EOFException e) {
                throw MalformedFileException.of(
                        file,
                        "unzipped byte " + (offset + at),
                        "a broken gzip stream (" + e.getMessage() + ")",
                        "more data");
            }
            if (read < 0) {
                throw MalformedFileException.of(
                        file,
                        "byte " + (offset + at),
                        "the end of the file",
                        (size - at) + " more " + unit + "; the file is truncated");
            }
            at += read;
        }
        return bytes;
    }
}
