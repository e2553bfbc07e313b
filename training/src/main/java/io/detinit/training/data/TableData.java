package io.detinit.training.data;

import java.util.List;

/**
 * A data set of floating-point samples.
 *
 * @param name as the user asked for it, without local paths
 * @param train the training samples
 * @param test the test samples, of the same shape
 * @param classNames what the classes are called, one for each
 */
public record TableData(String name, TableSet train, TableSet test, List<String> classNames) implements ReadData {

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
    @Override
    public TableSet validation() {
        return train.last(Split.validation(train.count()));
    }
}
