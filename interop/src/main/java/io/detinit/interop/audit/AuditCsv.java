package io.detinit.interop.audit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * An audit as CSV (RFC 4180): a header, one line a tensor, then the line of the total, whose {@code row} is {@code total}. Lines end
 * with CR LF, numbers are written with a point and in full, what does not apply is empty.
 *
 * <p>Text is always quoted. Control and other invisible characters of a name are written as in {@link VisibleText}, so that a line
 * is a line. Text that begins, after any spaces, with {@code = + - @} or their full-width forms gets an apostrophe in front: a
 * spreadsheet would take it for a formula and run it.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class AuditCsv {

    private static final String FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20";

    /** As many units that moved most as in the JSON form. */
    private static final int MOST_MOVED = 10;

    private AuditCsv() {}

    /**
     * Writes an audit.
     *
     * @param report what was found
     * @return the lines
     */
    public static String of(AuditReport report) {
        List<Map<String, String>> lines = new ArrayList<>();
        report.tensors().forEach(tensor -> lines.add(tensor(report, tensor)));
        lines.add(total(report));
        List<String> header = header(report);
        StringBuilder text =
                new StringBuilder(header.stream().map(AuditCsv::quoted).collect(Collectors.joining(",", "", "\r\n")));
        for (Map<String, String> line : lines) {
            text.append(header.stream()
                    .map(column -> line.getOrDefault(column, ""))
                    .collect(Collectors.joining(",", "", "\r\n")));
        }
        return text.toString();
    }

    /** The columns' names: those of a total and of any tensor, in one order. */
    private static List<String> header(AuditReport report) {
        List<String> header = new ArrayList<>(
                List.of("row", "name", "shape", "dtype", "elements", "audited", "reason", "stored", "baselineName"));
        for (Threshold threshold : report.thresholds()) {
            header.addAll(List.of("moved@" + id(threshold), "movedPercent@" + id(threshold), "limit@" + id(threshold)));
        }
        header.addAll(List.of(
                "sleepingPercent",
                "bitIdentical",
                "bitIdenticalPercent",
                "notFinite",
                "meanAbsDelta",
                "rmsDelta",
                "maxAbsDelta",
                "initStd",
                "spacing",
                "relativeRmsDelta",
                "correlation",
                "cosine",
                "signFlips",
                "towardsZero",
                "awayFromZero"));
        report.total().quantiles().forEach(quantile -> header.add("quantile@" + quantile.q()));
        header.addAll(List.of(
                "histogramZero",
                "histogramFirstExponent",
                "histogramCounts",
                "deadInputs",
                "deadUnits",
                "provenanceCorrelation",
                "provenanceWeights",
                "pValue",
                "verdict",
                "deadInputList",
                "deadUnitList",
                "mostMovedUnits",
                "decayFactor",
                "suspectedDecayFactor",
                "suspectedDecay",
                "suspectedDecayShare"));
        return header;
    }

    private static Map<String, String> tensor(AuditReport report, TensorAudit tensor) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("row", quoted("tensor"));
        line.put("name", quoted(tensor.name()));
        line.put("shape", quoted(tensor.shape().toString()));
        line.put("dtype", quoted(tensor.dtype().name()));
        line.put("elements", Long.toString(tensor.elements()));
        line.put("audited", Boolean.toString(tensor.audited()));
        if (!tensor.audited()) {
            line.put("reason", quoted(tensor.reason()));
            return line;
        }
        line.put("stored", quoted(tensor.stored().id()));
        line.put("baselineName", quoted(tensor.baselineName()));
        figures(line, report, tensor.figures());
        put(line, "deadInputs", tensor.deadInputs());
        put(line, "deadUnits", tensor.deadUnits());
        tensor.provenance().ifPresent(provenance -> provenance(line, provenance));
        tensor.lines().ifPresent(lines -> lines(line, lines));
        return line;
    }

    private static Map<String, String> total(AuditReport report) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("row", quoted("total"));
        line.put("name", quoted("all audited"));
        line.put("elements", Long.toString(report.elements()));
        line.put("audited", "true");
        figures(line, report, report.total());
        provenance(line, report.provenance());
        line.put("decayFactor", number(report.options().decay()));
        report.suspectedDecay().ifPresent(found -> {
            line.put("suspectedDecayFactor", number(found.factor()));
            line.put("suspectedDecay", number(found.decay()));
            line.put("suspectedDecayShare", number(found.share()));
        });
        return line;
    }

    private static void figures(Map<String, String> line, AuditReport report, Figures figures) {
        for (int t = 0; t < report.thresholds().size(); t++) {
            String id = id(report.thresholds().get(t));
            long moved = figures.movedAt().get(t);
            line.put("moved@" + id, Long.toString(moved));
            line.put("movedPercent@" + id, number(figures.percent(moved)));
            line.put("limit@" + id, number(figures.limits().get(t)));
        }
        line.put("sleepingPercent", number(figures.sleepingPercent()));
        line.put("bitIdentical", Long.toString(figures.bitIdentical()));
        line.put("bitIdenticalPercent", number(figures.percent(figures.bitIdentical())));
        line.put("notFinite", Long.toString(figures.notFinite()));
        line.put("meanAbsDelta", number(figures.meanAbsDelta()));
        line.put("rmsDelta", number(figures.rmsDelta()));
        line.put("maxAbsDelta", number(figures.maxAbsDelta()));
        line.put("initStd", number(figures.initStd()));
        line.put("spacing", number(figures.spacing()));
        put(line, "relativeRmsDelta", figures.relativeRmsDelta());
        put(line, "correlation", figures.correlation());
        put(line, "cosine", figures.cosine());
        line.put("signFlips", Long.toString(figures.signFlips()));
        line.put("towardsZero", Long.toString(figures.towardsZero()));
        line.put("awayFromZero", Long.toString(figures.awayFromZero()));
        figures.quantiles().forEach(quantile -> line.put("quantile@" + quantile.q(), number(quantile.value())));
        line.put("histogramZero", Long.toString(figures.histogram().zero()));
        line.put("histogramFirstExponent", Integer.toString(figures.histogram().firstExponent()));
        line.put(
                "histogramCounts",
                quoted(figures.histogram().counts().stream()
                        .map(String::valueOf)
                        .collect(Collectors.joining(" "))));
    }

    private static void provenance(Map<String, String> line, Provenance provenance) {
        line.put("provenanceCorrelation", number(provenance.correlation()));
        line.put("provenanceWeights", Long.toString(provenance.weights()));
        line.put("pValue", number(provenance.pValue()));
        line.put("verdict", quoted(provenance.verdict().id()));
    }

    private static void lines(Map<String, String> line, MovedLines lines) {
        line.put("deadInputList", quoted(runs(lines.unmovedCols())));
        line.put("deadUnitList", quoted(runs(lines.unmovedRows())));
        line.put(
                "mostMovedUnits",
                quoted(lines.mostMovedRows(MOST_MOVED).stream()
                        .map(row -> row + ":" + number(lines.rowMeans().get(row)))
                        .collect(Collectors.joining(" "))));
    }

    /** Ascending numbers, neighbours drawn together: {@code 0..15 20}. */
    private static String runs(List<Integer> numbers) {
        StringBuilder text = new StringBuilder();
        int start = 0;
        for (int k = 1; k <= numbers.size(); k++) {
            if (k == numbers.size() || numbers.get(k) != numbers.get(k - 1) + 1) {
                text.append(start == 0 ? "" : " ").append(numbers.get(start));
                text.append(k - start == 1 ? "" : ".." + numbers.get(k - 1));
                start = k;
            }
        }
        return text.toString();
    }

    /**
     * A threshold as a column's name has it, such as {@code abs:1e-05}.
     *
     * @param threshold the threshold
     * @return its kind and value
     */
    public static String id(Threshold threshold) {
        String text = Double.toString(threshold.value()).toLowerCase(Locale.ROOT);
        int e = text.indexOf('e');
        String mantissa = (e < 0 ? text : text.substring(0, e)).replaceAll("\\.0$", "");
        String exponent = e < 0 ? "" : String.format(Locale.ROOT, "e%+03d", Integer.parseInt(text.substring(e + 1)));
        return threshold.kind().id() + ":" + mantissa + exponent;
    }

    private static void put(Map<String, String> line, String column, OptionalLong value) {
        value.ifPresent(v -> line.put(column, Long.toString(v)));
    }

    private static void put(Map<String, String> line, String column, OptionalDouble value) {
        value.ifPresent(v -> line.put(column, number(v)));
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : Double.toString(value);
    }

    /**
     * Text as a field.
     *
     * @param text any text
     * @return the field, in quotes
     */
    public static String quoted(String text) {
        String visible = VisibleText.of(text);
        String content = visible.stripLeading();
        boolean formula = !content.isEmpty() && FORMULA.indexOf(content.charAt(0)) >= 0;
        return '"' + (formula ? "'" : "") + visible.replace("\"", "\"\"") + '"';
    }
}
