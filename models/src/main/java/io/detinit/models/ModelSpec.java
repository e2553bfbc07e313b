package io.detinit.models;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import java.util.ArrayList;
import java.util.List;

/**
 * A reference model by name: {@code mlp:784-256-128-64-10} is a multi-layer perceptron of these widths with biases, ReLU
 * between the layers and raw logits at the end.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param text the name
 * @param widths inputs, hidden layers, outputs; at least two
 */
public record ModelSpec(String text, List<Integer> widths) {

    private static final int MAX_WIDTH = 1 << 20;

    /** Copies the list. */
    public ModelSpec {
        widths = List.copyOf(widths);
    }

    /**
     * Reads a name.
     *
     * @param text such as {@code mlp:784-256-128-64-10}
     * @return the model
     * @throws IllegalArgumentException if it is unknown or a width lies outside [1, 2^20]
     */
    public static ModelSpec parse(String text) {
        if (!text.startsWith("mlp:")) {
            throw new IllegalArgumentException(
                    "unknown model '" + text + "'; known: mlp:IN-HIDDEN-...-OUT, such as" + " mlp:784-256-128-64-10");
        }
        List<Integer> widths = new ArrayList<>();
        for (String part : text.substring(4).split("-", -1)) {
            int width;
            try {
                width = Integer.parseInt(part);
            } catch (NumberFormatException e) {
                width = 0;
            }
            if (width < 1 || width > MAX_WIDTH) {
                throw new IllegalArgumentException(
                        "model '" + text + "': '" + part + "' is no layer width in [1, " + MAX_WIDTH + "]");
            }
            widths.add(width);
        }
        if (widths.size() < 2) {
            throw new IllegalArgumentException("model '" + text + "' needs at least two widths, inputs and outputs");
        }
        return new ModelSpec(text, widths);
    }

    /** {@return the number of input features} */
    public int inputs() {
        return widths.get(0);
    }

    /** {@return the number of outputs (classes)} */
    public int outputs() {
        return widths.get(widths.size() - 1);
    }

    /** {@return the shape of a sample without the batch axis, [inputs]} */
    public Shape sampleShape() {
        return new Shape(inputs());
    }

    /** {@return a new block without values; its input is [N, inputs] (or anything that flattens to it)} */
    public SequentialBlock newBlock() {
        SequentialBlock block = new SequentialBlock().add(Blocks.batchFlattenBlock(inputs()));
        for (int k = 1; k < widths.size(); k++) {
            block.add(Linear.builder().setUnits(widths.get(k)).build());
            if (k < widths.size() - 1) {
                block.add(Activation.reluBlock());
            }
        }
        return block;
    }
}
