package io.detinit.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeatureScalingTest {

    private static final int[] LABELS = {0, 1, 0, 1};

    /** Four images of 2 channels, 1 row and 2 columns; the last value is the same in all. */
    private static ImageSet images() {
        byte[] pixels = {0, 10, 20, (byte) 200, 40, 10, 60, (byte) 200, 80, 10, 100, (byte) 200, 120, 10, 20, (byte) 200
        };
        return new ImageSet(2, 1, 2, 2, pixels, LABELS);
    }

    private static TableSet table(List<Integer> shape, float... values) {
        return new TableSet(shape, 2, values, LABELS);
    }

    /** Population mean and standard deviation, by the book. */
    private static double[] meanStd(double... values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        double variance = 0;
        for (double value : values) {
            variance += (value - mean) * (value - mean) / values.length;
        }
        return new double[] {mean, Math.sqrt(variance)};
    }

    @Test
    void noneDividesPixelsAndLeavesTablesAlone() {
        FeatureScaling scaling = FeatureScaling.of(images(), Normalization.NONE);
        assertEquals(0, scaling.mean().length);
        assertEquals(255, scaling.divisor());
        assertEquals(200 / 255f, scaling.apply(images())[3]);
        TableSet table = table(List.of(1), 1, 2, 3, 400);
        FeatureScaling same = FeatureScaling.of(table, Normalization.NONE);
        assertEquals(1, same.divisor());
        assertSame(table.values(), same.apply(table));
    }

    @Test
    void eachRuleHasItsStatistics() {
        double[] all = meanStd(0, 10, 20, 200, 40, 10, 60, 200, 80, 10, 100, 200, 120, 10, 20, 200);
        FeatureScaling one = FeatureScaling.of(images(), Normalization.MEANSTD);
        assertEquals(all[0] / 255, one.mean()[0], 1e-15);
        assertEquals(all[1] / 255, one.std()[0], 1e-15);
        double[] first = meanStd(0, 10, 40, 10, 80, 10, 120, 10);
        double[] second = meanStd(20, 200, 60, 200, 100, 200, 20, 200);
        FeatureScaling channels = FeatureScaling.of(images(), Normalization.CHANNEL);
        assertArrayEquals(new double[] {first[0] / 255, second[0] / 255}, channels.mean(), 1e-15);
        assertArrayEquals(new double[] {first[1] / 255, second[1] / 255}, channels.std(), 1e-15);
        float[] features = channels.apply(images());
        assertEquals((float) ((40 - first[0]) / first[1]), features[4], 1e-6);
        assertEquals((float) ((60 - second[0]) / second[1]), features[6], 1e-6);
        FeatureScaling each = FeatureScaling.of(images(), Normalization.FEATURE);
        double[] pixel = meanStd(0, 40, 80, 120);
        assertEquals(pixel[0] / 255, each.mean()[0], 1e-15);
        assertEquals(pixel[1] / 255, each.std()[0], 1e-15);
        assertEquals((float) ((80 - pixel[0]) / pixel[1]), each.apply(images())[8], 1e-6);
    }

    @Test
    void aConstantFeatureBecomesZero() {
        FeatureScaling each = FeatureScaling.of(images(), Normalization.FEATURE);
        assertEquals(1, each.std()[1]);
        assertEquals(1, each.std()[3]);
        float[] features = each.apply(images());
        for (int image = 0; image < 4; image++) {
            assertEquals(0, features[4 * image + 1]);
            assertEquals(0, features[4 * image + 3]);
        }
        // 0.1 is no binary fraction: its mean over four rows need not be itself
        TableSet table = table(List.of(2), 0.1f, 1, 0.1f, 2, 0.1f, 3, 0.1f, 4);
        FeatureScaling columns = FeatureScaling.of(table, Normalization.FEATURE);
        assertEquals(1, columns.std()[0]);
        assertEquals(0, columns.apply(table)[0]);
        assertEquals(2.5, columns.mean()[1]);
        assertEquals(Math.sqrt(1.25), columns.std()[1], 1e-15);
        FeatureScaling flat =
                FeatureScaling.of(new ImageSet(1, 1, 2, new byte[] {77, 77}, new int[] {0, 1}), Normalization.MEANSTD);
        assertEquals(1, flat.std()[0]);
    }

    @Test
    void largeOffsetsLoseNothing() {
        float[] values = new float[4];
        for (int k = 0; k < 4; k++) {
            values[k] = 16_000_000 + k; // exact in float32; the squares are not in a double sum that cancels
        }
        FeatureScaling scaling = FeatureScaling.of(table(List.of(1), values), Normalization.FEATURE);
        assertEquals(Math.sqrt(1.25), scaling.std()[0], 1e-12);
    }

    @Test
    void floatingPointImagesHaveChannels() {
        TableSet set = table(List.of(2, 1, 1), 1, 10, 2, 20, 3, 30, 4, 40);
        FeatureScaling scaling = FeatureScaling.of(set, Normalization.CHANNEL);
        assertArrayEquals(new double[] {2.5, 25}, scaling.mean(), 1e-12);
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> FeatureScaling.of(table(List.of(2), 1, 2, 3, 4, 5, 6, 7, 8), Normalization.CHANNEL))
                .getMessage();
        assertTrue(message.contains("'channel' needs images"), message);
    }

    @Test
    void theTestPartIsScaledByTheTrainingStatistics() {
        TableSet train = table(List.of(1), 0, 2, 4, 6);
        TableData data = new TableData("t", train, table(List.of(1), 3, 3, 3, 9), List.of("a", "b"));
        float[] test = data.testSamples(Normalization.FEATURE).features();
        assertEquals(0, test[0]);
        assertEquals((float) (6 / Math.sqrt(5)), test[3]);
        assertArrayEquals(new double[] {3}, data.scaling(Normalization.MEANSTD).mean());
        assertThrows(IllegalArgumentException.class, () -> new TableData("t", train, train, List.of("a")));
        assertThrows(IllegalArgumentException.class, () -> table(List.of(3), 1, 2));
    }

    @Test
    void scaledRandomPixelsHaveMeanZeroAndStdOne() {
        byte[] pixels = new byte[50 * 3 * 4 * 4];
        new Random(1).nextBytes(pixels);
        ImageSet set = new ImageSet(3, 4, 4, 2, pixels, new int[50]);
        float[] features = FeatureScaling.of(set, Normalization.FEATURE).apply(set);
        for (int feature = 0; feature < 48; feature++) {
            double[] column = new double[50];
            for (int image = 0; image < 50; image++) {
                column[image] = features[48 * image + feature];
            }
            assertEquals(0, meanStd(column)[0], 1e-6);
            assertEquals(1, meanStd(column)[1], 1e-6);
        }
    }

    @Test
    void theHashFollowsTheNumbers() {
        FeatureScaling a = FeatureScaling.of(images(), Normalization.FEATURE);
        FeatureScaling b = FeatureScaling.of(images(), Normalization.FEATURE);
        assertEquals(a.sha256(), b.sha256());
        b.std()[0] += 1e-12;
        assertTrue(!a.sha256().equals(b.sha256()));
    }
}
