package io.detinit.interop.verify;

import io.detinit.interop.file.MalformedFileException;
import java.util.List;

/**
 * An input whose axes are all known.
 *
 * @param input what the model declares
 * @param number which of the streams of random values it gets, from 0
 * @param shape its axes
 */
record FilledInput(ModelInput input, int number, List<Long> shape) {

    private static final long MAX_ELEMENTS = 1L << 27;

    /** The product of the axes. */
    int elements(String model) throws MalformedFileException {
        long product = 1;
        for (long axis : shape) {
            if (axis != 0 && product > MAX_ELEMENTS / axis) {
                throw MalformedFileException.unsupported(
                        model,
                        "input '" + input.name() + "'",
                        "an input of the shape " + shape,
                        "at most " + MAX_ELEMENTS + " values are made for one");
            }
            product *= axis;
        }
        return (int) product;
    }

    long[] dims() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }
}
