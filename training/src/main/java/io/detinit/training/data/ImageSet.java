package io.detinit.training.data;

import java.util.stream.IntStream;

/**
 * Labelled images of 8-bit pixels.
 *
 * <p>Immutable by agreement: the arrays are not copied and must not be changed. Safe for use by many threads.
 *
 * @param channels colours of a pixel: 1 grey, 3 red, green and blue
 * @param height rows of pixels
 * @param width columns of pixels
 * @param classes how many classes there are
 * @param pixels uint8 [count, channels, height, width], row-major
 * @param labels [count], each in [0, classes)
 */
@SuppressWarnings("ArrayRecordComponent") // a view of many megabytes, never compared
public record ImageSet(int channels, int height, int width, int classes, byte[] pixels, int[] labels)
        implements SampleSet {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the pixels do not fit the labels, or there are no images
     */
    public ImageSet {
        long features = Math.multiplyExact((long) Math.multiplyExact(channels, height), width);
        if (labels.length == 0 || features < 1 || pixels.length != features * labels.length) {
            throw new IllegalArgumentException(pixels.length + " pixels are not " + labels.length + " images of "
                    + channels + " x " + height + " x " + width);
        }
    }

    /**
     * Grey images.
     *
     * @param height rows of pixels
     * @param width columns of pixels
     * @param classes how many classes there are
     * @param pixels uint8 [count, height, width], row-major
     * @param labels [count], each in [0, classes)
     * @throws IllegalArgumentException if the pixels do not fit the labels, or there are no images
     */
    public ImageSet(int height, int width, int classes, byte[] pixels, int[] labels) {
        this(1, height, width, classes, pixels, labels);
    }

    /** {@return how many images there are} */
    @Override
    public int count() {
        return labels.length;
    }

    /** {@return how many values an image has: channels * height * width} */
    public int features() {
        return channels * height * width;
    }

    /** {@return [channels, height, width]} */
    @Override
    public long[] sampleShape() {
        return new long[] {channels, height, width};
    }

    /**
     * The last images.
     *
     * @param images how many, in [1, count]
     * @return a copy of them, in their order
     * @throws IllegalArgumentException if there are not as many
     */
    public ImageSet last(int images) {
        if (images < 1 || images > count()) {
            throw new IllegalArgumentException("the last " + images + " of " + count() + " images do not exist");
        }
        return pick(IntStream.range(count() - images, count()).toArray());
    }

    @Override
    public ImageSet pick(int[] samples) {
        int features = features();
        byte[] picked = new byte[Math.multiplyExact(samples.length, features)];
        int[] pickedLabels = new int[samples.length];
        for (int k = 0; k < samples.length; k++) {
            System.arraycopy(pixels, samples[k] * features, picked, k * features, features);
            pickedLabels[k] = labels[samples[k]];
        }
        return new ImageSet(channels, height, width, classes, picked, pickedLabels);
    }

    /** {@return the SHA-256 of shape, pixels and labels, 64 hex digits} */
    @Override
    public String sha256() {
        Sha256 digest = new Sha256().ints(count());
        if (channels > 1) { // a grey set keeps the hash it had before there were colours
            digest.ints(channels);
        }
        return digest.ints(height, width, classes)
                .bytes(pixels)
                .labels(classes, labels)
                .hex();
    }
}
