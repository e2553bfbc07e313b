package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which column of a CSV file is what. Immutable; safe for use by many threads.
 *
 * @param count how many columns there are
 * @param names the header, empty where there is none
 * @param label the column of the labels, from 0
 * @param dropped the columns that are left out, from 0
 */
record CsvColumns(int count, List<String> names, int label, Set<Integer> dropped) {

    private static final Set<String> LABEL_NAMES = Set.of("label", "class", "target", "y");

    /**
     * Finds the columns.
     *
     * @param options {@code label} and {@code drop}: names, or numbers from 1, or from -1 at the end
     * @param count how many columns the first row has
     * @param names the header, empty where there is none
     * @throws IllegalArgumentException if an option names no column, or the label is dropped
     * @throws MalformedFileException if no column of features is left
     */
    static CsvColumns of(DataOptions options, int count, List<String> names) throws MalformedFileException {
        Path file = options.file();
        int label = options.find("label").isPresent()
                ? find(options, "label", options.values().getOrDefault("label", ""), count, names)
                : byName(names, count);
        Set<Integer> dropped = new TreeSet<>();
        if (options.find("drop").isPresent()) {
            for (String column : options.values().getOrDefault("drop", "").split("\\+", -1)) {
                dropped.add(find(options, "drop", column, count, names));
            }
        }
        if (dropped.contains(label)) {
            throw options.bad("drop", "columns of features; column " + (label + 1) + " holds the labels");
        }
        if (count - dropped.size() < 2) {
            throw MalformedFileException.of(
                    file,
                    "line 1",
                    count + (count == 1 ? " column" : " columns"),
                    "a column of labels and one of features at least; separator=comma, semicolon or tab says how they "
                            + "are separated");
        }
        return new CsvColumns(count, List.copyOf(names), label, dropped);
    }

    /** The last column if it is called as labels are, else the one that is, else the last. */
    private static int byName(List<String> names, int count) {
        List<Integer> found = new ArrayList<>();
        for (int k = 0; k < names.size(); k++) {
            if (LABEL_NAMES.contains(names.get(k).toLowerCase(Locale.ROOT))) {
                found.add(k);
            }
        }
        return found.size() == 1 ? found.get(0) : count - 1;
    }

    private static int find(DataOptions options, String option, String column, int count, List<String> names) {
        int place = names.indexOf(column);
        if (place >= 0) {
            if (names.lastIndexOf(column) > place) {
                throw options.bad(
                        option,
                        "one column; " + options.file() + " has several of the name '" + column + "': give the number");
            }
            return place;
        }
        if (column.matches("-?[0-9]{1,9}")) {
            int number = Integer.parseInt(column);
            if (number != 0 && Math.abs(number) <= count) {
                return number > 0 ? number - 1 : count + number;
            }
        }
        String known = names.isEmpty() ? "" : ", or one of the names " + shortened(names);
        throw options.bad(option, "a column of " + options.file() + ": a number from 1 to " + count + known);
    }

    static String shortened(List<String> names) {
        return names.size() <= 12 ? String.join(", ", names) : String.join(", ", names.subList(0, 12)) + ", ...";
    }

    /** {@return how many columns hold features} */
    int features() {
        return count - 1 - dropped.size();
    }

    boolean isFeature(int column) {
        return column != label && !dropped.contains(column);
    }

    /** The column for messages. */
    String where(int column) {
        return "column " + (column + 1) + (names.isEmpty() ? "" : " '" + names.get(column) + "'");
    }
}
