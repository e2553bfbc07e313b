package io.detinit.models;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads the names of the reference models.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ModelNames {

    private static final int MAX_NUMBER = 1 << 20;

    private final String text;
    private final String kind;
    /** The parts after the colon; empty where there is none. */
    private final List<String> parts;
    /** The shape of the data's samples; null where the data is not known. */
    private final long @Nullable [] data;

    private final int classes;

    private ModelNames(String text, long @Nullable [] data, int classes) {
        this.text = text;
        this.data = data;
        this.classes = classes;
        int colon = text.indexOf(':');
        this.kind = colon < 0 ? text : text.substring(0, colon);
        this.parts =
                colon < 0 ? List.of() : Arrays.asList(text.substring(colon + 1).split("-", -1));
    }

    /** Makes a network for images. */
    @FunctionalInterface
    private interface ImageNet {
        SequentialBlock of(Shape image, int outputs);
    }

    static ModelSpec parse(String text, long @Nullable [] data, int classes) {
        ModelNames name = new ModelNames(text, data, classes);
        ModelSpec spec = switch (name.kind) {
            case "mlp" -> name.mlp();
            case "lenet5" -> name.image(new Shape(1, 28, 28), 12, ConvolutionalNets::lenet5);
            case "conv2" -> name.image(new Shape(3, 32, 32), 2, (image, out) -> ConvolutionalNets.conv(1, out));
            case "conv4" -> name.image(new Shape(3, 32, 32), 4, (image, out) -> ConvolutionalNets.conv(2, out));
            case "conv6" -> name.image(new Shape(3, 32, 32), 8, (image, out) -> ConvolutionalNets.conv(3, out));
            case "resnet20" -> name.image(new Shape(3, 32, 32), 4, (image, out) -> ConvolutionalNets.resnet20(out));
            case "gru", "lstm" -> name.recurrent();
            case "transformer" -> name.transformer();
            default -> throw new IllegalArgumentException("unknown model '" + text + "'; known: " + ModelSpec.KNOWN);
        };
        name.checkFits(spec);
        return spec;
    }

    private ModelSpec mlp() {
        List<Integer> widths = new ArrayList<>();
        for (String part : parts) {
            widths.add(number(part, "layer width"));
        }
        if (widths.size() < 2) {
            throw bad("needs at least two widths, inputs and outputs");
        }
        return ModelSpec.named(
                text,
                new Shape(widths.get(0)),
                widths.get(widths.size() - 1),
                () -> SequenceNets.perceptron(List.copyOf(widths)));
    }

    /** {@code NAME}, {@code NAME:CxHxW} or {@code NAME:CxHxW-OUT}. */
    private ModelSpec image(Shape usual, int smallest, ImageNet net) {
        if (parts.size() > 2) {
            throw bad("takes an image's shape and the outputs, as in " + kind + ":1x28x28-10");
        }
        Shape image = parts.isEmpty() ? imageOf(data, usual) : axes(parts.get(0), 3, "CxHxW");
        int outputs = parts.size() == 2 ? number(parts.get(1), "number of outputs") : data == null ? 10 : classes;
        if (Math.min(image.get(1), image.get(2)) < smallest) {
            throw bad("takes images of at least " + smallest + " x " + smallest + " pixels, not " + image.get(1) + " x "
                    + image.get(2));
        }
        boolean complete = parts.size() == 2 || (parts.isEmpty() && image.equals(usual) && outputs == 10);
        String name = complete ? text : kind + ":" + joined(image) + "-" + outputs;
        return ModelSpec.named(name, image, outputs, () -> net.of(image, outputs));
    }

    /** The data's images; a table has none. */
    private Shape imageOf(long @Nullable [] shape, Shape usual) {
        if (shape == null) {
            return usual;
        }
        return switch (shape.length) {
            case 3 -> new Shape(shape);
            case 2 -> new Shape(1, shape[0], shape[1]);
            default ->
                throw bad("takes images, the data has samples of shape " + Arrays.toString(shape)
                        + "; say how they are laid out, as in " + kind + ":1x28x28-10");
        };
    }

    /** {@code NAME:TxWIDTH-HIDDEN-...-OUT} or {@code NAME:WIDTH-HIDDEN-...-OUT}. */
    private ModelSpec recurrent() {
        if (parts.size() < 3) {
            throw bad("needs the inputs of a time step, one hidden size or more, and the outputs, as in " + kind
                    + ":28x28-128-10");
        }
        Shape sample = steps();
        List<Integer> hidden = new ArrayList<>();
        for (String part : parts.subList(1, parts.size() - 1)) {
            hidden.add(number(part, "hidden size"));
        }
        int outputs = number(parts.get(parts.size() - 1), "number of outputs");
        boolean lstm = kind.equals("lstm");
        return ModelSpec.named(
                complete(sample), sample, outputs, () -> SequenceNets.recurrent(lstm, List.copyOf(hidden), outputs));
    }

    /** {@code transformer:TxWIDTH-DMODEL-HEADS-LAYERS-OUT}, also without T. */
    private ModelSpec transformer() {
        if (parts.size() != 5) {
            throw bad("needs inputs, width of the model, heads, layers and outputs, as in"
                    + " transformer:28x28-64-4-2-10");
        }
        Shape sample = steps();
        int width = number(parts.get(1), "width of the model");
        int heads = number(parts.get(2), "number of heads");
        int layers = number(parts.get(3), "number of layers");
        int outputs = number(parts.get(4), "number of outputs");
        if (width % heads != 0) {
            throw bad("has " + heads + " heads, which do not divide the width " + width);
        }
        return ModelSpec.named(
                complete(sample), sample, outputs, () -> SequenceNets.transformer(width, heads, layers, outputs));
    }

    /** The shape [T, width] of a sequence. T is said, or follows from the data, or equals the width: a square image's rows. */
    private Shape steps() {
        String first = parts.get(0);
        if (first.contains("x")) {
            return axes(first, 2, "TxWIDTH");
        }
        int width = number(first, "number of inputs");
        if (data == null) {
            return new Shape(width, width);
        }
        long size = new Shape(data).size();
        if (size % width != 0) {
            throw bad("reads " + width + " values in a time step, which do not divide the " + size
                    + " values of the data's samples " + Arrays.toString(data));
        }
        return new Shape(size / width, width);
    }

    /** The text with T in it, where the data gave one that the text alone would not. */
    private String complete(Shape sample) {
        if (parts.get(0).contains("x") || sample.get(0) == sample.get(1)) {
            return text;
        }
        return kind + ":" + joined(sample) + text.substring(text.indexOf('-'));
    }

    private void checkFits(ModelSpec spec) {
        if (data == null) {
            return;
        }
        boolean sameRank = data.length == spec.sampleShape().dimension();
        boolean fits =
                sameRank ? Arrays.equals(data, spec.sampleShape().getShape()) : new Shape(data).size() == spec.inputs();
        if (!fits) {
            throw bad("takes samples of shape "
                    + Arrays.toString(spec.sampleShape().getShape()) + ", the data has " + Arrays.toString(data));
        }
        if (classes > spec.outputs()) {
            throw bad("has " + spec.outputs() + " outputs, the data " + classes + " classes");
        }
    }

    private Shape axes(String part, int count, String form) {
        String[] axes = part.split("x", -1);
        if (axes.length != count) {
            throw bad("'" + part + "' is no " + form);
        }
        return new Shape(Arrays.stream(axes)
                .mapToLong(axis -> number(axis, "axis of " + form))
                .toArray());
    }

    private int number(String part, String what) {
        int number;
        try {
            number = Integer.parseInt(part);
        } catch (NumberFormatException e) {
            number = 0;
        }
        if (number < 1 || number > MAX_NUMBER || part.startsWith("+")) {
            throw bad("'" + part + "' is no " + what + " in [1, " + MAX_NUMBER + "]");
        }
        return number;
    }

    private static String joined(Shape shape) {
        return String.join(
                "x",
                Arrays.stream(shape.getShape())
                        .mapToObj(axis -> String.format(Locale.ROOT, "%d", axis))
                        .toList());
    }

    private IllegalArgumentException bad(String what) {
        return new IllegalArgumentException("model '" + text + "' " + what);
    }
}
