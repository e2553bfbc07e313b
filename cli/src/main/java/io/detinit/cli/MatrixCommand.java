package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.ArrayList;
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

    /** Sides up to which singular values take less than a second, and up to which they take minutes. */
    private static final long FREE_SINGULAR_SIDE = 512;

    private static final long MAX_SINGULAR_SIDE = 4096;

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
            description = "he (default), xavier, lecun, he_uniform, xavier_uniform, lecun_uniform, custom:STD, "
                    + "uniform:BOUND, orthogonal[:BASE], orthogonal_blocks[:BASE], signed_constant[:BASE], zeros, ones, constant:VALUE. A BASE gives "
                    + "the std: he (default), xavier, lecun or custom:STD.")
    @Nullable
    String scheme;

    @Option(
            names = "--std",
            paramLabel = "X",
            description = "A given standard deviation: --scheme custom:X; with orthogonal and signed_constant the base "
                    + "custom:X.")
    @Nullable
    Double std;

    @Option(
            names = "--orthogonal",
            description = "An orthogonal matrix with the std of --scheme (default: he) or of --std.")
    boolean orthogonal;

    @Option(
            names = "--singular-values",
            description =
                    "Show all singular values. The condition number is always shown for matrices of up to 512 x 512, "
                            + "and with this option or --orthogonal up to 4096 x 4096.")
    boolean singularValues;

    @Option(names = "--compare-modes", description = "Set the schemes side by side for this shape.")
    boolean compareModes;

    @Option(
            names = "--test-repro",
            description = "Generate three times, in other orders and on other numbers of threads, "
                    + "and compare the bits; exit code 1 if they differ.")
    boolean testRepro;

    @Override
    public Integer call() {
        if (rows < 1 || cols < 1 || rows > MAX_VALUES / cols) {
            throw new UsageException("a matrix of " + rows + " x " + cols + ": this command shows 1 to "
                    + Text.count(MAX_VALUES) + " values");
        }
        TensorInit init = TensorInit.matrix(seed.value(), layer, rows, cols, chosenScheme());
        if (root.verbose) {
            terminal().line("kernel: " + TensorInit.kernel());
        }
        float[] values = init.toArray();
        MatrixStatistics statistics = MatrixStatistics.of(values, singularValues(init, values));
        boolean reproducible = !testRepro || reproducible(init, values);
        if (json) {
            printJson(init, values, statistics, reproducible);
        } else {
            printText(init, values, statistics, reproducible);
        }
        return reproducible ? ExitCode.DONE : ExitCode.GATE;
    }

    private Scheme chosenScheme() {
        Scheme chosen = std != null ? withStd(std) : scheme == null ? Scheme.HE : Scheme.parse(scheme);
        if (!orthogonal || chosen.kind() == Scheme.Kind.ORTHOGONAL || chosen.kind() == Scheme.Kind.ORTHOGONAL_BLOCKS) {
            return chosen;
        }
        return Scheme.orthogonal(chosen);
    }

    private Scheme withStd(double given) {
        Scheme custom = Scheme.custom(given);
        return switch (scheme == null ? "custom" : scheme) {
            case "custom" -> custom;
            case "orthogonal" -> Scheme.orthogonal(custom);
            case "orthogonal_blocks" -> Scheme.orthogonalBlocks(custom);
            case "signed_constant" -> Scheme.signedConstant(custom);
            default ->
                throw new UsageException(
                        "--std is the std of custom, orthogonal and signed_constant; it does not go with" + " --scheme "
                                + scheme);
        };
    }

    /** Empty where nobody asked and they would take long; a refusal where somebody asked and they would take very long. */
    private double[] singularValues(TensorInit init, float[] values) {
        boolean asked = singularValues || init.scheme().kind() == Scheme.Kind.ORTHOGONAL;
        long limit = asked ? MAX_SINGULAR_SIDE : FREE_SINGULAR_SIDE;
        if (Math.max(rows, cols) > limit) {
            if (singularValues) {
                throw new UsageException("singular values of " + rows + " x " + cols
                        + ": this command computes them for up to " + MAX_SINGULAR_SIDE + " x " + MAX_SINGULAR_SIDE);
            }
            return new double[0];
        }
        return SingularValues.of(values, Math.toIntExact(rows), Math.toIntExact(cols));
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

    private void printText(TensorInit init, float[] values, MatrixStatistics statistics, boolean reproducible) {
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
        if (Terminal.colours(root)) {
            out().println();
            new HeatMap(values, Math.toIntExact(rows), Math.toIntExact(cols), target(init), init.std()).print(out());
        }
        out().println();
        TextTable table = new TextTable("", "target", "measured")
                .row("mean", Text.format("%.6f", target(init)), Text.format("%.6f", statistics.mean()))
                .row("std", Text.format("%.6f", init.std()), Text.format("%.6f", statistics.std()))
                .row("min", "", Text.format("%.6f", statistics.min()))
                .row("max", "", Text.format("%.6f", statistics.max()));
        double[] singular = statistics.singularValues();
        if (singular.length > 0) {
            table.row("largest singular value", "", Text.format("%.6f", singular[0]))
                    .row("smallest singular value", "", Text.format("%.6f", singular[singular.length - 1]))
                    .row("condition number", "", condition(statistics));
        }
        table.print(out());
        if (singularValues) {
            out().println();
            out().println("singular values, largest first:");
            for (int k = 0; k < singular.length; k += SHOWN) {
                StringBuilder line = new StringBuilder();
                for (int at = k; at < Math.min(k + SHOWN, singular.length); at++) {
                    line.append(Text.format("%10.6f", singular[at]));
                }
                out().println(line);
            }
        }
        if (compareModes) {
            out().println();
            printModes();
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

    private void printModes() {
        TextTable table = new TextTable("scheme", "target std", "mean", "std", "min", "max", "condition number");
        for (Scheme mode : modes()) {
            MatrixStatistics s = statistics(mode);
            table.row(
                    mode,
                    Text.format("%.6f", matrix(mode).std()),
                    Text.format("%.6f", s.mean()),
                    Text.format("%.6f", s.std()),
                    Text.format("%.6f", s.min()),
                    Text.format("%.6f", s.max()),
                    condition(s));
        }
        table.print(out());
    }

    private static String condition(MatrixStatistics statistics) {
        if (statistics.singularValues().length == 0) {
            return "not computed";
        }
        double condition = statistics.conditionNumber();
        return Double.isInfinite(condition) ? "infinite" : Text.format(condition < 2 ? "%.8f" : "%.1f", condition);
    }

    private static double target(TensorInit init) {
        return switch (init.scheme().kind()) {
            case ONES -> 1;
            case CONSTANT -> init.scheme().parameter();
            default -> 0;
        };
    }

    private void printJson(TensorInit init, float[] values, MatrixStatistics statistics, boolean reproducible) {
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
        if (statistics.singularValues().length > 0) {
            put(object, "conditionNumber", statistics.conditionNumber());
        }
        if (singularValues) {
            ArrayNode singular = object.putArray("singularValues");
            for (double value : statistics.singularValues()) {
                singular.add(value);
            }
        }
        if (testRepro) {
            object.put("reproducible", reproducible);
        }
        if (compareModes) {
            ArrayNode modes = object.putArray("modes");
            for (Scheme mode : modes()) {
                MatrixStatistics s = statistics(mode);
                ObjectNode node = modes.addObject();
                node.put("scheme", mode.toString());
                node.put("targetStd", matrix(mode).std());
                node.put("mean", s.mean());
                node.put("std", s.std());
                node.put("min", s.min());
                node.put("max", s.max());
                if (s.singularValues().length > 0) {
                    put(node, "conditionNumber", s.conditionNumber());
                }
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
        return List.of(
                Scheme.HE,
                Scheme.XAVIER,
                Scheme.LECUN,
                Scheme.HE_UNIFORM,
                Scheme.XAVIER_UNIFORM,
                Scheme.LECUN_UNIFORM,
                Scheme.ORTHOGONAL,
                Scheme.SIGNED_CONSTANT);
    }

    private TensorInit matrix(Scheme mode) {
        return TensorInit.matrix(seed.value(), layer, rows, cols, mode);
    }

    private MatrixStatistics statistics(Scheme mode) {
        float[] values = matrix(mode).toArray();
        boolean small = Math.max(rows, cols) <= FREE_SINGULAR_SIDE;
        return MatrixStatistics.of(
                values,
                small ? SingularValues.of(values, Math.toIntExact(rows), Math.toIntExact(cols)) : new double[0]);
    }
}
