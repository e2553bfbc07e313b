package io.detinit.cli.report;

import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Threshold;
import java.util.List;

/** What an audit's words mean, for a reader who has not used them before. */
final class AuditHtmlWords {

    private AuditHtmlWords() {}

    /** A threshold in few letters, such as {@code 1e-5} or {@code 0.1 std}. */
    static String name(Threshold threshold) {
        String value = HtmlText.given(threshold.value());
        return switch (threshold.kind()) {
            case ABS -> value;
            case STD -> value + " std";
            case ULP -> value + " ulp";
            case QUANTILE -> "quantile " + value;
            case AUTO -> "noise, p " + value;
        };
    }

    static void write(HtmlWriter page, AuditReport report) {
        page.element("h2", "What the thresholds mean", "id", "words");
        page.element(
                "p",
                "w is a weight of the file, w0 its initial value. A weight moved (is awakened) where w lies farther from w0 than the"
                        + " threshold says; otherwise it sleeps. No threshold is right by itself: each asks another question.");
        page.open("dl", "class", "facts");
        for (Threshold threshold : report.thresholds()) {
            page.element("dt", name(threshold)).element("dd", meaning(threshold));
        }
        page.close();
        sleeping(page);
        columns(page);
    }

    private static String meaning(Threshold threshold) {
        String value = HtmlText.given(threshold.value());
        return switch (threshold.kind()) {
            case ABS ->
                threshold.value() == 0
                        ? "Absolute, 0: every weight whose value changed at all counts as moved, by however little."
                        : "Absolute: moved where |w \u2212 w0| > " + value
                                + ". It is the same in every layer, so it asks little of layers with large weights and much of"
                                + " layers with small ones.";
            case STD ->
                "Relative: moved where |w \u2212 w0| is more than " + value
                        + " standard deviations of the tensor's initial values, so that layers of different scale can be compared."
                        + " Where all initial values are the same, as in biases, the unit is their absolute value; from zeros every"
                        + " change counts.";
            case ULP ->
                "In steps of the number format: moved where more than " + value
                        + " representable numbers of the file's type lie from w0 to w. Less than a few steps can be rounding alone.";
            case QUANTILE ->
                "By rank: moved where |w \u2212 w0| is larger than that of "
                        + SvgTicks.label(100 * threshold.value())
                        + " % of all audited weights. About " + SvgTicks.label(100 * (1 - threshold.value()))
                        + " % always count as moved, whatever training did: it says where movement was largest, not whether there"
                        + " was any.";
            case AUTO ->
                "From the training itself: moved where |w \u2212 w0| is farther out than gradient noise alone would have carried this"
                        + " weight, with the learning rates, steps, momentum and decay of the training. Of weights without signal a"
                        + " share of about " + value + " still counts as moved.";
        };
    }

    private static void sleeping(HtmlWriter page) {
        page.element("h3", "What a sleeping weight is not");
        page.open("ul");
        List.of(
                        "It is not useless. It still contributes w0 \u00b7 x to its unit. Zeroing it changes the network; putting it back"
                                + " to w0 changes it far less.",
                        "It is not saved work. Zeros make a file smaller only when it is stored sparsely or compressed, and make no"
                                + " inference faster; removing whole units or channels does.",
                        "At a threshold as small as 1e-5, it mostly hangs on a dead input, such as a pixel that is always black. Inputs"
                                + " normalised otherwise, momentum or weight decay bring the share close to 0.",
                        "Its opposite is not \u201clearned\u201d: weight decay, noise and momentum move weights as well. A model with"
                                + " weight decay has 0 % identical weights and must not be called all learned.")
                .forEach(line -> page.element("li", line));
        page.close();
    }

    private static void columns(HtmlWriter page) {
        page.element("h3", "The other figures");
        HtmlPage.facts(
                page,
                List.of(
                        List.of("bit-identical", "Weights with the very bits of their initial value."),
                        List.of("mean, rms, max delta", "Of |w \u2212 w0|: mean, root of the mean square, largest."),
                        List.of(
                                "rms / std",
                                "The rms delta in standard deviations of the initial values: 1 is as far as they spread."),
                        List.of(
                                "spacing",
                                "How far apart neighbouring numbers of the file's type lie at that spread. Movement below"
                                        + " half of it is lost in rounding."),
                        List.of(
                                "correlation, cosine",
                                "Of w with w0: 1 where nothing moved, about 0 for unrelated weights."),
                        List.of("sign flips", "Weights that went from above zero to below or back."),
                        List.of("towards, away", "Weights whose absolute value became smaller, or larger."),
                        List.of(
                                "dead inputs, dead units",
                                "Columns and rows of a matrix in which no weight moved at the first" + " threshold."),
                        List.of(
                                "not finite",
                                "Weights whose difference is NaN or infinite; they count as moved and enter no other"
                                        + " figure.")));
    }
}
