package io.detinit.cli;

import io.detinit.cli.report.Text;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.identify.IdentifiedSeed;
import io.detinit.interop.identify.IdentifiedTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What people read of a search for seeds. */
final class IdentifyText {

    private IdentifyText() {}

    /** {@return the verdict in one sentence} */
    static String verdict(IdentifiedSeed found, long tried) {
        boolean torch = found.kind().equals(IdentifiedSeed.TORCH_SEED);
        String made = found.part().isEmpty() ? "made this file" : "made '" + printable(found.part()) + "' of this file";
        StringBuilder text = new StringBuilder(torch ? "PyTorch seed " : "seed ");
        text.append(found.plan().seed());
        if (torch) {
            found.position().ifPresent(at -> text.append(", from draw ").append(at));
            found.variant().ifPresent(id -> text.append(", ").append(id));
            text.append(',');
        }
        return text.append(' ')
                .append(made)
                .append(Text.format(
                        ": correlation of w with w0 %.4f over %s weights, p-value %s, corrected for everything tried (%s)",
                        found.correlation(),
                        Text.count(found.weights()),
                        pValue(found.logPValue()),
                        tried == 1 ? "1 seed" : Text.count(tried) + " seeds"))
                .toString();
    }

    /** {@return the sentence that says that nothing was found} */
    static String none(List<String> tried) {
        return String.join(" and ", tried) + " made this file";
    }

    /** {@return such as {@code none of the 1,000,000 seeds}} */
    static String none(long seeds, String kind) {
        return seeds == 1 ? "not the one " + kind : "none of the " + Text.count(seeds) + " " + kind + "s";
    }

    /** A p-value of any smallness, from its natural logarithm. */
    static String pValue(double log) {
        double log10 = log / Math.log(10);
        if (log10 > -4) {
            return Text.format("%.2g", Math.exp(log));
        }
        double exponent = Math.floor(log10);
        String mantissa = Text.format("%.1f", Math.pow(10, log10 - exponent));
        return mantissa.equals("10.0")
                ? Text.format("1.0e%.0f", exponent + 1)
                : Text.format("%se%.0f", mantissa, exponent);
    }

    static TextTable table(IdentifiedSeed found) {
        boolean torch = found.kind().equals(IdentifiedSeed.TORCH_SEED);
        boolean turned = found.tensors().stream().anyMatch(tensor -> tensor.stored() == StoredOrder.IN_OUT);
        List<String> header = new ArrayList<>(List.of("tensor", "shape", torch ? "draw" : "layer"));
        if (turned) {
            header.add("stored");
        }
        header.addAll(List.of("corr", "p-value", "found"));
        boolean notes =
                found.tensors().stream().anyMatch(tensor -> !tensor.note().isEmpty());
        if (notes) {
            header.add("note");
        }
        TextTable table = new TextTable(header.toArray(new String[0]));
        for (IdentifiedTensor tensor : found.tensors()) {
            List<Object> row = new ArrayList<>(List.of(tensor.name(), tensor.shape()));
            row.add(address(tensor));
            if (turned) {
                row.add(tensor.stored().id());
            }
            row.add(
                    tensor.correlation().isPresent()
                            ? Text.format("%.4f", tensor.correlation().getAsDouble())
                            : "-");
            row.add(pValue(tensor.logPValue()));
            row.add(tensor.found() ? "yes" : "no");
            if (notes) {
                row.add(tensor.note());
            }
            table.row(row.toArray());
        }
        return table;
    }

    private static String address(IdentifiedTensor tensor) {
        if (tensor.layer().isPresent()) {
            return Long.toString(tensor.layer().getAsLong());
        }
        return tensor.draw().isPresent() ? Long.toString(tensor.draw().getAsLong()) : "-";
    }

    /** A file name as a shell takes it. */
    static String quoted(Path file) {
        String name = printable(file.toString());
        return name.toLowerCase(Locale.ROOT).matches("[\\w./+:@%-]+") ? name : "'" + name.replace("'", "'\\''") + "'";
    }

    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
