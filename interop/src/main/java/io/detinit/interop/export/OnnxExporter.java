package io.detinit.interop.export;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import io.detinit.interop.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes a DJL Block as an ONNX model for inference: opset {@value #OPSET}, IR version {@value #IR_VERSION}, one input
 * {@code "input"} of shape {@code [N, ...]} with a free batch axis N and one output {@code "output"} of shape
 * {@code [N, ...]}, both of the parameters' type.
 *
 * <table>
 * <caption>What is exported, and as what</caption>
 * <tr><th>DJL</th><th>ONNX</th></tr>
 * <tr><td>SequentialBlock, nested ones too (not with returnIntermediate)</td><td>its children in order</td></tr>
 * <tr><td>Linear on {@code [N, in]}, with or without bias</td><td>Gemm with transB=1; weight {@code [out, in]} as DJL (and PyTorch)
 *     keeps it, bias {@code [out]}</td></tr>
 * <tr><td>Dropout; LambdaBlock "identity"</td><td>nothing</td></tr>
 * <tr><td>LambdaBlock "batchFlatten" or "flatten"</td><td>Flatten, axis 1</td></tr>
 * <tr><td>LambdaBlock "ReLU", "Tanh", "sigmoid", "softPlus", "softSign"</td><td>Relu, Tanh, Sigmoid, Softplus, Softsign</td></tr>
 * <tr><td>LambdaBlock "LeakyReLU"</td><td>LeakyRelu with the alpha that the lambda shows</td></tr>
 * <tr><td>LambdaBlock "softmax", "logSoftmax" (over the last axis)</td><td>Softmax, LogSoftmax, axis -1</td></tr>
 * </table>
 *
 * <p>A LambdaBlock is recognised by its name (case, {@code -} and {@code _} aside), which {@code Activation.reluBlock()},
 * {@code Blocks.batchFlattenBlock()} and their like set; a lambda of one's own takes part when it is named so. The name is
 * not believed alone: the lambda is run on a few values and must compute what the ONNX operator computes, within 1e-5. An
 * anonymous lambda is refused.
 *
 * <p>Parameters are all float32 or all float16 and are written bit for bit. One that is shared by several blocks is written
 * once. The Block is only read; two threads may export two Blocks, not one that is being trained.
 */
public final class OnnxExporter {

    /** The ONNX operator set of exported models. */
    public static final int OPSET = 17;

    /** The ONNX IR version of exported models. */
    public static final int IR_VERSION = 8;

    private OnnxExporter() {}

    /**
     * Exports to memory.
     *
     * @param block an initialised Block
     * @param sampleShape the input's shape without the batch axis, such as {@code (784)} or {@code (1, 28, 28)}; each axis > 0
     * @param names the initializer name of each parameter, such as {@code fc1.weight}; unique, not empty, neither "input" nor
     *     "output"
     * @param metadata entries of metadata_props, such as {@code detinit.plan}
     * @return the model file's bytes
     * @throws UnsupportedBlockException if a Block has no ONNX form here
     * @throws IllegalArgumentException if the Block has an uninitialised parameter, one of another dtype or of a shape that
     *     does not fit the input, if a name is not usable, or if the model would exceed 2 GiB
     */
    public static byte[] export(
            Block block, Shape sampleShape, Function<Parameter, String> names, Map<String, String> metadata) {
        OnnxGraph graph = new OnnxGraph(names);
        BlockWalker.walk(block, sampleShape, graph);
        return graph.model(metadata);
    }

    /**
     * Exports to a file.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param block as {@link #export}
     * @param sampleShape as {@link #export}
     * @param names as {@link #export}
     * @param metadata as {@link #export}
     * @throws IOException if writing fails
     * @throws UnsupportedBlockException if a Block has no ONNX form here
     * @throws IllegalArgumentException as {@link #export}
     */
    public static void write(
            Path target,
            Block block,
            Shape sampleShape,
            Function<Parameter, String> names,
            Map<String, String> metadata)
            throws IOException {
        AtomicFile.write(target, export(block, sampleShape, names, metadata));
    }
}
