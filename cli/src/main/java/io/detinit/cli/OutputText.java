package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.verify.NamedComparison;
import io.detinit.interop.verify.OutputComparison;
import io.detinit.interop.verify.RandomComparison;
import java.io.PrintWriter;

/** How differences of outputs are written. */
final class OutputText {

    private OutputText() {}

    /** One line on the outputs for labelled samples. */
    static String line(OutputComparison found, boolean agree) {
        return Text.format(
                "%s samples, largest difference %.3g (mean %.3g) at a scale of %.3g: %.3g, tolerance %s; "
                        + "the same class for %s (%.4f), KL(A||B) %.3g nats: %s",
                Text.count(found.samples()),
                found.maxAbsDifference(),
                found.meanAbsDifference(),
                found.scale(),
                found.maxRelativeDifference(),
                Double.isInfinite(found.tolerance()) ? "any" : Text.format("%.3g", found.tolerance()),
                Text.count(found.agreeing()),
                found.agreement(),
                found.meanDivergence(),
                verdict(agree));
    }

    static String verdict(boolean agree) {
        return agree ? "they agree" : "they do NOT agree";
    }

    /** A row for each output. */
    static void table(RandomComparison found, PrintWriter out) {
        TextTable table = new TextTable(
                "output",
                "type",
                "values",
                "max |a - b|",
                "mean |a - b|",
                "scale",
                "relative",
                "same class",
                "KL(A||B)");
        for (NamedComparison output : found.outputs()) {
            OutputComparison one = output.comparison();
            table.row(
                    output.first(),
                    output.type(),
                    Text.count(one.outputsPerSample()),
                    Text.format("%.3g", one.maxAbsDifference()),
                    Text.format("%.3g", one.meanAbsDifference()),
                    Text.format("%.3g", one.scale()),
                    Text.format("%.3g", one.maxRelativeDifference()),
                    one.rows() == 0 ? "-" : Text.fraction(one.agreement()),
                    Double.isNaN(one.meanDivergence()) ? "-" : Text.format("%.3g", one.meanDivergence()));
        }
        table.print(out);
        found.notCompared()
                .forEach(name -> out.println("not compared, no tensor of numbers: " + TextTable.printable(name)));
    }

    /** Adds the figures of one output. */
    static void put(ObjectNode object, OutputComparison found) {
        BaseCommand.put(object, "maxAbsDifference", found.maxAbsDifference());
        BaseCommand.put(object, "meanAbsDifference", found.meanAbsDifference());
        BaseCommand.put(object, "scale", found.scale());
        BaseCommand.put(object, "maxRelativeDifference", found.maxRelativeDifference());
        object.put("sameClass", found.agreeing());
        BaseCommand.put(object, "agreement", found.agreement());
        BaseCommand.put(object, "klDivergence", found.meanDivergence());
        BaseCommand.put(object, "tolerance", found.tolerance());
    }
}
