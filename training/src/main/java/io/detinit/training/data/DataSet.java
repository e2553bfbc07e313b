package io.detinit.training.data;

import io.detinit.training.Samples;
import java.util.List;

/**
 * A labelled data set in memory: training and test samples. The validation part is the last sixth of the training samples
 * (10,000 of MNIST's 60,000), one at least, never a test sample. It is for choices that must not look at the test samples. A training
 * on all training samples has seen it: the level of an accuracy on it is optimistic then, and only differences between models of
 * the same training say something.
 *
 * <p>Immutable; safe for use by many threads.
 */
public interface DataSet {

    /** {@return the name as the user asked for it, without local paths} */
    String name();

    /** {@return the shape of a sample without the batch axis: [channels, height, width] of images, [features] of tables} */
    long[] sampleShape();

    /** {@return how many classes there are} */
    int classes();

    /** {@return what the classes are called, one for each} */
    List<String> classNames();

    /**
     * The numbers by which raw values become features, from the training samples.
     *
     * @param normalization the rule
     * @return the numbers
     * @throws IllegalArgumentException if the rule is none for such samples: channels of a table
     */
    FeatureScaling scaling(Normalization normalization);

    /** {@return how many training samples there are} */
    int trainCount();

    /** {@return how many test samples there are} */
    int testCount();

    /** {@return the SHA-256 of the training samples, 64 hex digits} */
    String trainSha256();

    /** {@return the SHA-256 of the test samples, 64 hex digits} */
    String testSha256();

    /**
     * The training samples.
     *
     * @param normalization how raw values become features
     * @return float32 [count, width]
     */
    Samples trainSamples(Normalization normalization);

    /**
     * The test samples, normalised with the training samples' statistics.
     *
     * @param normalization how raw values become features
     * @return float32 [count, width]
     */
    Samples testSamples(Normalization normalization);

    /**
     * The samples of the validation part, normalised with the statistics of all training samples.
     *
     * @param normalization how raw values become features
     * @return float32 [count, width]
     */
    Samples validationSamples(Normalization normalization);
}
