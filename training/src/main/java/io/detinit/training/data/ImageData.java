package io.detinit.training.data;

import io.detinit.training.Samples;

/**
 * A data set: training and test images.
 *
 * @param name as the user asked for it, without local paths
 * @param train the training images
 * @param test the test images
 */
public record ImageData(String name, ImageSet train, ImageSet test) {

    /**
     * The training samples.
     *
     * @param normalization how pixels become features
     * @return float32 [count, height*width]
     */
    public Samples trainSamples(Normalization normalization) {
        return samples(train, normalization);
    }

    /**
     * The test samples, normalised with the training images' statistics.
     *
     * @param normalization how pixels become features
     * @return float32 [count, height*width]
     */
    public Samples testSamples(Normalization normalization) {
        return samples(test, normalization);
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
