package io.detinit.cli.report;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * One sequential scale, from dark blue over grey to yellow: its lightness rises evenly, so that it reads the same without red, without
 * green and in grey.
 */
final class SvgColours {

    /** The number of steps. */
    static final int LEVELS = 40;

    private static final int[] ANCHORS = {0x00224E, 0x2A3F6D, 0x575C6D, 0x7D7C78, 0xA59C74, 0xD2C060, 0xFEE838};

    private SvgColours() {}

    /** The colour of a step, 0xRRGGBB. */
    static int colour(int level) {
        double place = (double) level / (LEVELS - 1) * (ANCHORS.length - 1);
        int below = Math.min((int) place, ANCHORS.length - 2);
        double part = place - below;
        int colour = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int from = ANCHORS[below] >> shift & 0xFF;
            int to = ANCHORS[below + 1] >> shift & 0xFF;
            colour |= (int) Math.round(from + part * (to - from)) << shift;
        }
        return colour;
    }

    /** The step of a value on a scale from 0 to top; values above top have the last one. */
    static int level(double value, double top) {
        if (!(value < top)) {
            return LEVELS - 1;
        }
        return (int) Math.min(LEVELS - 1, Math.max(0, Math.floor(value / top * LEVELS)));
    }

    /** The scale as the stops of a style sheet's gradient. */
    static String ramp() {
        return Arrays.stream(ANCHORS)
                .mapToObj(colour -> Text.format("#%06x", colour))
                .collect(Collectors.joining(", "));
    }
}
