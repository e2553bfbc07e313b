package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.mask.Cut;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskJson;
import io.detinit.interop.mask.MaskOverlap;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.StoredMasks;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Masks and their overlap as tables and as JSON. */
final class MaskTexts {

    private MaskTexts() {}

    /** The fields that every written mask file has. */
    static void put(ObjectNode object, StoredMasks masks, Path output, @Nullable Path bitmap) throws IOException {
        List<MaskJson.Entry> entries = new ArrayList<>();
        masks.masks().forEach((name, mask) -> entries.add(MaskJson.Entry.of(name, mask)));
        MaskJson.put(object, output.toString(), entries, Files.size(output));
        if (bitmap != null) {
            object.putObject("bitmap").put("output", bitmap.toString()).put("bytes", Files.size(bitmap));
        }
    }

    static void print(PrintWriter out, StoredMasks masks, Path output, @Nullable Path bitmap) throws IOException {
        TextTable table = new TextTable("tensor", "elements", "kept", "sparsity");
        for (Map.Entry<String, Mask> entry : masks.masks().entrySet()) {
            row(table, entry.getKey(), entry.getValue().size(), entry.getValue().kept());
        }
        row(table, "all masks", elements(masks), kept(masks));
        table.print(out);
        out.println();
        out.println("wrote " + output + ", " + Text.count(Files.size(output)) + " bytes");
        if (bitmap != null) {
            out.println("wrote " + bitmap + ", " + Text.count(Files.size(bitmap)) + " bytes, "
                    + Text.percent(100.0 * Files.size(bitmap) / Files.size(output)) + " of them");
        }
    }

    static void print(PrintWriter out, Selection selection, Selected selected) {
        String criterion = selection.criterion().id();
        selected.cut().ifPresent(cut -> out.println("cut at " + criterion + " " + text(cut)));
        if (selected.cut().isEmpty()) {
            selected.cuts()
                    .forEach((name, cut) -> out.println("cut of " + name + " at " + criterion + " " + text(cut)));
        }
        if (!selected.protectedNames().isEmpty()) {
            out.println("kept whole: " + String.join(", ", selected.protectedNames()));
        }
    }

    private static String text(Cut cut) {
        return Text.format("%.6g", cut.score()) + (cut.changedSign() ? ", only weights that changed sign" : "");
    }

    private static void row(TextTable table, String name, long elements, long kept) {
        table.row(name, Text.count(elements), Text.count(kept), Text.fraction(sparsity(elements, kept)));
    }

    private static long elements(StoredMasks masks) {
        return masks.masks().values().stream().mapToLong(Mask::size).sum();
    }

    private static long kept(StoredMasks masks) {
        return masks.masks().values().stream().mapToLong(Mask::kept).sum();
    }

    private static double sparsity(long elements, long kept) {
        return elements == 0 ? 0 : (double) (elements - kept) / elements;
    }

    static ObjectNode json(MaskOverlap overlap) {
        ObjectNode object = BaseCommand.JSON.createObjectNode();
        object.put("name", overlap.name());
        object.put("elements", overlap.elements());
        object.put("keptA", overlap.keptInFirst());
        object.put("keptB", overlap.keptInSecond());
        object.put("keptBoth", overlap.keptInBoth());
        object.put("keptBothByChance", overlap.keptInBothByChance());
        object.put("jaccard", overlap.jaccard());
        object.put("jaccardByChance", overlap.jaccardByChance());
        object.put("jaccardPruned", overlap.jaccardOfPruned());
        return object;
    }

    static void print(PrintWriter out, List<MaskOverlap> overlaps) {
        TextTable table = new TextTable(
                "tensor", "elements", "kept in A", "kept in B", "both", "by chance", "Jaccard", "by chance");
        overlaps.forEach(overlap -> row(table, overlap));
        row(table, MaskOverlap.total(overlaps));
        table.print(out);
        out.println();
        out.println("by chance: what independent random masks of these densities give in the mean");
    }

    private static void row(TextTable table, MaskOverlap overlap) {
        table.row(
                overlap.name(),
                Text.count(overlap.elements()),
                Text.count(overlap.keptInFirst()),
                Text.count(overlap.keptInSecond()),
                Text.count(overlap.keptInBoth()),
                Text.count(Math.round(overlap.keptInBothByChance())),
                Text.fraction(overlap.jaccard()),
                Text.fraction(overlap.jaccardByChance()));
    }
}
