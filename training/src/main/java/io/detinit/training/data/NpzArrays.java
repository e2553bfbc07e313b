package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.numpy.NpzFile;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Arrays of the user: {@code FILE[,OPTION=VALUE...]}, an {@code .npz} file of NumPy's with {@code x_train}, {@code y_train}, {@code
 * x_test}, {@code y_test}, or {@code train_images}, {@code train_labels}, {@code test_images}, {@code test_labels}, or {@code x} and
 * {@code y}, of which a part is held out for testing; upper and lower case are alike.
 *
 * <p>Features: uint8 images [N, height, width], [N, channels, height, width] or, with {@code layout=nhwc}, [N, height, width,
 * channels]; or any real numbers [N, ...], taken as they are. Labels: see {@link NpzLabels}; classes are called by their numbers.
 *
 * <p>Options: {@code x=NAME,y=NAME,xtest=NAME,ytest=NAME} for arrays of other names; {@code holdout=P} the part of the samples that is
 * for testing where there are no test arrays (0.2); {@code seed=N} of the order in which samples are held out and trained on
 * (0); {@code layout=auto|nchw|nhwc}; {@code shape=CxHxW} of a sample, where the array has other axes.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class NpzArrays {

    /** What stands before the colon. */
    static final String KIND = "npz";

    static final List<String> OPTIONS = List.of("x", "y", "xtest", "ytest", "holdout", "seed", "layout", "shape");

    private NpzArrays() {}

    /**
     * Reads arrays.
     *
     * @param spec {@code FILE[,OPTION=VALUE...]}
     * @return training and test samples, {@link ImageData} of 8-bit images, else {@link TableData}; the training samples in the order of
     *     the seed, the test samples in that of the file
     * @throws IllegalArgumentException if an option is unknown or does not fit the file
     * @throws MalformedFileException if the file is malformed or its arrays are no samples
     * @throws IOException if the file is missing or cannot be read
     */
    public static DataSet read(String spec) throws IOException {
        DataOptions options = DataOptions.parse(KIND, spec, OPTIONS);
        Path path = options.file();
        double holdout = options.holdout();
        long seed = options.seed();
        try (NpzFile file = NpzFile.open(path)) {
            NpzNames names = NpzNames.find(file, options);
            NpzLabels labels = NpzLabels.read(path, names.y());
            TensorView xTest = names.xTest();
            TensorView yTest = names.yTest();
            if (xTest == null || yTest == null) {
                int classes = classes(path, names.y(), labels.classes());
                SampleSet all = NpzSamples.read(path, names.x(), labels.labels(), classes, options);
                Split split = Split.holdOut(path, seed, holdout, all.count());
                return data(options.name(), all.pick(split.train()), all.pick(split.test()));
            }
            if (options.find("holdout").isPresent()) {
                throw options.bad(
                        "holdout",
                        "a file without test arrays; " + path + " has "
                                + xTest.info().name());
            }
            NpzLabels testLabels = NpzLabels.read(path, yTest);
            int classes = classes(path, names.y(), Math.max(labels.classes(), testLabels.classes()));
            SampleSet all = NpzSamples.read(path, names.x(), labels.labels(), classes, options);
            SampleSet test = NpzSamples.read(path, xTest, testLabels.labels(), classes, options);
            if (all.getClass() != test.getClass() || !java.util.Arrays.equals(all.sampleShape(), test.sampleShape())) {
                throw MalformedFileException.of(
                        path,
                        xTest.info().name(),
                        described(xTest),
                        "samples as in " + names.x().info().name() + ", " + described(names.x()));
            }
            return data(options.name(), all.pick(Split.order(seed, all.count())), test);
        }
    }

    private static String described(TensorView array) {
        return array.info().dtype() + " " + array.info().shape();
    }

    private static int classes(Path path, TensorView labels, int classes) throws MalformedFileException {
        if (classes < 2) {
            throw MalformedFileException.of(path, labels.info().name(), "class 0 alone", "two classes at least");
        }
        return classes;
    }

    private static DataSet data(String name, SampleSet train, SampleSet test) {
        if (train instanceof ImageSet images) {
            return new ImageData(name, images, (ImageSet) test);
        }
        TableSet table = (TableSet) train;
        return new TableData(name, table, (TableSet) test, ClassNames.numbers(table.classes()));
    }
}
