package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which arrays of an {@code .npz} file hold the samples.
 *
 * @param x training features, or all
 * @param y their labels
 * @param xTest test features; null where samples are held out for testing
 * @param yTest their labels; null where those are
 */
record NpzNames(
        TensorView x,
        TensorView y,
        @Nullable TensorView xTest,
        @Nullable TensorView yTest) {

    /** In the order in which they are looked for; upper and lower case are alike. */
    private static final List<List<String>> KNOWN = List.of(
            List.of("x_train", "y_train", "x_test", "y_test"),
            List.of("train_images", "train_labels", "test_images", "test_labels"),
            List.of("train_data", "train_labels", "test_data", "test_labels"),
            List.of("x", "y"),
            List.of("images", "labels"),
            List.of("data", "labels"),
            List.of("features", "labels"),
            List.of("data", "target"));

    /**
     * Finds the arrays.
     *
     * @param file the open file
     * @param options may name them
     * @throws IllegalArgumentException if an option names an array that is not there, or only one of a pair
     * @throws MalformedFileException if no array has a known name
     */
    static NpzNames find(Checkpoint file, DataOptions options) throws MalformedFileException {
        if (options.find("x").isPresent() || options.find("y").isPresent()) {
            boolean test =
                    options.find("xtest").isPresent() || options.find("ytest").isPresent();
            return new NpzNames(
                    named(file, options, "x", "y"),
                    named(file, options, "y", "x"),
                    test ? named(file, options, "xtest", "ytest") : null,
                    test ? named(file, options, "ytest", "xtest") : null);
        }
        for (String option : List.of("xtest", "ytest")) {
            if (options.find(option).isPresent()) {
                throw options.bad(option, "x=NAME,y=NAME beside it");
            }
        }
        Map<String, TensorView> arrays = new TreeMap<>();
        file.tensors().forEach(array -> arrays.put(array.info().name().toLowerCase(Locale.ROOT), array));
        for (List<String> names : KNOWN) {
            TensorView x = arrays.get(names.get(0));
            TensorView y = arrays.get(names.get(1));
            if (x != null && y != null) {
                TensorView xTest = names.size() == 4 ? arrays.get(names.get(2)) : null;
                TensorView yTest = names.size() == 4 ? arrays.get(names.get(3)) : null;
                if ((xTest == null) != (yTest == null)) {
                    throw MalformedFileException.of(
                            file.path(),
                            "arrays",
                            "only one of " + names.get(2) + " and " + names.get(3),
                            "both, or none to hold samples of " + names.get(0) + " out");
                }
                return new NpzNames(x, y, xTest, yTest);
            }
        }
        throw MalformedFileException.of(
                file.path(),
                "arrays",
                "only " + listed(file),
                "x_train, y_train, x_test, y_test or x, y; options name others: x=NAME,y=NAME,xtest=NAME,ytest=NAME");
    }

    private static TensorView named(Checkpoint file, DataOptions options, String option, String partner) {
        String name = options.find(option).orElseThrow(() -> options.bad(partner, option + "=NAME beside it"));
        return file.find(name)
                .orElseThrow(() -> options.bad(option, "an array of " + file.path() + ": " + listed(file)));
    }

    private static String listed(Checkpoint file) {
        List<String> names = new ArrayList<>();
        file.tensors().forEach(array -> names.add(array.info().name()));
        return names.isEmpty() ? "none" : CsvColumns.shortened(names);
    }
}
