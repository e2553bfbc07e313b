package io.detinit.training.data;

import java.util.List;

/**
 * A data set of images: training and test images.
 *
 * @param name as the user asked for it, without local paths
 * @param train the training images
 * @param test the test images, of the same size
 * @param classNames what the classes are called, one for each
 */
public record ImageData(String name, ImageSet train, ImageSet test, List<String> classNames) implements ReadData {

    /**
     * Copies the names.
     *
     * @throws IllegalArgumentException if there is not a name for each class
     */
    public ImageData {
        classNames = ClassNames.checked(classNames, train.classes());
    }

    /**
     * A data set whose classes are called by their numbers.
     *
     * @param name as the user asked for it, without local paths
     * @param train the training images
     * @param test the test images, of the same size
     */
    public ImageData(String name, ImageSet train, ImageSet test) {
        this(name, train, test, ClassNames.numbers(train.classes()));
    }

    /**
     * The validation part: the last sixth of the training images (10,000 of MNIST's 60,000), one at least, never a test image. It is
     * for choices that must not look at the test images. A training on all training images has seen it: the level of an
     * accuracy on it is optimistic then, and only differences between models of the same training say something.
     *
     * @return a copy of the images, in their order
     */
    @Override
    public ImageSet validation() {
        return train.last(Split.validation(train.count()));
    }
}
