package io.detinit.training.data;

import io.detinit.training.Samples;

/**
 * A data set: training and test images.
 *
 * @param name as the user asked for it, without local paths
 * @param train the training images
 * @param test the test images
 */
public record ImageData(String name, ImageSet train, ImageSet test) implements DataSet {

    /** The validation part is one of so many parts of the training images. */
    private static final int VALIDATION_PART = 6;

    /**
     * The validation part: the last sixth of the training images (10,000 of MNIST's 60,000), one at least, never a test image. It is
     * for choices that must not look at the test images. A training on all training images has seen it: the level of an
     * accuracy on it is optimistic then, and only differences between models of the same training say something.
     *
     * @return a copy of the images, in their order
     */
    public ImageSet validation() {
        return train.last(Math.max(1, train.count() / VALIDATION_PART));
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
        return new long[] {1, train.height(), train.width()};
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

    private Samples samples(ImageSet images, Normalization normalization) {
        float[] levels = normalization.levels(train);
        byte[] pixels = images.pixels();
        float[] features = new float[pixels.length];
        for (int k = 0; k < pixels.length; k++) {
            features[k] = levels[pixels[k] & 0xFF];
        }
        return new Samples(features, images.labels(), images.classes());
    }
}
