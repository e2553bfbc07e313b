package io.detinit.training.data;

import io.detinit.training.Samples;

/** A data set of samples as they were read; normalised when they are asked for. */
sealed interface ReadData extends DataSet permits ImageData, TableData {

    /** {@return the training samples} */
    SampleSet train();

    /** {@return the test samples, of the same shape} */
    SampleSet test();

    /** {@return the validation part of the training samples} */
    SampleSet validation();

    private Samples samples(SampleSet part, Normalization normalization) {
        return new Samples(scaling(normalization).apply(part), part.labels(), part.classes());
    }

    @Override
    default FeatureScaling scaling(Normalization normalization) {
        return FeatureScaling.of(train(), normalization);
    }

    @Override
    default Samples validationSamples(Normalization normalization) {
        return samples(validation(), normalization);
    }

    @Override
    default Samples trainSamples(Normalization normalization) {
        return samples(train(), normalization);
    }

    @Override
    default Samples testSamples(Normalization normalization) {
        return samples(test(), normalization);
    }

    @Override
    default long[] sampleShape() {
        return train().sampleShape();
    }

    @Override
    default int classes() {
        return train().classes();
    }

    @Override
    default int trainCount() {
        return train().count();
    }

    @Override
    default int testCount() {
        return test().count();
    }

    @Override
    default String trainSha256() {
        return train().sha256();
    }

    @Override
    default String testSha256() {
        return test().sha256();
    }
}
