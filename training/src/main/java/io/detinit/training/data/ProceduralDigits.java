package io.detinit.training.data;

import io.detinit.generator.SplitMix64;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The embedded data set: 28 x 28 images of digits that this class draws, strokes with a random affine distortion, wobble, width,
 * ink, scratches and grain. It needs no file and no network, and is the same on every machine: only integer hashes, the
 * IEEE operations and StrictMath are used.
 *
 * <p>It is harder than a linear model can follow and easy enough for a small multi-layer perceptron; like MNIST it has a
 * black border that no stroke ever reaches, so some inputs are always 0.
 *
 * <p>Stateless; safe for use by many threads. About two seconds on one core.
 */
public final class ProceduralDigits {

    /** Images in the training split. */
    public static final int TRAIN_COUNT = 20_000;

    /** Images in the test split. */
    public static final int TEST_COUNT = 4_000;

    private static final int SIDE = 28;
    private static final int CLASSES = 10;
    private static final long SEED = 20_260_101;
    private static final long TRAIN = 0;
    private static final long TEST = 1;
    /** Pixels this far from the edge or nearer stay black. */
    private static final int BORDER = 2;

    private ProceduralDigits() {}

    /** {@return the data set; every call draws the same images} */
    public static ImageData generate() {
        return new ImageData(DataSpec.DIGITS, draw(TRAIN, TRAIN_COUNT), draw(TEST, TEST_COUNT));
    }

    private static ImageSet draw(long split, int count) {
        byte[] pixels = new byte[count * SIDE * SIDE];
        int[] labels = new int[count];
        IntStream.range(0, count).parallel().forEach(index -> {
            Dice dice = new Dice(split, index);
            labels[index] = (int) (dice.next() * CLASSES);
            drawOne(labels[index], dice, pixels, index * SIDE * SIDE);
        });
        return new ImageSet(SIDE, SIDE, CLASSES, pixels, labels);
    }

    /** Uniform numbers at the addresses (split, image, 0), (split, image, 1), ... */
    private static final class Dice {

        private final long split;
        private final long image;
        private long draw;

        Dice(long split, long image) {
            this.split = split;
            this.image = image;
        }

        /** In [0, 1). */
        double next() {
            return (SplitMix64.bits(SEED, split, image, draw++) >>> 11) * 0x1p-53;
        }

        double between(double low, double high) {
            return low + (high - low) * next();
        }
    }

    private static void drawOne(int digit, Dice dice, byte[] pixels, int offset) {
        List<double[]> strokes = DigitStrokes.strokes(digit, (int) (dice.next() * DigitStrokes.variants(digit)));
        double angle = dice.between(-0.38, 0.38);
        double shear = dice.between(-0.42, 0.42);
        double scaleX = dice.between(11, 19);
        double scaleY = dice.between(15, 21);
        double shiftX = dice.between(-1.9, 1.9);
        double shiftY = dice.between(-1.9, 1.9);
        double radius = dice.between(0.55, 1.35);
        double ink = dice.between(0.65, 1.0);
        double wobble = 0.045;
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        double[] canvas = new double[SIDE * SIDE];
        for (double[] stroke : strokes) {
            double[] points = new double[stroke.length];
            for (int k = 0; k < stroke.length; k += 2) {
                double x = (stroke[k] - 0.5 + dice.between(-wobble, wobble)) * scaleX;
                double y = (stroke[k + 1] - 0.5 + dice.between(-wobble, wobble)) * scaleY;
                x += shear * y;
                points[k] = SIDE / 2.0 + shiftX + cos * x - sin * y;
                points[k + 1] = SIDE / 2.0 + shiftY + sin * x + cos * y;
            }
            for (int k = 0; k + 3 < points.length; k += 2) {
                segment(canvas, points[k], points[k + 1], points[k + 2], points[k + 3], radius, ink);
            }
        }
        scratch(canvas, dice);
        for (int k = 0; k < canvas.length; k++) {
            double grain = canvas[k] > 0 ? dice.between(-0.12, 0.12) : 0;
            double value = Math.max(0, Math.min(1, canvas[k] + grain * (canvas[k] > 0.05 ? 1 : 0)));
            int row = k / SIDE;
            int col = k % SIDE;
            boolean border = row < BORDER || col < BORDER || row >= SIDE - BORDER || col >= SIDE - BORDER;
            pixels[offset + k] = border ? 0 : (byte) Math.round(255 * value);
        }
    }

    /** A short thin line somewhere in the middle of some images. */
    private static void scratch(double[] canvas, Dice dice) {
        if (dice.next() < 0.5) {
            return;
        }
        double x = dice.between(6, SIDE - 6);
        double y = dice.between(6, SIDE - 6);
        segment(canvas, x, y, x + dice.between(-4, 4), y + dice.between(-4, 4), 0.4, dice.between(0.3, 0.7));
    }

    /** Draws a line with round ends, antialiased over one pixel; overlapping ink does not add up. */
    private static void segment(
            double[] canvas, double x0, double y0, double x1, double y1, double radius, double ink) {
        double dx = x1 - x0;
        double dy = y1 - y0;
        double squared = dx * dx + dy * dy;
        double reach = radius + 0.5;
        int left = clamp(Math.floor(Math.min(x0, x1) - reach));
        int right = clamp(Math.ceil(Math.max(x0, x1) + reach));
        int top = clamp(Math.floor(Math.min(y0, y1) - reach));
        int bottom = clamp(Math.ceil(Math.max(y0, y1) + reach));
        for (int row = top; row <= bottom; row++) {
            for (int col = left; col <= right; col++) {
                double px = col + 0.5 - x0;
                double py = row + 0.5 - y0;
                double along = squared == 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / squared));
                double ex = px - along * dx;
                double ey = py - along * dy;
                double cover = reach - Math.sqrt(ex * ex + ey * ey);
                if (cover > 0) {
                    int at = row * SIDE + col;
                    canvas[at] = Math.max(canvas[at], ink * Math.min(1, cover));
                }
            }
        }
    }

    private static int clamp(double pixel) {
        return (int) Math.max(0, Math.min(SIDE - 1, pixel));
    }
}
