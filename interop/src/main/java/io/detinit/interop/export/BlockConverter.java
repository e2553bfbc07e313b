package io.detinit.interop.export;

import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Turns one kind of Block into ONNX nodes: for a Block whose forward cannot be followed, or that should become other nodes than
 * those it is followed to. Registered with {@link ConverterRegistry#with}, or as a service in
 * {@code META-INF/services/io.detinit.interop.export.BlockConverter}.
 *
 * <p>A converter is asked for a Block of its {@link #blockType} or a subclass of it. It applies to the model itself and to the
 * children of SequentialBlocks and ParallelBlocks, however deep; a child of a Block that is followed as a whole is out of its
 * reach, which is an error that says so. Implementations have no state of an export and may be called by several threads.
 *
 * @param <B> the kind of Block
 */
public interface BlockConverter<B extends Block> {

    /** {@return the class of the Blocks it converts} */
    Class<B> blockType();

    /**
     * Whether it converts this one.
     *
     * @param block a Block of {@link #blockType}
     * @return false to leave it to others; true unless overridden
     */
    default boolean accepts(B block) {
        return true;
    }

    /**
     * Adds the nodes of a Block.
     *
     * @param block the Block
     * @param inputs what it is given, in the order of its NDList
     * @param context adds nodes and initializers
     * @return the names of its output values, as many and in the order that the Block's own forward returns; their shapes and
     *     dtypes are taken from that forward, or from {@code getOutputShapes} where the engine cannot run it
     */
    List<String> convert(B block, List<OnnxValue> inputs, ConversionContext context);

    /**
     * A converter of LambdaBlocks of one name.
     *
     * @param name {@link LambdaBlock#getName()}, exactly
     * @param body as {@link #convert}, without the Block
     * @return the converter
     */
    static BlockConverter<LambdaBlock> ofLambda(
            String name, BiFunction<List<OnnxValue>, ConversionContext, List<String>> body) {
        return new BlockConverter<>() {
            @Override
            public Class<LambdaBlock> blockType() {
                return LambdaBlock.class;
            }

            @Override
            public boolean accepts(LambdaBlock block) {
                return block.getName().equals(name);
            }

            @Override
            public List<String> convert(LambdaBlock block, List<OnnxValue> inputs, ConversionContext context) {
                return body.apply(inputs, context);
            }
        };
    }
}
