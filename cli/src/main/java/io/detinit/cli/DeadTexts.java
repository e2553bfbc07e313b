package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.shrink.Assumption;
import io.detinit.interop.shrink.Cost;
import io.detinit.interop.shrink.LeftAlone;
import io.detinit.interop.shrink.Proof;
import io.detinit.interop.shrink.ShrinkReport;
import io.detinit.interop.shrink.ShrunkInputs;
import io.detinit.interop.shrink.ShrunkLayer;
import io.detinit.interop.shrink.SpeedUp;
import io.detinit.interop.shrink.StructuredUnits;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a removal of dead units came to, as JSON and for people. */
final class DeadTexts {

    /** How many lines of reasons people are shown. */
    private static final int LISTED = 12;

    private DeadTexts() {}

    static void put(ObjectNode object, DeadRemoval.Outcome outcome) {
        ShrinkReport report = outcome.report();
        ObjectNode node = object.putObject("removeDead");
        node.put("shrunk", report.shrunk());
        node.put("removedUnits", report.removedUnits());
        outcome.choice().ifPresent(choice -> put(node, choice));
        ArrayNode layers = node.putArray("layers");
        for (ShrunkLayer layer : report.layers()) {
            layers.addObject()
                    .put("name", layer.name())
                    .put("operator", layer.operator())
                    .put("before", layer.before())
                    .put("after", layer.after())
                    .put("constant", layer.constant())
                    .put("copies", layer.copies())
                    .put("unread", layer.unread());
        }
        ArrayNode inputs = node.putArray("inputs");
        for (ShrunkInputs one : report.inputs()) {
            inputs.addObject()
                    .put("layer", one.layer())
                    .put("before", one.before())
                    .put("after", one.after())
                    .put("constant", one.constant())
                    .put("unread", one.unread());
        }
        ArrayNode assumptions = node.putArray("assumptions");
        for (Assumption assumption : report.assumptions()) {
            ArrayNode features = assumptions
                    .addObject()
                    .put("input", assumption.input())
                    .put("value", assumption.value())
                    .putArray("values");
            assumption.features().forEach(features::add);
        }
        ArrayNode left = node.putArray("leftAlone");
        for (LeftAlone one : report.leftAlone()) {
            left.addObject().put("place", one.place()).put("units", one.units()).put("reason", one.reason());
        }
        putFigures(node, outcome);
    }

    private static void put(ObjectNode node, StructuredUnits.Choice choice) {
        node.putObject("structured")
                .put("units", choice.units())
                .put("chosen", choice.chosen())
                .put("silenced", choice.silenced());
    }

    private static void putFigures(ObjectNode node, DeadRemoval.Outcome outcome) {
        ShrinkReport report = outcome.report();
        if (report.before().isPresent() && report.after().isPresent()) {
            Cost before = report.before().get();
            Cost after = report.after().get();
            node.putObject("macs").put("before", before.macs()).put("after", after.macs());
            node.putObject("parameters").put("before", before.parameters()).put("after", after.parameters());
        }
        if (report.proof().isPresent()) {
            Proof proof = report.proof().get();
            ObjectNode equal = node.putObject("proof")
                    .put("randomSamples", proof.randomSamples())
                    .put("calibrationSamples", proof.calibrationSamples());
            BaseCommand.put(equal, "maxAbsDifference", proof.maxAbsDifference());
            BaseCommand.put(equal, "maxRelativeDifference", proof.maxRelativeDifference());
            equal.put("tolerance", proof.tolerance());
        } else {
            node.putNull("proof");
        }
        if (outcome.speed().isPresent()) {
            SpeedUp speed = outcome.speed().get();
            ObjectNode latency = node.putObject("latencyMs");
            latency.put("batch", speed.batch()).put("threads", speed.threads());
            latency.put("before", speed.before().median())
                    .put("after", speed.after().median());
            latency.put("ratio", speed.ratio());
        } else {
            node.putNull("latencyMs");
        }
    }

    static void print(PrintWriter out, DeadRemoval.Outcome outcome) {
        ShrinkReport report = outcome.report();
        outcome.choice()
                .ifPresent(choice -> out.println("chose " + Text.count(choice.chosen()) + " of "
                        + Text.count(choice.units()) + " units of hidden layers"
                        + (choice.silenced() == 0
                                ? ""
                                : "; of " + choice.silenced() + " the weights that read them were pruned too")));
        if (report.shrunk()) {
            TextTable table = new TextTable("layer", "units", "left", "constant", "copies", "unread");
            for (ShrunkLayer layer : report.layers()) {
                if (layer.removed() > 0) {
                    table.row(
                            layer.name(),
                            Text.count(layer.before()),
                            Text.count(layer.after()),
                            Text.count(layer.constant()),
                            Text.count(layer.copies()),
                            Text.count(layer.unread()));
                }
            }
            for (ShrunkInputs one : report.inputs()) {
                table.row(
                        "inputs of " + one.layer(),
                        Text.count(one.before()),
                        Text.count(one.after()),
                        Text.count(one.constant()),
                        "",
                        Text.count(one.unread()));
            }
            table.print(out);
        } else {
            out.println("nothing dead was found; the model has its units as before");
        }
        printLeftAlone(out, report.leftAlone());
        report.assumptions().forEach(assumption -> out.println("assumed: " + assumption.text()));
        printFigures(out, outcome);
    }

    private static void printLeftAlone(PrintWriter out, List<LeftAlone> leftAlone) {
        Map<String, String> places = new LinkedHashMap<>();
        for (LeftAlone one : leftAlone) {
            String place = one.place() + (one.units() > 0 ? " (" + one.units() + ")" : "");
            places.merge(one.reason(), place, (a, b) -> a + ", " + b);
        }
        places.entrySet().stream()
                .limit(LISTED)
                .forEach(entry -> out.println("left alone: " + entry.getValue() + ": " + entry.getKey()));
        if (places.size() > LISTED) {
            out.println("left alone: " + (places.size() - LISTED) + " more; --json lists all");
        }
    }

    private static void printFigures(PrintWriter out, DeadRemoval.Outcome outcome) {
        ShrinkReport report = outcome.report();
        if (report.shrunk() && report.before().isPresent() && report.after().isPresent()) {
            Cost before = report.before().get();
            Cost after = report.after().get();
            out.println("MACs " + Text.count(before.macs()) + " -> " + Text.count(after.macs()) + ", parameters "
                    + Text.count(before.parameters()) + " -> " + Text.count(after.parameters()));
        }
        report.proof()
                .ifPresent(proof -> out.println("equal outputs on " + proof.randomSamples() + " random and "
                        + proof.calibrationSamples() + " calibration samples: largest difference "
                        + Text.format("%.2g", proof.maxRelativeDifference()) + " of the largest output (limit "
                        + Text.format("%.0e", proof.tolerance()) + "); activations are taken as finite"));
        outcome.speed()
                .ifPresent(speed -> out.println("latency "
                        + Text.format("%.4f", speed.before().median()) + " -> "
                        + Text.format("%.4f", speed.after().median()) + " ms, median of "
                        + speed.before().runs() + " runs in turns, batch " + speed.batch() + ", " + speed.threads()
                        + " threads: " + Text.format("%.2f", speed.ratio()) + " times as fast"));
    }
}
