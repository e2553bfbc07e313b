package io.detinit.training.data;

import io.detinit.training.Samples;
import java.util.List;

/**
 * A data set of floating-point samples.
 *
 * @param name as the user asked for it, without local paths
 * @param train the training samples
 * @param test the test samples, of the same shape
 * @param classNames what the classes are called, one for each
 */
public record TableData(String name, TableSet train, TableSet test, List<String> classNames) implements DataSet {

    /**
     * Copies the names.
     *
     * @throws IllegalArgumentException if there is not a name for each class
     */
    public TableData {
        classNames = ClassNames.checked(classNames, train.classes());
    }

    /**
     * The validation part: the last sixth of the training samples, one at least, never a test sample.
     *
     * @return a copy of the samples, in their order
     */
    public TableSet validation() {
        return train.last(Split.validation(train.count()));
    }

    @Override
    public FeatureScaling scaling(Normalization normalization) {
        return FeatureScaling.of(train, normalization);
    }

    @Override
    public Samples validationSamples(Normalization normalization) {
        return samples(validation(), normalization);
    }

    @Override
    public Samples trainSamples(Normalization normalization) {
        return samples(train, normalization);
    }

    @Override
    public Samples testSamples(Normalization normalization) {
        return samples(test, normalization);
    }

    @Override
    public long[] sampleShape() {
        return train.sampleShape();
    }

    @Override
    public int classes() {
        return train.classes();
    }

    @Override
    public int trainCount() {
        return train.count();
    }

    @Override
    public int testCount() {
        return test.count();
    }

    @Override
    public String trainSha256() {
        return train.sha256();
    }

    @Override
    public String testSha256() {
        return test.sha256();
    }

    private Samples samples(TableSet part, Normalization normalization) {
        return new Samples(scaling(normalization).apply(part), part.labels(), part.classes());
    }
}
