package io.detinit.training.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Labelled grey images.
 *
 * <p>Immutable by agreement: the arrays are not copied and must not be changed. Safe for use by many threads.
 *
 * @param height rows of pixels
 * @param width columns of pixels
 * @param classes how many classes there are
 * @param pixels uint8 [count, height, width], row-major
 * @param labels [count], each in [0, classes)
 */
@SuppressWarnings("ArrayRecordComponent") // a view of many megabytes, never compared
public record ImageSet(int height, int width, int classes, byte[] pixels, int[] labels) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the pixels do not fit the labels, or there are no images
     */
    public ImageSet {
        if (labels.length == 0 || (long) labels.length * height * width != pixels.length) {
            throw new IllegalArgumentException(
                    pixels.length + " pixels are not " + labels.length + " images of " + height + " x " + width);
        }
    }

    /** {@return how many images there are} */
    public int count() {
        return labels.length;
    }

    /** {@return how many pixels an image has} */
    public int features() {
        return height * width;
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
        int from = count() - images;
        return new ImageSet(
                height,
                width,
                classes,
                Arrays.copyOfRange(pixels, from * features(), pixels.length),
                Arrays.copyOfRange(labels, from, labels.length));
    }

    /** {@return the SHA-256 of shape, pixels and labels, 64 hex digits} */
    public String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer shape = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            digest.update(shape.putInt(count())
                    .putInt(height)
                    .putInt(width)
                    .putInt(classes)
                    .array());
            digest.update(pixels);
            for (int label : labels) {
                digest.update((byte) label);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
