package io.detinit.cli.report;

/** Round numbers for an axis. */
final class SvgTicks {

    private static final double[] ROUND = {1, 2, 4, 6, 8, 10};

    private SvgTicks() {}

    /** The least round number at or above a value > 0; a quarter of it is round, too. */
    static double ceiling(double value) {
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double round : ROUND) {
            if (round * power >= value * (1 - 1e-9)) {
                return round * power;
            }
        }
        return 10 * power;
    }

    /** A number on an axis, without needless zeros. */
    static String label(double value) {
        return value == 0 ? "0" : HtmlText.given(Double.parseDouble(Text.format("%.3g", value)));
    }
}
