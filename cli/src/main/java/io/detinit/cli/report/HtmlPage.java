package io.detinit.cli.report;

import java.util.List;

/** The frame and the tables that all pages share. A page needs nothing else: no script, no font, no image from anywhere. Stateless. */
public final class HtmlPage {

    private static final String STYLE = """
            :root {
              color-scheme: light dark;
              --page: #ffffff; --panel: #f4f6f8; --ink: #16202a; --soft: #52606d; --line: #cdd5dc; --link: #0b57a4;
              --moved: #0b4f94; --below: #79aee0; --same: #dfe4e9; --mark: #a33a00;
              --s0: #0b57a4; --s1: #b84300; --s2: #00705a; --s3: #8a3f86; --s4: #7a5c00; --s5: #33404d;
            }
            @media (prefers-color-scheme: dark) {
              :root {
                --page: #12171c; --panel: #1b2229; --ink: #e8edf2; --soft: #a5b1bd; --line: #3b4650; --link: #82bdff;
                --moved: #8cc5ff; --below: #2f74b5; --same: #39434d; --mark: #ffab6b;
                --s0: #6db6ff; --s1: #ff9b57; --s2: #4fd3ad; --s3: #e4a1e0; --s4: #e8c750; --s5: #d5dde5;
              }
            }
            * { box-sizing: border-box; }
            html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
            body { background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
              max-width: 74rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
            h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
            h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.75rem 0 .5rem; }
            h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
            p { margin: .5rem 0; max-width: 46rem; }
            a { color: var(--link); }
            a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
            .notice p { margin: 0; }
            code { white-space: nowrap; font: .92em ui-monospace, Consolas, monospace; }
            .soft { color: var(--soft); }
            .scroll { overflow-x: auto; max-width: 100%; margin: .75rem 0; }
            table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
            th, td { white-space: nowrap; padding: .3rem .75rem; text-align: right; border-bottom: 1px solid var(--line); }
            thead th { vertical-align: bottom; border-bottom: 2px solid var(--line); }
            tr > :first-child { text-align: left; padding-left: 0; }
            tbody th { font-weight: 500; }
            .wide tr > :first-child { position: sticky; left: 0; background: var(--page); }
            tr.total > * { font-weight: 700; border-top: 2px solid var(--line); }
            svg { display: block; max-width: 100%; }
            svg text { fill: var(--ink); font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
            svg .soft { fill: var(--soft); }
            .verdict, .notice { background: var(--panel); border: 1px solid var(--line); border-left: .5rem solid var(--moved);
              border-radius: .4rem; padding: .9rem 1.1rem; margin: 1.25rem 0; }
            .verdict .answer { font-size: 1.3rem; line-height: 1.35; font-weight: 700; margin: .2rem 0 .4rem; }
            .badge { display: inline-block; font-weight: 700; font-size: .85rem; letter-spacing: .04em; border: 2px solid var(--ink);
              border-radius: .3rem; padding: .05rem .5rem; }
            .no-match, .undecided, .notice { border-left-color: var(--mark); }
            .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0; }
            .cards > div { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; }
            .cards dt { font-size: .85rem; color: var(--soft); line-height: 1.3; }
            .cards dd { margin: 0; font-size: 1.3rem; font-weight: 700; font-variant-numeric: tabular-nums; line-height: 1.35; }
            .cards dd.sub { font-size: .85rem; font-weight: 400; color: var(--soft); }
            .facts { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1rem; margin: .75rem 0; }
            .facts dt { color: var(--soft); }
            .facts dd { margin: 0; max-width: 46rem; }
            li { max-width: 46rem; }
            .bars li, .legend li { max-width: none; }
            .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; align-items: center; list-style: none; margin: .5rem 0;
              padding: 0; font-size: .875rem; }
            .legend li { display: flex; gap: .45rem; align-items: center; }
            .legend li > span:first-child { white-space: nowrap; flex: none; }
            .swatch { width: 1.1rem; height: .8rem; border: 1px solid var(--soft); flex: none; print-color-adjust: exact;
              -webkit-print-color-adjust: exact; }
            .moved { fill: var(--moved); background: var(--moved); }
            .below { fill: var(--below); background: var(--below); }
            .same { fill: var(--same); background: var(--same); }
            .ramp { width: 8rem; height: .8rem; border: 1px solid var(--soft); flex: none; print-color-adjust: exact;
              -webkit-print-color-adjust: exact; background: linear-gradient(to right, RAMP); }
            .outline { border: 2px solid var(--ink); }
            .bars { list-style: none; margin: .5rem 0; padding: 0; }
            .bars li { display: grid; grid-template-columns: minmax(0, 15rem) minmax(0, 1fr) 5.5rem; gap: 0 .75rem; align-items: center;
              padding: .18rem 0; font-size: .9rem; }
            .bars li > :last-child { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
            .bars svg { width: 100%; height: 1.1rem; }
            .bars .total { font-weight: 700; }
            .bars .axis { color: var(--soft); font-size: .8rem; }
            .axis .ticks { display: flex; justify-content: space-between; }
            details { border: 1px solid var(--line); border-radius: .4rem; margin: .75rem 0; padding: 0 1rem; }
            summary { cursor: pointer; padding: .6rem 0; font-weight: 600; }
            summary .soft { font-weight: 400; font-size: .9rem; }
            details[open] { padding-bottom: 1rem; }
            .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1.25rem 2rem;
              align-items: start; margin: .75rem 0; }
            figure { margin: 0; min-width: 0; }
            figure svg { width: 100%; height: auto; max-width: 30rem; margin-top: .4rem; }
            figcaption { font-size: .9rem; }
            figcaption b { display: block; }
            .channels { display: grid; grid-template-columns: repeat(auto-fit, minmax(5.5rem, 1fr)); gap: .75rem; max-width: 30rem; }
            .channels svg { max-width: 18rem; }
            svg image { image-rendering: pixelated; }
            .frame { fill: none; stroke: var(--soft); stroke-width: 1; vector-effect: non-scaling-stroke; }
            .grid { stroke: var(--line); stroke-width: 1; fill: none; }
            .limit { stroke: var(--mark); stroke-width: 1.5; stroke-dasharray: 4 3; }
            svg text.limit { stroke: none; fill: var(--mark); font-weight: 600; }
            .halo, .dead { fill: none; vector-effect: non-scaling-stroke; }
            .halo { stroke: var(--page); stroke-width: 3.5; }
            .dead { stroke: var(--ink); stroke-width: 1.5; }
            .series { fill: none; stroke-width: 2; stroke-linejoin: round; }
            .s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
            .s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
            .d1 { stroke-dasharray: 7 3; } .d2 { stroke-dasharray: 2 3; } .d3 { stroke-dasharray: 9 3 2 3; }
            figure .key { margin: 0; width: 2.2rem; height: .8rem; flex: none; }
            @media (max-width: 40rem) {
              h1 { font-size: 1.45rem; }
              .bars li { grid-template-columns: minmax(0, 1fr) auto; padding: .35rem 0; }
              .bars li > :nth-child(2) { grid-column: 1 / -1; grid-row: 2; }
              .bars .axis > :first-child, .bars .axis > :last-child { display: none; }
              .wide bdi { display: block; width: max-content; max-width: 8rem; white-space: normal; }
              details { padding: 0 .7rem; }
              .facts { grid-template-columns: 1fr; gap: 0; }
              .facts dd { margin-bottom: .5rem; }
            }
            @media print {
              :root { --page: #ffffff; --panel: #ffffff; --ink: #000000; --soft: #444444; --line: #aaaaaa; --link: #000000;
                --moved: #0b4f94; --below: #79aee0; --same: #dfe4e9; --mark: #a33a00;
                --s0: #0b57a4; --s1: #b84300; --s2: #00705a; --s3: #8a3f86; --s4: #7a5c00; --s5: #33404d; }
              html { font-size: 11px; }
              body { max-width: none; font-size: 1rem; padding: 0; }
              h2, h3, summary { break-after: avoid; }
              figure, .verdict, .notice, .cards > div, .bars li, tr { break-inside: avoid; }
              .scroll { overflow: visible; }
              table { font-size: 8px; }
              th, td { padding: .15rem .3rem; white-space: normal; overflow-wrap: normal; }
              .wide tr > :first-child { position: static; }
              details::details-content { content-visibility: visible; block-size: auto; }
            }
            """;

    private HtmlPage() {}

    /**
     * Begins a page; what follows is its body.
     *
     * @param title its name
     * @return the page, to be written on
     */
    public static HtmlWriter begin(String title) {
        HtmlWriter page = new HtmlWriter();
        page.open("html", "lang", "en").open("head");
        page.empty("meta", "charset", "utf-8");
        page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        page.empty("link", "rel", "icon", "href", "data:,");
        page.element("title", HtmlText.shortened(title));
        page.style(STYLE.replace("RAMP", SvgColours.ramp()));
        return page.close().open("body");
    }

    /**
     * Ends a page.
     *
     * @param page begun by {@link #begin}
     * @return the page as text
     */
    public static String end(HtmlWriter page) {
        return page.close().close().finish();
    }

    /**
     * A table in a box of its own that scrolls where the screen is narrow.
     *
     * @param page where it goes
     * @param label what it shows
     * @param rows the header first; a row's first cell is its name
     * @param total whether the last row is the total of those above
     */
    public static void table(HtmlWriter page, String label, List<List<String>> rows, boolean total) {
        page.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", label);
        page.open("table", "class", rows.get(0).size() > 6 ? "wide" : "narrow");
        page.open("thead").open("tr");
        rows.get(0).forEach(cell -> page.element("th", cell, "scope", "col"));
        page.close().close().open("tbody");
        for (int r = 1; r < rows.size(); r++) {
            page.open("tr", "class", total && r == rows.size() - 1 ? "total" : "row");
            for (int c = 0; c < rows.get(0).size(); c++) {
                String cell = c < rows.get(r).size() ? rows.get(r).get(c) : "";
                if (c == 0) {
                    page.open("th", "scope", "row").name(cell).close();
                } else {
                    page.element("td", HtmlText.shortened(cell));
                }
            }
            page.close();
        }
        page.close().close().close();
    }

    /**
     * Terms and what they are, one line each.
     *
     * @param page where they go
     * @param facts a term and what it is, each
     */
    public static void facts(HtmlWriter page, List<List<String>> facts) {
        page.open("dl", "class", "facts");
        facts.forEach(fact -> page.element("dt", fact.get(0)).element("dd", fact.get(1)));
        page.close();
    }
}
