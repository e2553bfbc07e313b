package io.detinit.training.lottery;

import io.detinit.training.Samples;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.Normalization;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The samples of a lottery: those that are trained on, those that say when to stop and are never trained on, and those that the accuracy
 * is measured with.
 *
 * @param train the training samples
 * @param validation held-out samples
 * @param test the test samples
 * @param source what the samples are, by name; a lottery is continued only with the same
 */
public record LotteryData(Samples train, Samples validation, Samples test, Map<String, String> source) {

    /** Samples that are held out unless another number is asked for, as in Frankle and Carbin 2019. */
    private static final int USUAL_VALIDATION = 5000;

    /** As long as they are not more than this part of all. */
    private static final int USUAL_PART = 6;

    /** Copies the map. */
    public LotteryData {
        source = Collections.unmodifiableMap(new LinkedHashMap<>(source));
    }

    /**
     * Holds the last training samples of a data set out.
     *
     * @param data the data set
     * @param normalization how raw values become features
     * @param validation how many samples are held out, in [1, trainCount)
     * @return its samples
     * @throws IllegalArgumentException if not as many samples can be held out
     */
    public static LotteryData of(DataSet data, Normalization normalization, int validation) {
        Samples all = data.trainSamples(normalization);
        int train = all.count() - validation;
        if (validation < 1 || train < 1) {
            throw new IllegalArgumentException(
                    "validation samples " + validation + " must be in [1, " + all.count() + "), the training samples");
        }
        Map<String, String> source = new LinkedHashMap<>();
        source.put("name", data.name());
        source.put("train", Integer.toString(train));
        source.put("validation", Integer.toString(validation));
        source.put("test", Integer.toString(data.testCount()));
        source.put("trainSha256", data.trainSha256());
        source.put("testSha256", data.testSha256());
        source.put("normalize", normalization.id());
        return new LotteryData(
                part(all, 0, train), part(all, train, all.count()), data.testSamples(normalization), source);
    }

    /**
     * How many samples are held out unless another number is asked for.
     *
     * @param trainCount training samples of the data set
     * @return 5,000, but not more than a sixth of them
     */
    public static int usualValidation(int trainCount) {
        return Math.max(1, Math.min(USUAL_VALIDATION, trainCount / USUAL_PART));
    }

    private static Samples part(Samples all, int from, int to) {
        int width = all.width();
        return new Samples(
                Arrays.copyOfRange(all.features(), Math.multiplyExact(from, width), Math.multiplyExact(to, width)),
                Arrays.copyOfRange(all.labels(), from, to),
                all.classes());
    }
}
