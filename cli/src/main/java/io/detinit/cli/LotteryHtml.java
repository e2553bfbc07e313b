package io.detinit.cli;

import io.detinit.cli.report.HtmlPage;
import io.detinit.cli.report.HtmlText;
import io.detinit.cli.report.HtmlWriter;
import io.detinit.cli.report.SvgLogLines;
import io.detinit.cli.report.Text;
import io.detinit.training.TrainConfig;
import io.detinit.training.lottery.LotteryConfig;
import io.detinit.training.lottery.RoundSummary;
import io.detinit.training.lottery.Spread;
import io.detinit.training.lottery.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A lottery as one page: what was found, plots against the weights kept, the table, and how it was looked for. */
final class LotteryHtml {

    private LotteryHtml() {}

    static String of(LotteryReports reports) {
        LotteryConfig config = reports.config();
        HtmlWriter page = HtmlPage.begin("Lottery tickets");
        page.open("main").element("h1", "Lottery tickets");
        page.element(
                "p",
                "Model " + config.training().model().text() + " on "
                        + reports.data().source().getOrDefault("name", "samples") + ", "
                        + HtmlText.count(config.seeds().size(), "replicate") + ": trained, pruned, "
                        + (config.rewind() == 0
                                ? "put back to the initial weights"
                                : "put back to the weights after step " + Text.count(config.rewind()))
                        + ", trained again.");
        page.open("div", "class", "verdict");
        reports.verdicts().forEach(verdict -> page.element("p", verdict));
        page.close();
        List<RoundSummary> summaries = reports.summaries();
        page.open("div", "class", "figures");
        figure(page, "Test accuracy at the early stop", summaries, RoundSummary::earlyStopAccuracy, false);
        figure(page, "Step of the early stop", summaries, RoundSummary::earlyStopStep, true);
        figure(page, "Test accuracy at the end of training", summaries, RoundSummary::endAccuracy, false);
        page.close();
        page.element(
                "p",
                "Lines are means, bands reach from the lowest to the highest replicate; the dashed line is the dense network. The early "
                        + "stop is the evaluation with the lowest loss on held-out samples.",
                "class",
                "soft");
        page.element("h2", "Round by round");
        HtmlPage.table(page, "Round by round", reports.table().rows(), false);
        page.element("h2", "How");
        HtmlPage.facts(page, facts(reports));
        page.close();
        return HtmlPage.end(page);
    }

    private static void figure(
            HtmlWriter page,
            String title,
            List<RoundSummary> summaries,
            Function<RoundSummary, Spread> figure,
            boolean fromZero) {
        List<SvgLogLines.Series> series = new ArrayList<>();
        for (Variant variant : Variant.values()) {
            List<SvgLogLines.Point> points = summaries.stream()
                    .filter(summary -> summary.variant() == variant && summary.kept() > 0)
                    .map(summary -> {
                        Spread spread = figure.apply(summary);
                        return new SvgLogLines.Point(
                                100 * summary.density(), spread.mean(), spread.min(), spread.max());
                    })
                    .toList();
            if (!points.isEmpty()) {
                series.add(new SvgLogLines.Series(name(variant), points));
            }
        }
        page.open("figure");
        page.open("figcaption").element("b", title).close();
        SvgLogLines.write(page, title + " against the weights kept in per cent", series, fromZero);
        SvgLogLines.legend(page, series);
        page.close();
    }

    private static String name(Variant variant) {
        return switch (variant) {
            case TICKET -> "ticket";
            case REINIT -> "the same masks, weights of another seed";
            case SHUFFLE -> "random masks of the same layer sizes";
        };
    }

    private static List<List<String>> facts(LotteryReports reports) {
        LotteryConfig config = reports.config();
        TrainConfig training = config.training();
        List<List<String>> facts = new ArrayList<>();
        facts.add(List.of(
                "Training",
                training.optimizer().kind().id() + ", learning rate "
                        + HtmlText.given(training.optimizer().learningRate()) + " ("
                        + training.schedule().id() + "), batch " + training.batch() + ", "
                        + HtmlText.count(training.epochs(), "epoch") + ", scheme " + training.rules()));
        String layers = config.rates().rules().stream()
                .map(rule -> ", " + rule.rate() + " of " + rule.pattern())
                .collect(Collectors.joining());
        facts.add(List.of(
                "Pruning",
                config.criterion().id() + ", scope " + config.scope().id() + ", in a round "
                        + config.rates().rate() + " of the remaining weights, "
                        + config.rates().lastRate() + " of the output layer's" + layers + "; pruned weights are "
                        + (config.fill().needsInit() ? "back at w0" : "0")));
        facts.add(List.of("Seeds", config.seeds().stream().map(String::valueOf).collect(Collectors.joining(", "))));
        facts.add(List.of(
                "Samples",
                Text.count(reports.data().train().count()) + " trained on, "
                        + Text.count(reports.data().validation().count()) + " held out, "
                        + Text.count(reports.data().test().count()) + " of the test, scored every "
                        + HtmlText.count(config.evalEvery(), "step")));
        return facts;
    }
}
