package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The features of one array, [N, ...]. */
final class NpzSamples {

    /** The values of the option {@code layout}. */
    static final List<String> LAYOUTS = List.of("auto", "nchw", "nhwc");

    private static final int MAX_RANK = 8;

    private NpzSamples() {}

    /**
     * Reads features. uint8 samples of three axes are images of 8-bit pixels, all others floating-point values.
     *
     * @param file for messages
     * @param array the array
     * @param labels as many
     * @param classes how many classes there are
     * @param options {@code shape} and {@code layout}
     * @throws MalformedFileException if the array is none of samples, or a value is not finite
     * @throws IllegalArgumentException if an option does not fit it
     */
    static SampleSet read(Object file, TensorView array, int[] labels, int classes, DataOptions options)
            throws IOException {
        String name = array.info().name();
        long[] dims = ArrayReader.checked(file, array).info().shape().dims();
        if (dims.length < 2 || dims.length > MAX_RANK || array.info().shape().elements() == 0) {
            throw MalformedFileException.of(
                    file,
                    name,
                    "the shape " + array.info().shape(),
                    "[N, features], [N, height, width] or [N, channels, height, width]");
        }
        if (dims[0] != labels.length) {
            throw MalformedFileException.of(file, name, dims[0] + " samples", labels.length + " as there are labels");
        }
        List<Integer> stored = new ArrayList<>();
        for (int axis = 1; axis < dims.length; axis++) {
            stored.add(Math.toIntExact(dims[axis]));
        }
        boolean last = channelsLast(file, name, stored, options);
        List<Integer> shape = last
                ? List.of(stored.get(2), stored.get(0), stored.get(1))
                : options.shape().orElse(stored.size() == 2 ? List.of(1, stored.get(0), stored.get(1)) : stored);
        if (product(shape) != product(stored)) {
            throw options.bad("shape", "axes that hold the " + product(stored) + " values of a sample of " + name);
        }
        if (array.info().dtype() == DType.U8 && shape.size() == 3) {
            byte[] pixels = ArrayReader.bytes(array);
            if (last) {
                toChannelsFirst(pixels, shape);
            }
            return new ImageSet(shape.get(0), shape.get(1), shape.get(2), classes, pixels, labels);
        }
        return new TableSet(shape, classes, floats(file, array, last ? shape : List.of()), labels);
    }

    private static long product(List<Integer> axes) {
        return axes.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    }

    /** Whether the samples are [height, width, channels]. Guessing wrong would train on scrambled images: then it must be said. */
    private static boolean channelsLast(Object file, String name, List<Integer> axes, DataOptions options)
            throws MalformedFileException {
        int layout = options.choice("layout", LAYOUTS);
        if (layout != 0 && (axes.size() != 3 || options.find("shape").isPresent())) {
            throw options.bad("layout", "samples of three axes without shape=; " + name + " has " + axes);
        }
        if (layout != 0 || axes.size() != 3 || options.find("shape").isPresent()) {
            return layout == 2;
        }
        if (axes.get(2) <= 4 && axes.get(0) > 4) {
            if (axes.get(2) == 1) {
                return true; // one channel lies the same both ways
            }
            throw MalformedFileException.of(
                    file,
                    name,
                    "samples of " + axes + ", which look like height, width, channels",
                    "channels first; layout=nhwc reads them so, layout=nchw takes the axes as they are");
        }
        return false;
    }

    private static void toChannelsFirst(byte[] pixels, List<Integer> shape) {
        int channels = shape.get(0);
        int area = shape.get(1) * shape.get(2);
        byte[] image = new byte[channels * area];
        for (int from = 0; from < pixels.length; from += image.length) {
            for (int channel = 0; channel < channels; channel++) {
                for (int k = 0; k < area; k++) {
                    image[channel * area + k] = pixels[from + k * channels + channel];
                }
            }
            System.arraycopy(image, 0, pixels, from, image.length);
        }
    }

    /** The values as float32; of a shape [channels, height, width] those of [height, width, channels]. */
    private static float[] floats(Object file, TensorView array, List<Integer> channelsFirst) throws IOException {
        int count = Math.toIntExact(array.info().shape().elements());
        int samples = Math.toIntExact(array.info().shape().dims()[0]);
        int features = count / samples;
        int channels = channelsFirst.isEmpty() ? 1 : channelsFirst.get(0);
        int area = features / channels;
        float[] values = new float[count];
        ArrayReader.numbers(array, (place, value) -> {
            if (!Numbers.fitsFloat(value)) {
                throw MalformedFileException.of(
                        file,
                        array.info().name() + ": sample " + place / features + ", value " + place % features,
                        Double.toString(value),
                        "a finite number that float32 can hold");
            }
            int within = place % features;
            values[place - within + within % channels * area + within / channels] = (float) value;
        });
        return values;
    }
}
