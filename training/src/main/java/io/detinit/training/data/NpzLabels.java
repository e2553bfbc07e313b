package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;

/**
 * The labels of one array: [N] or [N, 1] whole numbers from 0, or [N, C] with a single 1 in each row.
 *
 * @param labels [N]
 * @param classes of one-hot rows their length, else the largest label + 1
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record NpzLabels(int[] labels, int classes) {

    /**
     * Reads them.
     *
     * @throws MalformedFileException if the shape is another, or a value is no label
     */
    static NpzLabels read(Object file, TensorView array) throws IOException {
        String name = array.info().name();
        long[] dims = ArrayReader.checked(file, array).info().shape().dims();
        if (dims.length < 1 || dims.length > 2 || array.info().shape().elements() == 0) {
            throw MalformedFileException.of(
                    file,
                    name,
                    "the shape " + array.info().shape(),
                    "[N] or [N, 1] class numbers, or [N, C] with a single 1 a row");
        }
        int count = Math.toIntExact(dims[0]);
        int columns = dims.length == 2 ? Math.toIntExact(dims[1]) : 1;
        if (columns > ClassNames.MAX_CLASSES) {
            throw MalformedFileException.of(
                    file, name, columns + " columns", "at most " + ClassNames.MAX_CLASSES + " classes");
        }
        return columns == 1 ? numbers(file, array, count) : oneHot(file, array, count, columns);
    }

    private static NpzLabels numbers(Object file, TensorView array, int count) throws IOException {
        int[] labels = new int[count];
        int[] largest = new int[1];
        ArrayReader.numbers(array, (place, value) -> {
            if (!(value >= 0 && value < ClassNames.MAX_CLASSES && Math.rint(value) == value)) {
                throw MalformedFileException.of(
                        file,
                        array.info().name() + ": sample " + place,
                        "the label " + text(value),
                        "a whole number from 0 to " + (ClassNames.MAX_CLASSES - 1));
            }
            labels[place] = (int) value;
            largest[0] = Math.max(largest[0], labels[place]);
        });
        return new NpzLabels(labels, largest[0] + 1);
    }

    private static NpzLabels oneHot(Object file, TensorView array, int count, int classes) throws IOException {
        int[] labels = new int[count];
        java.util.Arrays.fill(labels, -1);
        String name = array.info().name();
        ArrayReader.numbers(array, (place, value) -> {
            int sample = place / classes;
            if (value == 1 && labels[sample] < 0) {
                labels[sample] = place % classes;
            } else if (value != 0) {
                throw MalformedFileException.of(
                        file,
                        name + ": sample " + sample,
                        text(value) + " in column " + place % classes,
                        "zeros and a single 1");
            }
            if (place % classes == classes - 1 && labels[sample] < 0) {
                throw MalformedFileException.of(
                        file, name + ": sample " + sample, "zeros alone", "zeros and a single 1");
            }
        });
        return new NpzLabels(labels, classes);
    }

    private static String text(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
