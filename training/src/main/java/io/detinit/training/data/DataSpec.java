package io.detinit.training.data;

import ai.djl.Application;
import ai.djl.basicdataset.BasicDatasets;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A data set by name: {@code digits} (embedded); {@code mnist:DIR}, {@code fashion-mnist:DIR} and {@code cifar10:DIR} (the original
 * files in a folder); {@code mnist}, {@code fashion-mnist} and {@code cifar10} (DJL's own copies, which it downloads); {@code csv:FILE}
 * and {@code npz:FILE} with options (the user's own, see {@link CsvFiles} and {@link NpzArrays}).
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class DataSpec {

    /** The embedded set. */
    public static final String DIGITS = "digits";

    /** The specs that {@link #load} understands, for help and messages. */
    public static final String KNOWN =
            "digits (embedded), mnist:DIR, fashion-mnist:DIR (the four IDX files), cifar10:DIR (the binary version), mnist, "
                    + "fashion-mnist, cifar10 (download by DJL), csv:FILE, npz:FILE (your own; options follow, such as "
                    + "csv:FILE,label=NAME,test=FILE)";

    private static final String MNIST = "mnist";
    private static final String FASHION = "fashion-mnist";
    private static final String CIFAR = "cifar10";

    private DataSpec() {}

    /** Fetches a data set's files. */
    @FunctionalInterface
    interface Download {
        /**
         * Fetches the files.
         *
         * @param artifact DJL's name of the data set
         * @return a folder tree that holds them
         * @throws IOException if they cannot be had
         */
        Path fetch(String artifact) throws IOException;
    }

    /**
     * Loads a data set.
     *
     * @param spec its name
     * @return training and test samples
     * @throws IllegalArgumentException if the name or an option is unknown, or an option does not fit the file; the message lists
     *     the known ones
     * @throws MalformedFileException if a file is malformed
     * @throws IOException if files are missing or cannot be read, or the download fails; then the message says what to fetch and
     *     where to put it
     */
    public static DataSet load(String spec) throws IOException {
        return load(spec, DataSpec::djlDownload);
    }

    static DataSet load(String spec, Download download) throws IOException {
        int colon = spec.indexOf(':');
        if (colon < 0) {
            return switch (spec) {
                case DIGITS -> ProceduralDigits.generate();
                case MNIST, FASHION -> idx(folderOf(fetch(spec, download), "train-images"), spec);
                case CIFAR -> CifarFiles.read(folderOf(fetch(spec, download), "data_batch"), spec);
                default -> throw unknown(spec);
            };
        }
        String name = spec.substring(0, colon);
        String rest = spec.substring(colon + 1);
        return switch (rest.isEmpty() ? "" : name) {
            case MNIST, FASHION -> idx(Path.of(rest), name);
            case CIFAR -> CifarFiles.read(Path.of(rest), name);
            case CsvFiles.KIND -> CsvFiles.read(rest);
            case NpzArrays.KIND -> NpzArrays.read(rest);
            default -> throw unknown(spec);
        };
    }

    private static IllegalArgumentException unknown(String spec) {
        return new IllegalArgumentException("unknown data set '" + spec + "'; known: " + KNOWN);
    }

    private static ImageData idx(Path folder, String name) throws IOException {
        ImageData data = IdxFiles.read(folder, name);
        return name.equals(FASHION) ? new ImageData(name, data.train(), data.test(), ClassNames.FASHION_MNIST) : data;
    }

    private static Path fetch(String spec, Download download) throws IOException {
        try {
            return download.fetch(spec.equals(FASHION) ? "fashmnist" : spec);
        } catch (IOException e) {
            String reason = e.getClass().getSimpleName() + ": "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            String files = switch (spec) {
                case MNIST -> idxFiles() + " of the MNIST database";
                case FASHION -> idxFiles() + " of Fashion-MNIST";
                default -> "of CIFAR-10's binary version, " + CifarFiles.wanted();
            };
            throw new IOException(
                    "--data " + spec + ": the download failed (" + reason + "); fetch the files " + files
                            + ", put them into one folder DIR and use --data " + spec + ":DIR",
                    e);
        }
    }

    private static String idxFiles() {
        return String.join(".gz, ", IdxFiles.fileNames()) + ".gz";
    }

    private static Path djlDownload(String artifactId) throws IOException {
        MRL resource = BasicDatasets.REPOSITORY.dataset(Application.CV.ANY, BasicDatasets.GROUP_ID, artifactId, "1.0");
        Artifact artifact = resource.getDefaultArtifact();
        if (artifact == null) {
            throw new NoSuchFileException("DJL's repository lists no data set " + artifactId);
        }
        resource.prepare(artifact);
        return resource.getRepository().getResourceDirectory(artifact);
    }

    /** The folder below a root that holds a file of such a name. */
    private static Path folderOf(Path root, String prefix) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> String.valueOf(file.getFileName()).startsWith(prefix))
                    .map(Path::getParent)
                    .findFirst()
                    .orElseThrow(() -> new NoSuchFileException(
                            root.toString(),
                            null,
                            "the download holds no file " + prefix + "*; delete the folder to repeat it"));
        }
    }
}
