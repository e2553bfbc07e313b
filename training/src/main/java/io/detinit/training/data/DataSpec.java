package io.detinit.training.data;

import ai.djl.Application;
import ai.djl.basicdataset.BasicDatasets;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A data set by name: {@code digits} (embedded), {@code mnist:DIR} (the real files in a folder), {@code mnist} (DJL's own data set,
 * which downloads).
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class DataSpec {

    /** The embedded set. */
    public static final String DIGITS = "digits";

    /** The specs that {@link #load} understands, for help and messages. */
    public static final String KNOWN = "digits (embedded), mnist:DIR (the four MNIST files), mnist (download by DJL)";

    private DataSpec() {}

    /** Fetches MNIST's files. */
    @FunctionalInterface
    interface Download {
        /**
         * Fetches the four files.
         *
         * @return a folder tree that holds them
         * @throws IOException if they cannot be had
         */
        Path fetch() throws IOException;
    }

    /**
     * Loads a data set.
     *
     * @param spec its name
     * @return training and test samples
     * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
     * @throws IOException if files are missing or malformed, or the download fails; then the message says what to fetch and
     *     where to put it
     */
    public static DataSet load(String spec) throws IOException {
        return load(spec, DataSpec::djlDownload);
    }

    static DataSet load(String spec, Download download) throws IOException {
        if (spec.equals(DIGITS)) {
            return ProceduralDigits.generate();
        }
        if (spec.startsWith("mnist:") && spec.length() > 6) {
            return IdxFiles.read(Path.of(spec.substring(6)), "mnist");
        }
        if (spec.equals("mnist")) {
            Path root;
            try {
                root = download.fetch();
            } catch (IOException e) {
                throw new IOException(
                        "--data mnist: the download failed (" + e.getClass().getSimpleName() + ": "
                                + String.valueOf(e.getMessage())
                                        .lines()
                                        .findFirst()
                                        .orElse("") + "); fetch the files "
                                + String.join(".gz, ", IdxFiles.fileNames())
                                + ".gz of the MNIST database, put them into one folder DIR and use --data mnist:DIR",
                        e);
            }
            return IdxFiles.read(folderOf(root), "mnist");
        }
        throw new IllegalArgumentException("unknown data set '" + spec + "'; known: " + KNOWN);
    }

    private static Path djlDownload() throws IOException {
        MRL mnist = BasicDatasets.REPOSITORY.dataset(Application.CV.ANY, BasicDatasets.GROUP_ID, "mnist", "1.0");
        Artifact artifact = mnist.getDefaultArtifact();
        if (artifact == null) {
            throw new NoSuchFileException("DJL's repository lists no MNIST data set");
        }
        mnist.prepare(artifact);
        return mnist.getRepository().getResourceDirectory(artifact);
    }

    /** The folder below a root that holds the training images. */
    private static Path folderOf(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> String.valueOf(file.getFileName()).startsWith("train-images"))
                    .map(Path::getParent)
                    .findFirst()
                    .orElseThrow(() -> new NoSuchFileException(
                            root.toString(), null, "the download holds no " + IdxFiles.fileNames()));
        }
    }
}
