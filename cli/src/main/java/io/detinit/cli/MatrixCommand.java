package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The article's explorer of one weight matrix. */
@Command(
        name = "matrix",
        description = "Show the initial weights of one matrix, their statistics, and that they can be repeated.",
        footer = {"", "Example: detinit matrix --seed 42 --rows 8 --cols 10 --test-repro"})
final class MatrixCommand extends BaseCommand {

    /** The most values a JSON answer lists, and the most the command computes at all. */
    private static final long MAX_VALUES = 10_000_000;

    private static final int SHOWN = 10;

    @Option(names = "--seed", required = true, paramLabel = "S", description = "The seed, decimal or 0x hex.")
    Seed seed = new Seed(0);

    @Option(names = "--rows", required = true, paramLabel = "R", description = "Rows (outputs).")
    long rows;

    @Option(names = "--cols", required = true, paramLabel = "C", description = "Columns (inputs).")
    long cols;

    @Option(names = "--layer", paramLabel = "L", description = "The layer id (default: 0).")
    long layer;

    @Option(
            names = "--scheme",
            paramLabel = "NAME",
            description = "he (default), xavier, lecun, he_uniform, "
                    + "xavier_uniform, lecun_uniform, custom:STD, uniform:BOUND, zeros, ones, constant:VALUE.")
    @Nullable
    String scheme;

    @Option(
            names = "--std",
            paramLabel = "X",
            description = "A given standard deviation; the same as --scheme custom:X.")
    @Nullable
    Double std;

    @Option(names = "--compare-modes", description = "Set the schemes side by side for this shape.")
    boolean compareModes;

    @Option(
            names = "--test-repro",
            description = "Generate three times, in other orders and on other numbers of threads, "
                    + "and compare the bits; exit code 1 if they differ.")
    boolean testRepro;

    /** Statistics of a matrix; std is the population's. */
    private record Statistics(double mean, double std, float min, float max) {

        static Statistics of(float[] values) {
            double sum = 0;
            float min = Float.POSITIVE_INFINITY;
            float max = Float.NEGATIVE_INFINITY;
            for (float value : values) {
                sum += value;
                min = Math.min(min, value);
                max = Math.max(max, value);
            }
            double mean = sum / values.length;
            double squares = 0;
            for (float value : values) {
                squares += (value - mean) * (value - mean);
            }
            return new Statistics(mean, Math.sqrt(squares / values.length), min, max);
        }
    }

    @Override
    public Integer call() {
        if (rows < 1 || cols < 1 || rows > MAX_VALUES / cols) {
            throw new UsageException("a matrix of " + rows + " x " + cols + ": this command shows 1 to "
                    + Text.count(MAX_VALUES) + " values");
        }
        if (std != null && scheme != null && !scheme.equals("custom")) {
            throw new UsageException(
                    "--std is the same as --scheme custom:STD; it does not go with --scheme " + scheme);
        }
        TensorInit init = TensorInit.matrix(seed.value(), layer, rows, cols, chosenScheme());
        float[] values = init.toArray();
        Statistics statistics = Statistics.of(values);
        boolean reproducible = !testRepro || reproducible(init, values);
        if (json) {
            printJson(init, values, statistics, reproducible);
        } else {
            printText(init, values, statistics, reproducible);
        }
        return reproducible ? ExitCode.DONE : ExitCode.GATE;
    }

    private Scheme chosenScheme() {
        if (std != null) {
            return Scheme.custom(std);
        }
        return scheme == null ? Scheme.HE : Scheme.parse(scheme);
    }

    /** Backwards one by one, and twice in shuffled row ranges on several threads. */
    private static boolean reproducible(TensorInit init, float[] values) {
        int cols = Math.toIntExact(init.shape().cols());
        int rows = Math.toIntExact(init.shape().rows());
        for (int at = values.length - 1; at >= 0; at--) {
            if (differs(values[at], init.weight(at / cols, at % cols))) {
                return false;
            }
        }
        for (int round = 0; round < 2; round++) {
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, rows).boxed().toList());
            Collections.shuffle(order, new Random(round));
            float[] again = new float[values.length];
            IntStream range = IntStream.range(0, rows);
            (round == 0 ? range : range.parallel()).forEach(k -> {
                int row = order.get(k);
                init.fillRows(row, row + 1, again, row * cols);
            });
            for (int at = 0; at < values.length; at++) {
                if (differs(values[at], again[at])) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean differs(float a, float b) {
        return Float.floatToRawIntBits(a) != Float.floatToRawIntBits(b);
    }

    private void printText(TensorInit init, float[] values, Statistics statistics, boolean reproducible) {
        out().println("seed " + seed.value() + ", layer " + layer + ", " + rows + " x " + cols + ", scheme "
                + init.scheme());
        long shownRows = Math.min(rows, SHOWN);
        long shownCols = Math.min(cols, SHOWN);
        for (int i = 0; i < shownRows; i++) {
            StringBuilder line = new StringBuilder();
            for (int j = 0; j < shownCols; j++) {
                line.append(Text.format("%10.6f", values[(int) (i * cols + j)]));
            }
            out().println(line + (cols > shownCols ? " ..." : ""));
        }
        if (rows > shownRows || cols > shownCols) {
            out().println("... the first " + shownRows + " x " + shownCols + "; --json prints all values");
        }
        out().println();
        new TextTable("", "target", "measured")
                .row("mean", Text.format("%.6f", target(init)), Text.format("%.6f", statistics.mean()))
                .row("std", Text.format("%.6f", init.std()), Text.format("%.6f", statistics.std()))
                .row("min", "", Text.format("%.6f", statistics.min()))
                .row("max", "", Text.format("%.6f", statistics.max()))
                .print(out());
        if (compareModes) {
            out().println();
            TextTable table = new TextTable("scheme", "target std", "mean", "std", "min", "max");
            for (Scheme mode : modes()) {
                Statistics s = statistics(mode);
                table.row(
                        mode,
                        Text.format("%.6f", matrix(mode).std()),
                        Text.format("%.6f", s.mean()),
                        Text.format("%.6f", s.std()),
                        Text.format("%.6f", s.min()),
                        Text.format("%.6f", s.max()));
            }
            table.print(out());
        }
        if (testRepro) {
            out().println();
            out().println(
                            reproducible
                                    ? "reproducible: three further generations (backwards one by one; shuffled rows; shuffled rows on all"
                                            + " threads) gave the same bits"
                                    : "NOT reproducible: a further generation gave other bits; please report this");
        }
    }

    private static double target(TensorInit init) {
        return switch (init.scheme().kind()) {
            case ONES -> 1;
            case CONSTANT -> init.scheme().parameter();
            default -> 0;
        };
    }

    private void printJson(TensorInit init, float[] values, Statistics statistics, boolean reproducible) {
        ObjectNode object = JSON.createObjectNode();
        object.put("seed", seed.value());
        object.put("layer", layer);
        object.put("scheme", init.scheme().toString());
        object.put("rows", rows);
        object.put("cols", cols);
        object.put("targetStd", init.std());
        object.put("mean", statistics.mean());
        object.put("std", statistics.std());
        object.put("min", statistics.min());
        object.put("max", statistics.max());
        if (testRepro) {
            object.put("reproducible", reproducible);
        }
        if (compareModes) {
            ArrayNode modes = object.putArray("modes");
            for (Scheme mode : modes()) {
                Statistics s = statistics(mode);
                ObjectNode node = modes.addObject();
                node.put("scheme", mode.toString());
                node.put("targetStd", matrix(mode).std());
                node.put("mean", s.mean());
                node.put("std", s.std());
                node.put("min", s.min());
                node.put("max", s.max());
            }
        }
        ArrayNode rowsNode = object.putArray("values");
        ArrayNode bitsNode = object.putArray("float32Bits");
        for (int i = 0; i < rows; i++) {
            ArrayNode row = rowsNode.addArray();
            ArrayNode bits = bitsNode.addArray();
            for (int j = 0; j < cols; j++) {
                float value = values[(int) (i * cols + j)];
                row.add(value);
                bits.add(Text.format("%08x", Float.floatToRawIntBits(value)));
            }
        }
        print(object);
    }

    private static List<Scheme> modes() {
        return Arrays.asList(
                Scheme.HE, Scheme.XAVIER, Scheme.LECUN, Scheme.HE_UNIFORM, Scheme.XAVIER_UNIFORM, Scheme.LECUN_UNIFORM);
    }

    private TensorInit matrix(Scheme mode) {
        return TensorInit.matrix(seed.value(), layer, rows, cols, mode);
    }

    private Statistics statistics(Scheme mode) {
        return Statistics.of(matrix(mode).toArray());
    }
}
