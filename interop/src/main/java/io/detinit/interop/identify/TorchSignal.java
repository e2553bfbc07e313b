package io.detinit.interop.identify;

/**
 * What initial values a draw would become, standardised: of every draw p the uniform float32 and the uniform float64, and the cosine
 * and the sine normal of the pair that draws p and p + 8 make. Precise enough to correlate with, not to compare: normals come from tables.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchSignal {

    /** Draws that a normal looks ahead. */
    static final int AHEAD = 8;

    private static final int TABLE = 1 << 12;
    private static final int DRAW_BITS = 24;
    private static final int SHIFT = DRAW_BITS - 12;
    private static final int MASK = (1 << DRAW_BITS) - 1;
    private static final float SPREAD = (float) (Math.sqrt(12) / (1 << DRAW_BITS));
    private static final float CENTRE = (float) (Math.sqrt(12) / 2);
    private static final int WIDE_MASK = (1 << 21) - 1;
    private static final float WIDE_SPREAD = (float) (Math.sqrt(12) / (1 << 21));
    private static final float[] RADIUS = new float[TABLE];
    private static final float[] COS = new float[TABLE];
    private static final float[] SIN = new float[TABLE];

    static {
        for (int k = 0; k < TABLE; k++) {
            double middle = (k + 0.5) / TABLE;
            RADIUS[k] = (float) Math.sqrt(-2 * Math.log(1 - middle));
            COS[k] = (float) Math.cos(2 * Math.PI * middle);
            SIN[k] = (float) Math.sin(2 * Math.PI * middle);
        }
    }

    private TorchSignal() {}

    static void uniforms(int[] draws, float[] out) {
        for (int k = 0; k < out.length; k++) {
            out[k] = (draws[k] & MASK) * SPREAD - CENTRE;
        }
    }

    /** The uniform float64 value that a draw and the next one make: the second one's bits hardly count. */
    static void wideUniforms(int[] draws, float[] out) {
        for (int k = 0; k < out.length; k++) {
            out[k] = (draws[k] & WIDE_MASK) * WIDE_SPREAD - CENTRE;
        }
    }

    /** Needs {@value #AHEAD} draws more than there are values. */
    static void normals(int[] draws, float[] cosines, float[] sines) {
        for (int k = 0; k < cosines.length; k++) {
            float radius = RADIUS[(draws[k] & MASK) >>> SHIFT];
            int angle = (draws[k + AHEAD] & MASK) >>> SHIFT;
            cosines[k] = radius * COS[angle];
            sines[k] = radius * SIN[angle];
        }
    }
}
