package io.detinit.models;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.detinit.generator.InitRules;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model: what it is called, what it takes, and how to make its block and its initialisation rules. A reference model comes from its
 * name ({@link #parse}; {@code docs/models.md} describes each), any other from a supplier of blocks ({@link #of}).
 *
 * <p>Outputs are raw logits, float32 [N, outputs].
 *
 * <p>Immutable; safe for use by many threads if the supplier is.
 */
public final class ModelSpec {

    /** The names that {@link #parse} understands, for help and messages. */
    public static final String KNOWN = "mlp:IN-HIDDEN-...-OUT; lenet5, conv2, conv4, conv6, resnet20 (alone or as"
            + " lenet5:CxHxW-OUT); gru:TxWIDTH-HIDDEN-...-OUT and lstm: likewise; transformer:TxWIDTH-DMODEL-HEADS-LAYERS-OUT (all three"
            + " also without Tx)";

    private final String text;
    private final Shape sampleShape;
    private final int inputs;
    private final int outputs;
    private final Supplier<? extends Block> blocks;
    /** Rules that were given; null where the roles decide. */
    private final @Nullable InitRules given;

    private final boolean named;

    private ModelSpec(
            String text,
            Shape sampleShape,
            int outputs,
            Supplier<? extends Block> blocks,
            @Nullable InitRules given,
            boolean named) {
        this.text = text;
        this.sampleShape = sampleShape;
        this.outputs = outputs;
        this.blocks = blocks;
        this.given = given;
        this.named = named;
        long product = 1;
        for (long axis : sampleShape.getShape()) {
            if (axis < 1) {
                throw new IllegalArgumentException("model '" + text + "' has the sample shape " + sampleShape
                        + "; every axis must be at least 1, and the batch axis is left out");
            }
            product = product > Integer.MAX_VALUE / axis ? Long.MAX_VALUE : product * axis;
        }
        if (product > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "model '" + text + "': a sample of shape " + sampleShape + " has more than 2^31-1 values");
        }
        this.inputs = (int) product;
        if (outputs < 1) {
            throw new IllegalArgumentException(
                    "model '" + text + "' has " + outputs + " outputs; at least 1 is needed");
        }
    }

    /** A reference model; its text says all. */
    static ModelSpec named(String text, Shape sampleShape, int outputs, Supplier<? extends Block> blocks) {
        return new ModelSpec(text, sampleShape, outputs, blocks, null, true);
    }

    /**
     * Reads a name. What it leaves out has the model's own default.
     *
     * @param text such as {@code mlp:784-256-128-64-10} or {@code lenet5}
     * @return the model
     * @throws IllegalArgumentException if it is unknown, a number lies outside [1, 2^20] or the parts do not fit each other
     */
    public static ModelSpec parse(String text) {
        return ModelNames.parse(text, null, 0);
    }

    /**
     * Reads a name. What it leaves out comes from the data; the model's {@link #text} then says it.
     *
     * @param text such as {@code lenet5}
     * @param sampleShape the shape of the data's samples without the batch axis: [channels, height, width] of images, [features] of
     *     tables
     * @param classes the data's classes
     * @return the model
     * @throws IllegalArgumentException if it is unknown, malformed, or does not fit the data
     */
    public static ModelSpec parse(String text, long[] sampleShape, int classes) {
        return ModelNames.parse(text, sampleShape.clone(), classes);
    }

    /**
     * Any model.
     *
     * @param name what run cards and messages call it
     * @param blocks makes a new block, not initialised, of one input [N, sample shape...] and one output [N, outputs]; the same
     *     architecture each time
     * @param sampleShape the shape of a sample without the batch axis
     * @param outputs the classes
     * @param rules its usual initialisation; {@link Roles#rules(Block)} has them by role
     * @return the model
     * @throws IllegalArgumentException if the name is empty or a number lies outside its interval
     */
    public static ModelSpec of(
            String name, Supplier<? extends Block> blocks, Shape sampleShape, int outputs, InitRules rules) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a model needs a name");
        }
        Objects.requireNonNull(blocks, "blocks");
        return new ModelSpec(name, sampleShape, outputs, blocks, Objects.requireNonNull(rules, "rules"), false);
    }

    /** {@return the name; {@link #parse} reads that of a reference model and gives an equal one} */
    public String text() {
        return text;
    }

    /** {@return the shape of a sample without the batch axis} */
    public Shape sampleShape() {
        return sampleShape;
    }

    /** {@return how many values a sample has, the product of its shape} */
    public int inputs() {
        return inputs;
    }

    /** {@return the number of outputs (classes)} */
    public int outputs() {
        return outputs;
    }

    /** {@return whether {@link #parse} made it} */
    public boolean isNamed() {
        return named;
    }

    /** {@return a new block without values; its input is [N, sample shape...], its output [N, outputs]} */
    public Block newBlock() {
        return blocks.get();
    }

    /** {@return the schemes of the parameters: by role for a reference model, what was given for another} */
    public InitRules rules() {
        return given != null ? given : Roles.rules(newBlock());
    }

    /**
     * The schemes of the parameters where some are chosen by name.
     *
     * @param first rules that come before those by role; its default scheme is used nowhere but where no role is known
     * @return all rules
     */
    public InitRules rules(InitRules first) {
        return Roles.rules(newBlock(), first);
    }

    /**
     * The schemes that training uses unless told otherwise: {@code he} for all weights of an mlp, as its published figures have it,
     * {@link #rules} for every other model.
     *
     * @return the rules
     */
    public InitRules defaultRules() {
        return named && text.startsWith("mlp:") ? InitRules.he() : rules();
    }

    /** {@return whether both are reference models of one name, or the same object} */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof ModelSpec that
                        && named
                        && that.named
                        && text.equals(that.text)
                        && sampleShape.equals(that.sampleShape)
                        && outputs == that.outputs);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** {@return the name} */
    @Override
    public String toString() {
        return text;
    }
}
