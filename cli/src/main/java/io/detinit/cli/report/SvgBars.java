package io.detinit.cli.report;

import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.TensorAudit;
import java.util.List;
import java.util.Map;

/** Shares of moved, unmoved and bit-identical weights, one bar a tensor, all on the scale from 0 to 100 %. Stateless. */
public final class SvgBars {

    private static final double HEIGHT = 10;

    /** The least width of a share that is not 0, in per cent. */
    private static final double VISIBLE = 0.4;

    private SvgBars() {}

    /**
     * Writes the bars.
     *
     * @param page where they go
     * @param report the audit
     * @param tensors the audited tensors to show
     * @param anchors the places on the page that tell more of a tensor, by its name
     */
    public static void write(
            HtmlWriter page, AuditReport report, List<TensorAudit> tensors, Map<String, String> anchors) {
        String limit = AuditHtmlWords.name(report.thresholds().get(0));
        page.open("ul", "class", "legend");
        key(page, "moved", "moved: |w \u2212 w0| > " + limit);
        key(page, "below", "changed, but not beyond the threshold");
        key(page, "same", "bit-identical to the initial value");
        page.close();
        page.open("ul", "class", "bars").open("li", "class", "axis", "aria-hidden", "true");
        page.open("span").close().open("span", "class", "ticks");
        List.of("0 %", "25 %", "50 %", "75 %", "100 %").forEach(tick -> page.element("span", tick));
        page.close().element("span", "moved").close();
        page.open("li", "class", "total").element("span", "all audited");
        bar(page, "all audited", report.total());
        for (TensorAudit tensor : tensors) {
            page.open("li").open("span");
            String anchor = anchors.get(tensor.name());
            if (anchor != null) {
                page.open("a", "href", "#" + anchor).name(tensor.name()).close();
            } else {
                page.name(tensor.name());
            }
            page.close();
            bar(page, tensor.name(), tensor.figures());
        }
        page.close();
    }

    private static void key(HtmlWriter page, String style, String meaning) {
        page.open("li").open("span", "class", "swatch " + style).close();
        page.element("span", meaning).close();
    }

    private static void bar(HtmlWriter page, String name, Figures figures) {
        long n = figures.elements();
        long below = Math.max(0, n - figures.moved() - figures.bitIdentical());
        String moved = HtmlText.share(figures.moved(), n);
        String label = HtmlText.shortened(name) + ": " + moved + " moved, " + HtmlText.share(below, n)
                + " changed below the threshold, " + HtmlText.share(figures.bitIdentical(), n) + " bit-identical";
        page.open("svg", "viewBox", "0 0 100 10", "preserveAspectRatio", "none", "role", "img", "aria-label", label);
        double x = part(page, "moved", 0, figures.percent(figures.moved()));
        x = part(page, "below", x, figures.percent(below));
        part(page, "same", x, 100 - x);
        page.empty("rect", "class", "frame", "width", "100", "height", HtmlText.at(HEIGHT));
        page.close().element("span", moved).close();
    }

    private static double part(HtmlWriter page, String style, double x, double percent) {
        double width = percent > 0 ? Math.min(100 - x, Math.max(VISIBLE, percent)) : 0;
        if (width > 0) {
            page.empty(
                    "rect",
                    "class",
                    style,
                    "x",
                    HtmlText.at(x),
                    "width",
                    HtmlText.at(width),
                    "height",
                    HtmlText.at(HEIGHT));
        }
        return x + width;
    }
}
