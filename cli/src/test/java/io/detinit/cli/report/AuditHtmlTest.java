package io.detinit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.cli.AuditSamples;
import io.detinit.cli.CommandRun;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Provenance.Verdict;
import io.detinit.interop.audit.SharedFactor;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.tensor.DType;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class AuditHtmlTest {

    private static final AuditSubject SUBJECT = new AuditSubject("net.pt", "torch", "the file's plan");

    private static final Threshold[] THRESHOLDS = {
        new Threshold(1e-5),
        new Threshold(0.1, Threshold.Kind.STD),
        new Threshold(4, Threshold.Kind.ULP),
        new Threshold(0.8, Threshold.Kind.QUANTILE)
    };

    private static String page(AuditReport report) {
        return AuditHtml.of(SUBJECT, Baseline.Kind.SEED, OptionalLong.of(42), report);
    }

    private static AuditReport report(Verdict verdict, TensorAudit... tensors) {
        return AuditSamples.report(AuditOptions.of(THRESHOLDS).withLines(), verdict, List.of(tensors));
    }

    private static Document parse(String page) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(page)));
    }

    private static List<Element> elements(Document page, String tag) {
        NodeList nodes = page.getElementsByTagName(tag);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(k -> (Element) nodes.item(k))
                .toList();
    }

    private static String text(Document page) {
        return elements(page, "body").get(0).getTextContent().replaceAll("\\s+", " ");
    }

    @Test
    void theVerdictComesFirstInPlainWords() throws Exception {
        AuditReport match = report(Verdict.MATCH, AuditSamples.matrix("fc1.weight", 20, 30, 4));
        Document page = parse(page(match));
        List<Element> sections = elements(page, "section");
        String verdict = sections.get(0).getTextContent();
        assertTrue(
                verdict.startsWith("MATCH") && verdict.contains("Yes, these initial weights belong to this file"),
                verdict);
        assertTrue(verdict.contains("0.9800") && verdict.contains("p-value below 1e-300"), verdict);
        assertFalse(verdict.contains("What follows"), verdict);

        String stranger = text(parse(page(report(Verdict.NO_MATCH, AuditSamples.matrix("a", 20, 30, 4)))));
        assertTrue(
                stranger.contains("NO MATCH") && stranger.contains("No, these initial weights do not belong"),
                stranger);
        assertTrue(stranger.contains("measures the distance to these initial weights, not training"), stranger);
        assertTrue(stranger.contains("detinit identify"), stranger);

        String open = text(parse(page(report(Verdict.UNDECIDED, AuditSamples.matrix("a", 20, 30, 4)))));
        assertTrue(open.contains("UNDECIDED") && open.contains("too few"), open);
    }

    @Test
    void aTensorHasItsHistogramItsQuantilesAndItsPictures() throws Exception {
        TensorAudit image = AuditSamples.matrix("fc1.weight", 20, 784, 30);
        Document page = parse(page(report(Verdict.MATCH, image, AuditSamples.vector("fc1.bias", 20))));
        assertEquals(2, elements(page, "details").size());
        List<String> drawings = elements(page, "svg").stream()
                .map(svg -> svg.getAttribute("aria-label"))
                .toList();
        assertTrue(drawings.stream().anyMatch(label -> label.startsWith("Histogram of |w \u2212 w0| of fc1.weight")));
        assertTrue(drawings.stream().anyMatch(label -> label.startsWith("Heat map of |w \u2212 w0| of fc1.weight")));
        assertTrue(drawings.contains("Movement of the inputs as a 28 by 28 picture, 30 dead inputs outlined"));
        String text = text(page);
        assertTrue(text.contains("30: 0..29"), "dead inputs as runs");
        assertTrue(text.contains("exactly 0: 600 weights"), "zeros have a bar of their own");
        assertTrue(text.contains("10\u207b\u2075"), "the axis is labelled in powers of ten");
        assertEquals(
                1,
                elements(page, "path").stream()
                        .filter(path -> path.getAttribute("class").equals("dead"))
                        .count());
        for (Element svg : elements(page, "svg")) {
            assertTrue(svg.getAttribute("class").equals("key")
                    || svg.getAttribute("role").equals("img"));
            assertNotEquals("", svg.getAttribute("aria-label"));
        }
        elements(page, "th").forEach(th -> assertTrue(th.hasAttribute("scope")));
    }

    @Test
    void picturesAreDrawnOfWhatCanBeOne() throws Exception {
        assertEquals(3, imagesOfInputs(3 * 32 * 32), "three channels");
        assertEquals(1, imagesOfInputs(1024));
        assertEquals(1, imagesOfInputs(64));
        assertEquals(0, imagesOfInputs(63));
        assertEquals(0, imagesOfInputs(49), "too small");
    }

    private static long imagesOfInputs(int inputs) throws Exception {
        Document page = parse(page(report(Verdict.MATCH, AuditSamples.matrix("w", 4, inputs, 2))));
        return elements(page, "svg").stream()
                .filter(svg -> svg.getAttribute("aria-label").startsWith("Movement of the inputs"))
                .count();
    }

    @Test
    void aKernelIsDrawnByItsPositions() throws Exception {
        Document page = parse(page(report(Verdict.MATCH, AuditSamples.kernel("conv.weight", 8, 3, 5, 5))));
        assertTrue(elements(page, "svg").stream()
                .anyMatch(svg ->
                        svg.getAttribute("aria-label").startsWith("Movement by the position in the kernel, 5 by 5")));
    }

    @Test
    void thresholdsAndSleepAreExplained() throws Exception {
        String text = text(parse(page(report(Verdict.MATCH, AuditSamples.matrix("w", 20, 30, 4)))));
        assertTrue(text.contains("Absolute: moved where |w \u2212 w0| > 1e-5"), text);
        assertTrue(text.contains("more than 0.1 standard deviations"), text);
        assertTrue(text.contains("more than 4 representable numbers"), text);
        assertTrue(text.contains("80 % of all audited weights. About 20 % always count as moved"), text);
        assertTrue(text.contains("It still contributes w0 \u00b7 x"), text);
        assertTrue(
                text.contains("Tool detinit") && text.contains("Format torch") && text.contains("Baseline seed 42"),
                text);
    }

    @Test
    void weightDecayIsNotCalledLearning() throws Exception {
        AuditReport plain = report(Verdict.MATCH, AuditSamples.matrix("w", 20, 30, 0));
        AuditReport decayed = new AuditReport(
                plain.options(),
                plain.tensors(),
                plain.total(),
                plain.provenance(),
                Optional.of(new SharedFactor(0.97, 0.4)),
                List.of("a note"));
        String text = text(parse(page(decayed)));
        assertTrue(text.contains("40 % of the sampled ones are w0 times 0.97000"), text);
        assertTrue(text.contains("must not be called all learned. --decay 0.030459 undoes it"), text);
        assertTrue(text.contains("a note"), text);
    }

    @Test
    void shortNumbersHaveTheirSpacingBesideTheThreshold() throws Exception {
        TensorAudit tensor = AuditSamples.matrix("w", 20, 30, 4, DType.BF16);
        String text = text(parse(page(report(Verdict.MATCH, tensor))));
        assertTrue(text.contains("Stored as BF16"), text);
        assertTrue(text.contains("Finer than that: the threshold 1e-5."), text);
    }

    @Test
    void whatWasNotAuditedIsListedWithItsReason() throws Exception {
        Document page = parse(page(report(
                Verdict.MATCH,
                AuditSamples.matrix("w", 2, 3, 0),
                AuditSamples.skipped("bn.num_batches", "I64 tensor"))));
        String text = text(page);
        assertTrue(text.contains("Not audited") && text.contains("bn.num_batches") && text.contains("I64 tensor"));
        assertEquals(1, elements(page, "details").size());
    }

    @Test
    void namesOfAStrangersFileStayText() throws Exception {
        String name = "</title><script>alert(1)</script>\"' onload='x' \u202Egnp\u202C\u0000\u001b[31m\n&amp;\uD800";
        AuditSubject subject = new AuditSubject(name, name, name);
        TensorAudit tensor = AuditSamples.matrix(name, 20, 784, 3);
        AuditReport report = report(Verdict.MATCH, tensor, AuditSamples.skipped(name + 2, name));
        String text =
                AuditHtml.of(subject, Baseline.Kind.INIT_FILE, OptionalLong.empty(), report, List.of(timeline(name)));
        Document page = parse(text);
        assertEquals(0, elements(page, "script").size());
        assertFalse(text.contains("<script"));
        assertTrue(text.codePoints()
                .noneMatch(c -> (c < 32 && c != '\n') || c == 0x202E || c == 0x202C || (c >= 0xD800 && c < 0xE000)));
        String shown =
                "</title><script>alert(1)</script>\"' onload='x' \\u{202E}gnp\\u{202C}\\u{0000}\\u{001B}[31m\\u{000A}"
                        + "&amp;\\u{D800}";
        assertTrue(elements(page, "bdi").stream()
                .anyMatch(bdi -> bdi.getTextContent().equals(shown)));
    }

    @Test
    void aLongNameIsShortened() throws Exception {
        String name = "a".repeat(5000) + "\ud83d\ude00".repeat(5000);
        Document page = parse(page(report(Verdict.MATCH, AuditSamples.matrix(name, 2, 3, 0))));
        String shown = "a".repeat(60) + " \u2026 " + "\ud83d\ude00".repeat(60);
        assertTrue(elements(page, "bdi").stream()
                .anyMatch(bdi -> bdi.getTextContent().equals(shown)));
        assertFalse(text(page).contains("a".repeat(61)));
    }

    @Test
    void thePageNeedsNothingFromAnywhere() throws Exception {
        String page = AuditHtml.of(
                SUBJECT,
                Baseline.Kind.SEED,
                OptionalLong.of(42),
                report(Verdict.MATCH, AuditSamples.matrix("w", 20, 784, 3)),
                List.of(timeline("w")));
        assertFalse(page.toLowerCase(Locale.ROOT).contains("http"));
        assertFalse(page.contains("url(") || page.contains("@import") || page.contains("<script"));
        Matcher references = Pattern.compile("(?:href|src)=\"([^\"]*)\"").matcher(page);
        int found = 0;
        while (references.find()) {
            found++;
            String target = references.group(1);
            assertTrue(target.startsWith("#") || target.startsWith("data:"), target);
            if (target.startsWith("#")) {
                assertTrue(page.contains("id=\"" + target.substring(1) + "\""), target);
            }
        }
        assertTrue(found > 3);
    }

    @Test
    void veryManyTensorsStayWithinTenMegabytes() throws Exception {
        TensorAudit small = AuditSamples.matrix("w", 96, 1024, 17);
        TensorAudit large = AuditSamples.matrix("w", 96, 4096, 17);
        List<TensorAudit> tensors = new ArrayList<>();
        for (int k = 0; k < 2000; k++) {
            tensors.add(AuditSamples.renamed(k == 7 ? large : small, "model.layers." + k + ".mlp.down_proj.weight"));
        }
        AuditReport report = AuditSamples.report(AuditOptions.of(THRESHOLDS).withLines(), Verdict.MATCH, tensors);
        String page = page(report);
        int bytes = page.getBytes(StandardCharsets.UTF_8).length;
        assertTrue(bytes < 10_000_000, bytes + " bytes");
        Document document = parse(page);
        assertEquals(AuditHtml.MOST_DETAILED, elements(document, "details").size());
        String text = text(document);
        assertTrue(text.contains("Of 2,000 tensors, the 120 largest are shown"), "said on the page");
        assertTrue(text.contains("model.layers.1999.mlp.down_proj.weight"), "the table has all");
        assertTrue(elements(document, "summary").stream()
                .anyMatch(summary -> summary.getTextContent().startsWith("model.layers.7.")));
    }

    @Test
    void anAuditOfNothingIsAPage() throws Exception {
        String text = text(parse(page(report(Verdict.UNDECIDED, AuditSamples.skipped("x", "not in the plan")))));
        assertTrue(text.contains("No tensor was audited"), text);
    }

    private static HtmlTimeline timeline(String... names) {
        List<HtmlTimeline.Series> series = new ArrayList<>();
        for (String name : names) {
            List<HtmlTimeline.Point> points = IntStream.rangeClosed(0, 1000)
                    .mapToObj(k -> new HtmlTimeline.Point(k, k == 500 ? Double.NaN : k / 10.0, 1e-4 * k))
                    .toList();
            series.add(new HtmlTimeline.Series(name, points));
        }
        return new HtmlTimeline("epoch", series, List.of("two layers <stand> still"));
    }

    @Test
    void aTimelineIsDrawnWithItsLegendAndWarnings() throws Exception {
        String[] names = IntStream.range(0, 30).mapToObj(k -> "layer" + k).toArray(String[]::new);
        Document page = parse(AuditHtml.of(
                SUBJECT,
                Baseline.Kind.SEED,
                OptionalLong.of(42),
                report(Verdict.MATCH, AuditSamples.matrix("w", 2, 3, 0)),
                List.of(timeline(names))));
        List<String> labels = elements(page, "svg").stream()
                .map(svg -> svg.getAttribute("aria-label"))
                .toList();
        assertTrue(
                labels.contains("Moved weights in per cent by epoch: layer0, layer1, layer2, layer3, layer4, layer5"));
        assertEquals(
                4,
                labels.stream()
                        .filter(label -> label.startsWith("Root mean square"))
                        .count());
        List<Element> lines = elements(page, "path").stream()
                .filter(path -> path.getAttribute("class").startsWith("series"))
                .filter(path -> path.getAttribute("d").length() > 20)
                .toList();
        assertEquals(2 * AuditHtmlTimeline.MOST_DRAWN, lines.size());
        assertEquals("M44 198", lines.get(0).getAttribute("d").split("L", -1)[0], "0 % at the first epoch");
        assertTrue(lines.get(0).getAttribute("d").endsWith("L388 20"), "100 % at the last");
        String text = text(page);
        assertTrue(text.contains("two layers <stand> still") && text.contains("The first 24 of 30 tensors are drawn"));
    }

    /** Gradients and updates on logarithmic axes, silent units only of layers that have an activation. */
    @Test
    void gradientsUpdatesAndSilentUnitsAreDrawn() throws Exception {
        List<HtmlTimeline.Point> points = List.of(
                new HtmlTimeline.Point(0, 0, 0, Double.NaN, Double.NaN, 25),
                new HtmlTimeline.Point(1, 10, 0.1, 1, 1e-2, 50),
                new HtmlTimeline.Point(2, 20, 0.2, 1e-4, 0, 100));
        List<HtmlTimeline.Point> silent = List.of(new HtmlTimeline.Point(0, 0, 0), new HtmlTimeline.Point(2, 5, 0.1));
        Document page = parse(AuditHtml.of(
                SUBJECT,
                Baseline.Kind.SEED,
                OptionalLong.of(42),
                report(Verdict.MATCH, AuditSamples.matrix("w", 2, 3, 0)),
                List.of(new HtmlTimeline(
                        "epoch",
                        List.of(new HtmlTimeline.Series("w", points), new HtmlTimeline.Series("b", silent)),
                        List.of()))));
        assertEquals("M216 20L388 198", line(page, "Norm of the gradient by epoch: w"));
        assertEquals("M216 198L388 198", line(page, "Update-to-weight ratio by epoch: w"), "0 lies on the floor");
        assertEquals("M44 153.5L216 109L388 20", line(page, "Units that never fire in per cent by epoch: w"));
        String text = text(page);
        assertTrue(text.contains("10\u207b\u2074") && text.contains("never fire"), text);
    }

    private static String line(Document page, String label) {
        Element svg = elements(page, "svg").stream()
                .filter(one -> one.getAttribute("aria-label").equals(label))
                .findFirst()
                .orElseThrow();
        NodeList paths = svg.getElementsByTagName("path");
        List<String> lines = IntStream.range(0, paths.getLength())
                .mapToObj(k -> (Element) paths.item(k))
                .filter(path -> path.getAttribute("class").startsWith("series"))
                .map(path -> path.getAttribute("d"))
                .toList();
        assertEquals(1, lines.size(), "what was not measured has no line");
        return lines.get(0);
    }

    @Test
    void aRealAuditWritesBothReports(@TempDir Path folder) throws Exception {
        Path file = Path.of("..", "..", "shared", "fixtures", "trained", "mlp-addressable.safetensors");
        Assumptions.assumeTrue(Files.exists(file));
        Path html = folder.resolve("a.html");
        Path csv = folder.resolve("a.csv");
        CommandRun run = CommandRun.of("audit", file, "--seed", 42, "--report", html, "--report", csv);
        assertEquals(0, run.code(), run.err());
        String text = text(parse(Files.readString(html)));
        assertTrue(text.contains("MATCH") && text.contains("The inputs as a 28 \u00d7 28 picture"), text);
        assertTrue(Files.readString(csv).contains("\"fc1.weight\",\"[300, 784]\",\"F32\",235200,true,"));
    }
}
