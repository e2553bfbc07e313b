package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/**
 * One CSV file (RFC 4180, with comma, semicolon or tab) as it was read. Memory grows with the rows that are really there.
 *
 * <p>Not thread-safe while it is read; immutable by agreement afterwards.
 */
final class CsvTable {

    static final List<String> SEPARATORS = List.of("auto", "comma", "semicolon", "tab");
    static final List<String> HEADER = List.of("auto", "yes", "no");

    private static final int MAX_COLUMNS = 1 << 20;
    private static final int SHOWN = 40;

    private final Path file;
    private final DataOptions options;
    private final FloatColumn values = new FloatColumn();
    private final List<Integer> labels = new ArrayList<>();
    private final Map<String, Integer> names = new LinkedHashMap<>();
    private final Map<String, Long> firstLines = new LinkedHashMap<>();
    private @Nullable CsvColumns columns;

    private CsvTable(Path file, DataOptions options, @Nullable CsvColumns columns) {
        this.file = file;
        this.options = options;
        this.columns = columns;
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @param options how
     * @param like the columns of the training file, which this must have too; null where this is that file
     * @throws MalformedFileException if it is no table of numbers with a column of labels
     * @throws IllegalArgumentException if an option names no column
     * @throws IOException if it cannot be read
     */
    static CsvTable read(Path file, DataOptions options, @Nullable CsvColumns like) throws IOException {
        CsvTable table = new CsvTable(file, options, like);
        int choice = options.choice("separator", SEPARATORS);
        char separator = choice == 0 ? CsvSource.separator(file) : ",;\t".charAt(choice - 1);
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setDelimiter(separator)
                .setIgnoreEmptyLines(true)
                .setIgnoreSurroundingSpaces(true)
                .get();
        try (CsvSource source = CsvSource.open(file);
                CSVParser parser =
                        CSVParser.builder().setReader(source).setFormat(format).get()) {
            table.rows(source, parser);
        } catch (UncheckedIOException e) {
            throw table.failed(e.getCause());
        } catch (CSVException e) {
            throw table.failed(e);
        }
        return table;
    }

    private IOException failed(@Nullable IOException cause) {
        if (cause instanceof CSVException || cause == null) {
            String reason = cause == null ? "" : String.valueOf(cause.getMessage());
            return MalformedFileException.of(
                    file, "text", "a broken row (" + reason + ")", "quotes that are closed, before a separator");
        }
        return cause;
    }

    private void rows(CsvSource source, CSVParser parser) throws IOException {
        boolean first = true;
        long line = 0;
        for (CSVRecord record : parser) {
            source.nextRecord();
            line = parser.getCurrentLineNumber();
            if (first && begin(record, line)) {
                first = false;
                continue;
            }
            first = false;
            row(record, line);
        }
        if (labels.isEmpty()) {
            throw MalformedFileException.of(file, "line " + Math.max(1, line), "no rows", "one sample a row");
        }
    }

    /** Looks at the first row; returns whether it is the header. */
    private boolean begin(CSVRecord record, long line) throws IOException {
        if (record.size() > MAX_COLUMNS) {
            throw MalformedFileException.of(file, "line " + line, record.size() + " columns", "at most " + MAX_COLUMNS);
        }
        int choice = options.choice("header", HEADER);
        boolean header = choice == 0 ? record.stream().noneMatch(CsvTable::looksLikeNumber) : choice == 1;
        List<String> found = header ? record.stream().map(String::strip).toList() : List.of();
        CsvColumns like = columns;
        if (like == null) {
            columns = CsvColumns.of(options, record.size(), found);
        } else if (header && !like.names().isEmpty() && !like.names().equals(found)) {
            throw MalformedFileException.of(
                    file,
                    "line " + line,
                    "the columns " + CsvColumns.shortened(found),
                    "those of the training file, " + CsvColumns.shortened(like.names()));
        }
        return header;
    }

    /** Also with a decimal comma, which is refused where a number is wanted. */
    private static boolean looksLikeNumber(String cell) {
        return Numbers.parse(cell.strip().replace(',', '.')) != null;
    }

    private void row(CSVRecord record, long line) throws MalformedFileException {
        CsvColumns layout = columns();
        if (record.size() != layout.count()) {
            String as = file.equals(options.file()) ? " as in the first row" : " as in the training file";
            throw MalformedFileException.of(file, "line " + line, record.size() + " columns", layout.count() + as);
        }
        if (!values.hasRoom(layout.features())) {
            throw MalformedFileException.of(file, "line " + line, "more than 2^31 values", "fewer");
        }
        for (int column = 0; column < layout.count(); column++) {
            if (layout.isFeature(column)) {
                values.add(number(record.get(column).strip(), line, column));
            }
        }
        label(record.get(layout.label()).strip(), line);
    }

    private float number(String text, long line, int column) throws MalformedFileException {
        Double value = Numbers.parse(text);
        if (value != null && Numbers.fitsFloat(value)) {
            return value.floatValue();
        }
        String where = "line " + line + ", " + columns().where(column);
        if (text.isEmpty()) {
            throw MalformedFileException.of(
                    file, where, "nothing", "a number; fill it in, or leave out the row or the column (drop=...)");
        }
        throw MalformedFileException.of(
                file,
                where,
                "'" + cut(text) + "'",
                (value == null ? "a number with a decimal point" : "a number that float32 can hold")
                        + "; change it, or leave out the column (drop=...)");
    }

    private void label(String text, long line) throws MalformedFileException {
        String where = "line " + line + ", " + columns().where(columns().label());
        if (text.isEmpty()) {
            throw MalformedFileException.of(file, where, "nothing", "the label of the row's class");
        }
        String name = ClassNames.of(text);
        Integer known = names.get(name);
        if (known == null) {
            if (names.size() == ClassNames.MAX_CLASSES) {
                throw MalformedFileException.of(
                        file,
                        where,
                        "more than " + ClassNames.MAX_CLASSES + " different labels",
                        "classes; label=COLUMN says where they are");
            }
            known = names.size();
            names.put(name, known);
            firstLines.put(name, line);
        }
        labels.add(known);
    }

    private static String cut(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
    }

    CsvColumns columns() {
        if (columns == null) {
            throw new IllegalStateException("nothing was read");
        }
        return columns;
    }

    int rows() {
        return labels.size();
    }

    /**
     * The names of the classes in their order.
     *
     * @throws MalformedFileException if the labels are no classes
     */
    List<String> classNames() throws MalformedFileException {
        String fraction = ClassNames.fraction(names.keySet());
        String where = columns().where(columns().label());
        if (fraction != null) {
            throw MalformedFileException.of(
                    file,
                    "line " + firstLines.get(fraction) + ", " + where,
                    "the label " + cut(fraction),
                    "classes, whole numbers or text; label=COLUMN says where they are");
        }
        if (names.size() < 2) {
            throw MalformedFileException.of(
                    file,
                    where,
                    "the one label '" + cut(names.keySet().iterator().next()) + "'",
                    "two classes at least; label=COLUMN says where they are");
        }
        return ClassNames.sorted(names.keySet());
    }

    /**
     * The samples.
     *
     * @param classNames the classes in their order
     * @param shape of a sample
     * @throws MalformedFileException if a label is none of the classes
     */
    TableSet samples(List<String> classNames, List<Integer> shape) throws MalformedFileException {
        Map<String, Integer> places = new LinkedHashMap<>();
        classNames.forEach(name -> places.put(name, places.size()));
        int[] classOf = new int[names.size()];
        for (Map.Entry<String, Integer> entry : names.entrySet()) {
            Integer place = places.get(entry.getKey());
            if (place == null) {
                throw MalformedFileException.of(
                        file,
                        "line " + firstLines.get(entry.getKey()) + ", "
                                + columns().where(columns().label()),
                        "the label '" + cut(entry.getKey()) + "'",
                        "a class of the training file: " + cut(CsvColumns.shortened(classNames)));
            }
            classOf[entry.getValue()] = place;
        }
        int[] numbers = labels.stream().mapToInt(label -> classOf[label]).toArray();
        return new TableSet(shape, classNames.size(), values.toArray(), numbers);
    }
}
