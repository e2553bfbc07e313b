package io.detinit.generator.quality;

import io.detinit.generator.TensorInit;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The battery: every test on every order. A tool, not a test.
 *
 * <pre>QualityBattery [--scale X] [--from POSITION] [--source NAME] [--control]</pre>
 *
 * Prints tables of p-values in Markdown; exit code 1 if a test failed, or with {@code --control} if a defect went undetected.
 */
public final class QualityBattery {

    private static final long WORDS = 1L << 26;
    private static final long AVALANCHE = 1L << 18;
    private static final long WEIGHTS = 1L << 26;
    private static final int TENSOR = 1 << 18;
    private static final int MATRICES = 8;
    private static final int REPLICATES = 2000;
    private static final int LAYERS = 1 << 16;

    /** What the controls are scaled by. */
    private static final double CONTROL_SCALE = 1 / 16.0;

    private final PrintStream out;
    private final double scale;
    private final long first;
    private final Spectra spectra;
    private final List<Result> reference;

    private QualityBattery(PrintStream out, double scale, long first) {
        this.out = out;
        this.scale = scale;
        this.first = first;
        spectra = new Spectra(REPLICATES);
        reference = Spectra.checkReference();
    }

    /**
     * Runs it.
     *
     * @param args as above; a scale of 1 is 2^26 words an order, {@code --from} the first position in the orders of words; the
     *     controls run at a scale of 1/16
     */
    public static void main(String[] args) {
        double scale = 1;
        long first = 0;
        boolean control = false;
        String name = "detinit";
        for (int k = 0; k < args.length; k++) {
            switch (args[k]) {
                case "--scale" -> scale = Double.parseDouble(args[++k]);
                case "--from" -> first = Long.parseLong(args[++k]);
                case "--source" -> name = args[++k];
                case "--control" -> control = true;
                default -> throw new IllegalArgumentException("unknown option " + args[k]);
            }
        }
        if (!(scale >= CONTROL_SCALE)) {
            throw new IllegalArgumentException(
                    "--scale " + scale + " is too small: some cells would be empty; from " + CONTROL_SCALE);
        }
        boolean good = control
                ? new QualityBattery(System.out, CONTROL_SCALE, 0).controls()
                : new QualityBattery(System.out, scale, first).test(source(name));
        System.exit(good ? 0 : 1);
    }

    /** A source by its name. */
    static Source source(String name) {
        List<Source> sources = new ArrayList<>(List.of(new Library(), new Philox()));
        sources.addAll(Controls.all());
        return sources.stream()
                .filter(source -> source.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no source " + name + "; there are "
                        + sources.stream().map(Source::name).toList()));
    }

    private boolean test(Source source) {
        out.printf(
                Locale.ROOT,
                "Source %s, scale %s: %,d words and up to %,d weights an order; kernel: %s%n%n",
                source.name(),
                scale,
                scaled(WORDS),
                scaled(WEIGHTS),
                TensorInit.kernel());
        Report report = run(source);
        report.print(out);
        out.printf(
                Locale.ROOT,
                "%nThe first %,d layers share a tensor across two seeds only where s ^ s' >= %,d%n",
                LAYERS,
                SharedTensors.smallestDifference(LAYERS));
        return report.failures().isEmpty();
    }

    private boolean controls() {
        out.println("| control | failed of | where |");
        out.println("|---|---|---|");
        boolean all = true;
        for (Source source : Controls.all()) {
            Report report = run(source);
            int failed = report.failures().size();
            out.println("| " + source.name() + " | " + failed + " of "
                    + report.results().size() + " | " + report.failedOrders() + " |");
            all &= failed > 0;
        }
        out.println(all ? "All detected." : "NOT ALL DETECTED.");
        return all;
    }

    private Report run(Source source) {
        List<Result> results = new ArrayList<>(reference);
        for (Order order : Orders.all()) {
            results.addAll(WordSuite.run(source, order, first, scaled(WORDS)));
            progress(source, order.name());
        }
        results.addAll(Avalanche.run(source, scaled(AVALANCHE)));
        for (WeightOrder order : WeightOrder.all()) {
            results.addAll(WeightSuite.run(source, order, (long) (scaled(WEIGHTS) * order.share())));
            progress(source, order.name() + ", weights");
        }
        results.addAll(TensorSuite.run(source, TENSOR));
        results.addAll(spectra.run(source, (int) Math.max(4, MATRICES * scale)));
        progress(source, "spectrum");
        results.add(Report.uniformity(results));
        return new Report(results);
    }

    private long scaled(long size) {
        return Math.max(1, Math.round(size * scale));
    }

    private static void progress(Source source, String done) {
        System.getLogger(QualityBattery.class.getName())
                .log(System.Logger.Level.INFO, "{0}: {1} done", source.name(), done);
    }
}
