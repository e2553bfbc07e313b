package io.detinit.training.noise;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.training.Samples;
import java.util.Locale;

/**
 * How samples are prepared for a control experiment: every sample is copied once for each pass, and each copy gets features that carry
 * no information, drawn anew. One epoch over the copies is then a training of so many passes whose noise features never repeat: nothing
 * about them can be learned or memorised.
 *
 * @param passes how often each sample appears, >= 1
 * @param noiseFeatures features appended to each sample, >= 0
 * @param noiseStd their standard deviation; they are normal with mean 0
 * @param labels whose labels the samples have
 */
public record ControlData(int passes, int noiseFeatures, double noiseStd, Labels labels) {

    /** The address of the noise, far above any layer id: "control" in ASCII. */
    private static final long NOISE = 0x636F6E74726F6CL;

    /** Whose labels samples have. */
    public enum Labels {
        /** Their own. */
        TRUE,
        /** Each other's, the same in every pass: single samples can be memorised. */
        SHUFFLED,
        /** Each other's, others in every pass: only the frequencies of the classes can be learned. */
        FRESH;

        /** {@return the name on the command line} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * Reads a name.
         *
         * @param name as {@link #id} writes it
         * @return the labels
         * @throws IllegalArgumentException if it is unknown
         */
        public static Labels parse(String name) {
            for (Labels labels : values()) {
                if (labels.id().equals(name)) {
                    return labels;
                }
            }
            throw new IllegalArgumentException("unknown labels '" + name + "'; known: true, shuffled, fresh");
        }
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public ControlData {
        if (passes < 1 || noiseFeatures < 0 || !(noiseStd > 0) || Double.isInfinite(noiseStd)) {
            throw new IllegalArgumentException("control data of " + passes + " passes and " + noiseFeatures
                    + " noise features of standard deviation " + noiseStd
                    + "; at least 1 pass, 0 features and a positive number are needed");
        }
    }

    /**
     * Prepares samples.
     *
     * @param samples the samples
     * @param seed the seed of noise and permutations
     * @return passes * count samples of width + noiseFeatures features
     * @throws IllegalArgumentException if they would not fit into an array
     */
    public Samples of(Samples samples, long seed) {
        int width = samples.width() + noiseFeatures;
        long size = (long) samples.count() * passes * width;
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    size + " features do not fit into memory; take fewer samples, passes or noise features");
        }
        int count = samples.count() * passes;
        float[] features = new float[(int) size];
        int[] all = new int[count];
        TensorInit noise = noiseFeatures == 0
                ? null
                : new TensorInit(seed, NOISE, TensorShape.of(count, noiseFeatures), Scheme.custom(noiseStd));
        Samples labelled = labels == Labels.SHUFFLED ? Shuffled.labels(samples, seed) : samples;
        for (int pass = 0; pass < passes; pass++) {
            if (labels == Labels.FRESH) {
                labelled = Shuffled.labels(samples, seed + pass);
            }
            for (int k = 0; k < samples.count(); k++) {
                int row = pass * samples.count() + k;
                System.arraycopy(samples.features(), k * samples.width(), features, row * width, samples.width());
                if (noise != null) {
                    noise.fill((long) row * noiseFeatures, features, row * width + samples.width(), noiseFeatures);
                }
                all[row] = labelled.labels()[k];
            }
        }
        return new Samples(features, all, samples.classes());
    }
}
