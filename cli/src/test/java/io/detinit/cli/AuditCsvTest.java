package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.audit.AuditCsv;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Provenance.Verdict;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;

class AuditCsvTest {

    private static AuditReport report(TensorAudit... tensors) {
        AuditOptions options = AuditOptions.of(
                new Threshold(1e-5),
                new Threshold(0.1, Threshold.Kind.STD),
                new Threshold(4, Threshold.Kind.ULP),
                new Threshold(0.8, Threshold.Kind.QUANTILE));
        return AuditSamples.report(options.withLines(), Verdict.MATCH, List.of(tensors));
    }

    private static List<CSVRecord> parse(String text) throws IOException {
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get();
        try (CSVParser parser = CSVParser.parse(new StringReader(text), format)) {
            return new ArrayList<>(parser.getRecords());
        }
    }

    @Test
    void oneLineATensorAndTheTotal() throws IOException {
        AuditReport report = report(
                AuditSamples.matrix("fc1.weight", 20, 30, 4),
                AuditSamples.vector("fc1.bias", 20),
                AuditSamples.skipped("steps", "I64 tensor"));
        String text = AuditCsv.of(report);
        assertEquals(5, text.split("\r\n", -1).length - 1);
        assertEquals(
                text.replace("\r\n", "").length(), text.replaceAll("[\r\n]", "").length(), "CR LF alone");
        List<CSVRecord> lines = parse(text);
        assertEquals(4, lines.size());
        lines.forEach(line -> assertTrue(line.isConsistent()));

        CSVRecord matrix = lines.get(0);
        assertEquals("fc1.weight", matrix.get("name"));
        assertEquals("[20, 30]", matrix.get("shape"));
        assertEquals("F32", matrix.get("dtype"));
        assertEquals("520", matrix.get("moved@abs:1e-05"));
        assertEquals(100.0 * 520 / 600, Double.parseDouble(matrix.get("movedPercent@abs:1e-05")));
        assertEquals("260", matrix.get("moved@std:0.1"));
        assertEquals("0.005", matrix.get("limit@std:0.1"));
        assertEquals("520", matrix.get("moved@ulp:4"));
        assertEquals("104", matrix.get("moved@quantile:0.8"));
        assertEquals("80", matrix.get("bitIdentical"));
        assertEquals("-0.25", matrix.get("correlation"), "a number is no formula");
        assertEquals("", matrix.get("cosine"));
        assertEquals("0.0011", matrix.get("quantile@0.5"));
        assertEquals("-26", matrix.get("histogramFirstExponent"));
        assertEquals(22, matrix.get("histogramCounts").split(" ", -1).length);
        assertEquals("4", matrix.get("deadInputs"));
        assertEquals("0..3", matrix.get("deadInputList"));
        assertEquals("match", matrix.get("verdict"));
        assertEquals("", matrix.get("decayFactor"));

        CSVRecord skipped = lines.get(2);
        assertEquals("false", skipped.get("audited"));
        assertEquals("I64 tensor", skipped.get("reason"));
        assertEquals("", skipped.get("moved@abs:1e-05"));

        CSVRecord total = lines.get(3);
        assertEquals("total", total.get("row"));
        assertEquals("620", total.get("elements"));
        assertEquals("", total.get("limit@std:0.1"), "no limit of all tensors");
        assertEquals("0.98", total.get("provenanceCorrelation"));
        assertEquals("1.0", total.get("decayFactor"));
    }

    @Test
    void namesAreQuotedAndNoFormula() throws IOException {
        List<String> names = List.of(
                "=HYPERLINK(\"x\")",
                "+1",
                "-1",
                "@SUM(A1)",
                "  =1",
                "\uff1d1",
                "a,b",
                "a\"b",
                "a\nb",
                "\t=1",
                "plain = 1");
        List<String> read = List.of(
                "'=HYPERLINK(\"x\")",
                "'+1",
                "'-1",
                "'@SUM(A1)",
                "'  =1",
                "'\uff1d1",
                "a,b",
                "a\"b",
                "a\\u{000A}b",
                "\\u{0009}=1",
                "plain = 1");
        TensorAudit[] tensors =
                names.stream().map(name -> AuditSamples.matrix(name, 2, 3, 0)).toArray(TensorAudit[]::new);
        String text = AuditCsv.of(report(tensors));
        List<CSVRecord> lines = parse(text);
        for (int k = 0; k < names.size(); k++) {
            assertEquals(read.get(k), lines.get(k).get("name"));
            assertEquals(read.get(k), lines.get(k).get("baselineName"));
        }
        assertEquals(names.size() + 2, text.lines().count(), "a line is a line");
    }

    @Test
    void numbersDoNotFollowTheCountry() {
        Locale before = Locale.getDefault();
        AuditReport report = report(AuditSamples.matrix("w", 20, 30, 4));
        String expected = AuditCsv.of(report);
        try {
            Locale.setDefault(Locale.GERMANY);
            assertEquals(expected, AuditCsv.of(report));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void thresholdsAreNamedWithTheirKind() {
        assertEquals("abs:1e-05", AuditCsv.id(new Threshold(1e-5)));
        assertEquals("abs:0.001", AuditCsv.id(new Threshold(1e-3)));
        assertEquals("abs:0", AuditCsv.id(new Threshold(0)));
        assertEquals("ulp:1.5e+08", AuditCsv.id(new Threshold(1.5e8, Threshold.Kind.ULP)));
    }
}
