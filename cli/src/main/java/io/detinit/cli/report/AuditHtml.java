package io.detinit.cli.report;

import io.detinit.cli.option.ToolVersion;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.Provenance;
import io.detinit.interop.audit.SharedFactor;
import io.detinit.interop.audit.TensorAudit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * An audit as one HTML page that needs nothing else, well-formed as XML too: first whether the initial weights are the file's at
 * all, then all figures and pictures. Its size is bounded: of very many tensors only the largest have bars and pictures. What it shows
 * of rows and columns is there where the audit was made with {@link io.detinit.interop.audit.AuditOptions#lines}.
 *
 * <p>Its static methods may be called by many threads.
 */
public final class AuditHtml {

    /** The most tensors with bars, and with a part of their own. */
    static final int MOST_DETAILED = 120;

    /** The most lines of a table. */
    static final int MOST_ROWS = 3000;

    /** Up to so many parts are unfolded at first. */
    private static final int UNFOLDED = 4;

    private static final int LISTED = 12;

    private final HtmlWriter page = HtmlPage.begin("Which weights moved?");
    private final AuditSubject subject;
    private final Baseline.Kind kind;
    private final OptionalLong seed;
    private final AuditReport report;
    private final List<TensorAudit> audited;
    private final List<TensorAudit> detailed;
    private final Map<String, String> anchors = new HashMap<>();

    private AuditHtml(AuditSubject subject, Baseline.Kind kind, OptionalLong seed, AuditReport report) {
        this.subject = subject;
        this.kind = kind;
        this.seed = seed;
        this.report = report;
        this.audited = report.tensors().stream().filter(TensorAudit::audited).toList();
        this.detailed = detailed(audited, TensorAudit::elements);
        for (int k = 0; k < detailed.size(); k++) {
            anchors.put(detailed.get(k).name(), "tensor-" + k);
        }
    }

    /**
     * The tensors that a page shows one by one, with pictures: the largest ones, of equally large ones the first.
     *
     * @param audited what was audited, in the order of the file
     * @param elements the size of one
     * @param <T> what stands for a tensor
     * @return at most 120 of them, in the same order
     */
    public static <T> List<T> detailed(List<T> audited, ToLongFunction<T> elements) {
        return IntStream.range(0, audited.size())
                .boxed()
                .sorted(Comparator.comparingLong((Integer k) -> elements.applyAsLong(audited.get(k)))
                        .reversed())
                .limit(MOST_DETAILED)
                .sorted()
                .map(audited::get)
                .toList();
    }

    /**
     * A page without a timeline.
     *
     * @param subject what was audited
     * @param kind where the initial values come from
     * @param seed their seed; empty where they are a file's
     * @param report the audit
     * @return the page, in characters that are meant to be written as UTF-8
     */
    public static String of(AuditSubject subject, Baseline.Kind kind, OptionalLong seed, AuditReport report) {
        return of(subject, kind, seed, report, List.of());
    }

    /**
     * A page.
     *
     * @param subject what was audited
     * @param kind where the initial values come from
     * @param seed their seed; empty where they are a file's
     * @param report the audit
     * @param timelines how the weights moved while the model was trained, if that is known
     * @return the page, in characters that are meant to be written as UTF-8
     */
    public static String of(
            AuditSubject subject,
            Baseline.Kind kind,
            OptionalLong seed,
            AuditReport report,
            List<HtmlTimeline> timelines) {
        return new AuditHtml(subject, kind, seed, report).write(timelines);
    }

    private String write(List<HtmlTimeline> timelines) {
        page.open("header").element("h1", "Which weights moved?").open("p", "class", "soft");
        page.name(subject.file()).text(" against " + against() + ".").close().close();
        page.open("main");
        verdict();
        notices();
        overview();
        bars();
        timelines.forEach(timeline -> AuditHtmlTimeline.write(page, timeline));
        figures();
        details();
        unaudited();
        AuditHtmlWords.write(page, report);
        origin();
        page.close();
        return HtmlPage.end(page);
    }

    private String against() {
        return switch (kind) {
            case SEED -> "the initial weights of seed " + seed.orElse(0);
            case TORCH_SEED -> "PyTorch's initial weights after torch.manual_seed(" + seed.orElse(0) + ")";
            case INIT_FILE -> "the initial weights in " + HtmlText.shortened(subject.source());
            case NONE -> "no initial weights";
        };
    }

    /** A p-value in words. */
    static String pValue(double p) {
        return "p-value " + (p == 0 ? "below 1e-300" : HtmlText.number(p));
    }

    private void verdict() {
        Provenance provenance = report.provenance();
        Provenance.Verdict verdict = provenance.verdict();
        page.open("section", "class", "verdict " + verdict.id(), "aria-label", "Verdict");
        page.element("span", verdict.id().replace('-', ' ').toUpperCase(java.util.Locale.ROOT), "class", "badge");
        page.element("p", answer(verdict), "class", "answer");
        page.element(
                "p",
                Text.format("Correlation of w with w0: %.4f", provenance.correlation()) + " over "
                        + HtmlText.count(provenance.weights(), "randomly initialised weight") + ", "
                        + pValue(provenance.pValue())
                        + ". The p-value is the chance of a correlation at least this high if the file came from another"
                        + " initialisation; below " + HtmlText.given(Provenance.MATCH_P_VALUE) + " it proves a match.");
        if (verdict != Provenance.Verdict.MATCH) {
            page.open("p")
                    .element(
                            "b",
                            verdict == Provenance.Verdict.NO_MATCH
                                    ? "What follows measures the distance to these initial weights, not training."
                                    : "What follows measures the distance to these initial weights; that it is training was"
                                            + " not shown.");
            page.text(kind == Baseline.Kind.INIT_FILE ? "" : " detinit identify searches for the seed.")
                    .close();
        }
        page.close();
    }

    private static String answer(Provenance.Verdict verdict) {
        return switch (verdict) {
            case MATCH -> "Yes, these initial weights belong to this file: it was trained from them.";
            case NO_MATCH ->
                "No, these initial weights do not belong to this file, or training has erased every trace of them.";
            case UNDECIDED ->
                "Undecided: the file has too few randomly initialised weights to tell whether these initial weights belong to it.";
        };
    }

    private void notices() {
        report.notes().forEach(note -> notice(note));
        if (report.provenance().verdict() != Provenance.Verdict.MATCH) {
            return;
        }
        List<String> strangers = audited.stream()
                .filter(tensor -> tensor.provenance()
                        .filter(own -> own.verdict() == Provenance.Verdict.NO_MATCH)
                        .isPresent())
                .map(tensor -> HtmlText.shortened(tensor.name()))
                .toList();
        if (!strangers.isEmpty()) {
            notice("No trace of the initial weights in " + some(strangers)
                    + ": another initialisation, or training erased it.");
        }
        report.suspectedDecay().ifPresentOrElse(this::decay, this::allMoved);
    }

    private void decay(SharedFactor found) {
        page.open("div", "class", "notice").open("p");
        page.text("No weight kept its initial bits, but "
                + Text.format("%.0f %%", 100 * found.share())
                + " of the sampled ones are w0 times "
                + Text.format("%.5f", found.factor())
                + ": the trace of weight decay, which shrinks every weight at every step whether it learns or not. A model with"
                + " weight decay has 0 % identical weights and must not be called all learned. ");
        page.element("code", "--decay " + Text.format("%.5g", found.decay())).text(" undoes it.");
        page.close().close();
    }

    private void allMoved() {
        if (report.total().movedPercent() > 99.9 && report.total().bitIdentical() == 0 && report.elements() > 0) {
            notice("That all weights moved does not say that all of them learned: weight decay, noise and momentum move"
                    + " weights too.");
        }
    }

    private static String some(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(LISTED, names.size())));
        return names.size() > LISTED ? first + " and " + (names.size() - LISTED) + " more" : first;
    }

    private void notice(String text) {
        page.open("div", "class", "notice").element("p", text).close();
    }

    private void overview() {
        Figures total = report.total();
        page.element("h2", "Overview").open("dl", "class", "cards");
        card("weights audited", Text.count(total.elements()), "in " + HtmlText.count(audited.size(), "tensor"));
        for (int t = 0; t < report.thresholds().size(); t++) {
            long moved = report.movedAt(t);
            card(
                    "moved, threshold "
                            + AuditHtmlWords.name(report.thresholds().get(t)),
                    HtmlText.share(moved, total.elements()),
                    HtmlText.count(moved, "weight"));
        }
        long asleep = total.elements() - total.moved();
        card(
                "sleeping, threshold " + AuditHtmlWords.name(report.thresholds().get(0)),
                HtmlText.share(asleep, total.elements()),
                HtmlText.count(asleep, "weight"));
        card(
                "bit-identical to w0",
                HtmlText.share(total.bitIdentical(), total.elements()),
                HtmlText.count(total.bitIdentical(), "weight"));
        card(
                "rms of w \u2212 w0",
                HtmlText.number(total.rmsDelta()),
                total.relativeRmsDelta().isPresent()
                        ? HtmlText.number(total.relativeRmsDelta().getAsDouble()) + " initial std"
                        : "largest " + HtmlText.number(total.maxAbsDelta()));
        if (total.notFinite() > 0) {
            card("NaN or infinite", Text.count(total.notFinite()), "counted as moved");
        }
        page.close().open("p").text("A sleeping weight is not a useless one: it still contributes w0 \u00b7 x. ");
        page.element("a", "What these words mean", "href", "#words").text(".").close();
    }

    private void card(String what, String value, String more) {
        page.open("div").element("dt", what).element("dd", value).element("dd", more, "class", "sub");
        page.close();
    }

    private void bars() {
        page.element("h2", "Layer by layer");
        if (detailed.size() < audited.size()) {
            page.element("p", largest("have a bar"), "class", "soft");
        }
        SvgBars.write(page, report, detailed, anchors);
    }

    private String largest(String what) {
        return "Of " + HtmlText.count(audited.size(), "tensor") + ", the " + detailed.size() + " largest " + what
                + "; the table below has all figures.";
    }

    private void figures() {
        page.element("h2", "All figures");
        boolean cut = audited.size() > MOST_ROWS;
        if (cut) {
            page.element(
                    "p",
                    "The first " + Text.count(MOST_ROWS) + " of " + HtmlText.count(audited.size(), "tensor")
                            + "; a report whose name ends with .csv has all.",
                    "class",
                    "soft");
        }
        AuditHtmlFigures.write(page, report, audited.subList(0, Math.min(MOST_ROWS, audited.size())));
    }

    private void details() {
        page.element("h2", "Tensor by tensor");
        if (detailed.size() < audited.size()) {
            page.element("p", largest("are shown"), "class", "soft");
        }
        boolean few = detailed.size() <= UNFOLDED;
        for (TensorAudit tensor : detailed) {
            AuditHtmlTensor.write(page, report, tensor, anchors.getOrDefault(tensor.name(), ""), few);
        }
        if (detailed.isEmpty()) {
            page.element("p", "No tensor was audited.");
        }
    }

    private void unaudited() {
        List<TensorAudit> others =
                report.tensors().stream().filter(tensor -> !tensor.audited()).toList();
        if (others.isEmpty()) {
            return;
        }
        page.element("h2", "Not audited");
        page.element("p", HtmlText.count(others.size(), "tensor") + " of the file, in no total of this page.");
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("tensor", "shape", "type", "elements", "why"));
        others.stream()
                .limit(MOST_ROWS)
                .forEach(tensor -> rows.add(List.of(
                        tensor.name(),
                        tensor.shape().toString(),
                        tensor.dtype().toString(),
                        Text.count(tensor.elements()),
                        tensor.reason())));
        HtmlPage.table(page, "Tensors that were not audited", rows, false);
        if (others.size() > MOST_ROWS) {
            page.element("p", "and " + HtmlText.count(others.size() - MOST_ROWS, "tensor") + " more");
        }
    }

    private void origin() {
        page.element("h2", "How this page was made");
        List<List<String>> facts = new ArrayList<>();
        facts.add(List.of("Tool", ToolVersion.name()));
        facts.add(List.of("File", subject.file()));
        facts.add(List.of("Format", subject.format()));
        facts.add(List.of("Baseline", kind.id() + (seed.isPresent() ? " " + seed.getAsLong() : "")));
        facts.add(List.of("Initial values from", subject.source()));
        facts.add(List.of(
                "Thresholds",
                String.join(
                                "; ",
                                report.thresholds().stream()
                                        .map(AuditHtmlWords::name)
                                        .toList())
                        + " (the first decides what sleeps, dead inputs and dead units)"));
        double decay = report.options().decay();
        facts.add(List.of(
                "Weight decay",
                decay == 1
                        ? "not undone"
                        : "undone: w was compared with " + HtmlText.given(decay)
                                + " w0; w0 on this page is that product"));
        HtmlPage.facts(page, facts);
    }
}
