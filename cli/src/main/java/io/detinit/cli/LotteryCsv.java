package io.detinit.cli;

import io.detinit.training.lottery.Evaluation;
import io.detinit.training.lottery.RoundResult;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A lottery as CSV (RFC 4180): a header and one line for each training. Lines end with CR LF, numbers are written with a point and in
 * full; a loss that is no number is empty. No text of a stranger is in it.
 */
final class LotteryCsv {

    private static final List<String> HEADER = List.of(
            "seed",
            "round",
            "variant",
            "weightsSeed",
            "kept",
            "prunable",
            "density",
            "earlyStopStep",
            "earlyStopValidationLoss",
            "earlyStopValidationAccuracy",
            "earlyStopTestLoss",
            "earlyStopTestAccuracy",
            "endStep",
            "endValidationLoss",
            "endValidationAccuracy",
            "endTestLoss",
            "endTestAccuracy");

    private LotteryCsv() {}

    static String of(List<RoundResult> results) {
        StringBuilder text = new StringBuilder(String.join(",", HEADER)).append("\r\n");
        results.forEach(result -> text.append(line(result)));
        return text.toString();
    }

    private static String line(RoundResult result) {
        List<String> cells = new ArrayList<>();
        cells.add(Long.toString(result.seed()));
        cells.add(Integer.toString(result.round()));
        cells.add(result.variant().id());
        cells.add(Long.toString(result.weightsSeed()));
        cells.add(Long.toString(result.kept()));
        cells.add(Long.toString(result.prunable()));
        cells.add(number(result.density()));
        add(cells, result.earlyStop());
        add(cells, result.end());
        return cells.stream().collect(Collectors.joining(",", "", "\r\n"));
    }

    private static void add(List<String> cells, Evaluation evaluation) {
        cells.add(Long.toString(evaluation.step()));
        cells.add(number(evaluation.validation().loss()));
        cells.add(number(evaluation.validation().accuracy()));
        cells.add(number(evaluation.test().loss()));
        cells.add(number(evaluation.test().accuracy()));
    }

    private static String number(double value) {
        return Double.isFinite(value) ? Double.toString(value) : "";
    }
}
