package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Tables of the user: {@code FILE[,OPTION=VALUE...]}, one sample a row, features that are numbers and a column of class labels,
 * which are whole numbers or text. Classes are numbered in the order of the training file's labels, by number or by text.
 *
 * <p>Options: {@code test=FILE} a file of test rows, or {@code holdout=P} the part of the rows that is for testing (0.2);
 * {@code seed=N} of the order in which rows are held out and trained on (0); {@code label=COLUMN}; {@code drop=COLUMN+COLUMN...};
 * {@code header=auto|yes|no}; {@code separator=auto|comma|semicolon|tab}; {@code shape=CxHxW} of a sample where rows are images. A
 * column is its name in the header, or its number from 1, or from -1 at the end.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class CsvFiles {

    /** What stands before the colon. */
    static final String KIND = "csv";

    static final List<String> OPTIONS =
            List.of("test", "holdout", "seed", "label", "drop", "header", "separator", "shape");

    private CsvFiles() {}

    /**
     * Reads a table.
     *
     * @param spec {@code FILE[,OPTION=VALUE...]}
     * @return training and test samples; the training rows in the order of the seed, the test rows in that of their file
     * @throws IllegalArgumentException if an option is unknown or does not fit the file
     * @throws MalformedFileException if a file is no such table; the message says line and column
     * @throws IOException if a file is missing or cannot be read
     */
    public static TableData read(String spec) throws IOException {
        DataOptions options = DataOptions.parse(KIND, spec, OPTIONS);
        Optional<Path> testFile = options.path("test");
        if (testFile.isPresent() && options.find("holdout").isPresent()) {
            throw options.bad("holdout", "no test=FILE beside it: the test rows are in that file");
        }
        double holdout = options.holdout();
        long seed = options.seed();
        Optional<List<Integer>> asked = options.shape();
        CsvTable table = CsvTable.read(options.file(), options, null);
        int features = table.columns().features();
        List<Integer> shape = asked.orElse(List.of(features));
        if (shape.stream().reduce(1, (a, b) -> a * b) != features) {
            throw options.bad("shape", "axes that hold the " + features + " features of a row of " + options.file());
        }
        List<String> names = table.classNames();
        TableSet all = table.samples(names, shape);
        if (testFile.isPresent()) {
            CsvTable test = CsvTable.read(testFile.get(), options, table.columns());
            TableSet train = all.pick(Split.order(seed, all.count()));
            return new TableData(options.name(), train, test.samples(names, shape), names);
        }
        Split split = Split.holdOut(options.file(), seed, holdout, all.count());
        return new TableData(options.name(), all.pick(split.train()), all.pick(split.test()), names);
    }
}
