package io.detinit.interop.export;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import io.detinit.interop.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes a DJL Block as an ONNX model for inference, with a free batch axis N: opset {@value #OPSET} and IR version
 * {@value #IR_VERSION} unless {@link ExportOptions} say otherwise.
 *
 * <p>The Block's forward is run twice on the CPU, with a batch of 2 and of 3 samples of zeros, on arrays that note what is done with them:
 * each operation of DJL's NDArray becomes the ONNX operators that compute the same, with the very numbers that a lambda or a
 * Block holds (slopes, kernels, strides). So any Block has an ONNX form whose forward uses only such operations: DJL's own
 * Blocks, activations, pools and lambdas, the model zoo's, and one's own. Names play no part. What is refused, with the place of the Block: a
 * forward that reads values (and might do something else for others), that uses random numbers, that depends on the batch size
 * in another way than in proportion, or that uses an operation without an ONNX form here. A {@link BlockConverter} takes such
 * a Block over. Which operations and Blocks these are is listed in {@code docs/export.md}.
 *
 * <p>Parameters are all float32 or all float16 and are written bit for bit, in the shape and order in which DJL stores them;
 * where ONNX wants another order of rows (LSTM, GRU) the graph makes it. One that is shared by several Blocks is written once. With
 * float16 every float32 value of the forward becomes float16.
 *
 * <p>The Block is only read; two threads may export two Blocks, not one that is being trained. Memory: the values between
 * Blocks for 3 samples, and a copy of the model where it is not external data.
 */
public final class OnnxExporter {

    /** The ONNX operator set of exported models unless another is asked for. */
    public static final int OPSET = 17;

    /** The ONNX IR version that belongs to it. */
    public static final int IR_VERSION = 8;

    private static final int FIRST_BATCH = 2;
    private static final int SECOND_BATCH = 3;

    private OnnxExporter() {}

    /**
     * Exports a Block of one float input to memory: input {@code "input"} of shape {@code [N, ...]}, output {@code "output"}.
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
        return export(
                block,
                List.of(ModelInput.ofSamples("input", sampleShape)),
                ExportOptions.of(names).withMetadata(metadata));
    }

    /**
     * Exports to memory.
     *
     * @param block an initialised Block
     * @param inputs the inputs in the order of the Block's NDList
     * @param options how
     * @return the model file's bytes
     * @throws UnsupportedBlockException if a Block has no ONNX form here
     * @throws IllegalArgumentException if the Block has an uninitialised parameter, one of another dtype or of a shape that
     *     does not fit the inputs, if a name is not usable, or if the parameters exceed {@link ExportOptions#maxModelBytes}
     */
    public static byte[] export(Block block, List<ModelInput> inputs, ExportOptions options) {
        ModelBuilder model = follow(block, inputs, options);
        long bytes = bytes(model);
        if (bytes > options.maxModelBytes()) {
            throw new IllegalArgumentException("the parameters have " + bytes + " bytes, more than the "
                    + options.maxModelBytes() + " of one file; write the model to a file, with external data");
        }
        return model.build(options.metadata(), ModelBuilder::inside).toByteArray();
    }

    /**
     * Exports a Block of one float input to a file.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param block as {@link #export(Block, Shape, Function, Map)}
     * @param sampleShape as there
     * @param names as there
     * @param metadata as there
     * @throws IOException if writing fails
     * @throws UnsupportedBlockException if a Block has no ONNX form here
     * @throws IllegalArgumentException as there
     */
    public static void write(
            Path target,
            Block block,
            Shape sampleShape,
            Function<Parameter, String> names,
            Map<String, String> metadata)
            throws IOException {
        write(
                target,
                block,
                List.of(ModelInput.ofSamples("input", sampleShape)),
                ExportOptions.of(names).withMetadata(metadata));
    }

    /**
     * Exports to a file. Where the parameters exceed {@link ExportOptions#maxModelBytes}, those of 1024 bytes and more go to
     * {@code <target>.data} beside it, or {@code <target>.2.data} and so on where that exists: no data file is ever replaced.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param block an initialised Block
     * @param inputs the inputs in the order of the Block's NDList
     * @param options how
     * @throws IOException if writing fails; then neither file is left
     * @throws UnsupportedBlockException if a Block has no ONNX form here
     * @throws IllegalArgumentException as {@link #export(Block, List, ExportOptions)}, but not for the size
     */
    public static void write(Path target, Block block, List<ModelInput> inputs, ExportOptions options)
            throws IOException {
        ModelBuilder model = follow(block, inputs, options);
        if (bytes(model) <= options.maxModelBytes()) {
            AtomicFile.write(
                    target,
                    model.build(options.metadata(), ModelBuilder::inside).toByteArray());
            return;
        }
        ExternalData data = ExternalData.beside(target);
        data.write(target, model.build(options.metadata(), data::add).toByteArray());
    }

    private static long bytes(ModelBuilder model) {
        long sum = 0;
        for (Parameter parameter : model.parameters().values()) {
            sum = Math.addExact(sum, Initializers.bytes(parameter.getArray()));
        }
        return sum;
    }

    private static ModelBuilder follow(Block block, List<ModelInput> inputs, ExportOptions options) {
        DataType floatType = Initializers.typeOf(block) == DataType.FLOAT16 ? DataType.FLOAT16 : DataType.FLOAT32;
        check(inputs, floatType);
        Tracer.Run first = new Tracer.Run(FIRST_BATCH);
        run(block, inputs, options, floatType, first, null);
        return run(block, inputs, options, floatType, new Tracer.Run(SECOND_BATCH), first);
    }

    private static void check(List<ModelInput> inputs, DataType floatType) {
        Set<String> names = new HashSet<>();
        for (ModelInput input : inputs) {
            if (!names.add(input.name())) {
                throw new IllegalArgumentException("two inputs have the name '" + input.name() + "'");
            }
            if (input.dataType() == DataType.FLOAT16 && floatType != DataType.FLOAT16) {
                throw new IllegalArgumentException(
                        "input '" + input.name() + "' is float16 and the parameters are float32; make it float32");
            }
        }
        if (inputs.stream().noneMatch(input -> input.batchAxis() >= 0)) {
            throw new IllegalArgumentException("no input has a batch axis; mark it by -1 in its shape");
        }
    }

    private static ModelBuilder run(
            Block block,
            List<ModelInput> inputs,
            ExportOptions options,
            DataType floatType,
            Tracer.Run own,
            Tracer.@Nullable Run first) {
        Set<String> reserved = new HashSet<>(outputNames(options, 1));
        inputs.forEach(input -> reserved.add(input.name()));
        Initializers initializers = new Initializers(options.names(), reserved);
        OnnxGraph graph = new OnnxGraph(options.opset());
        try (NDManager engine = NDManager.newBaseManager(Device.cpu())) {
            Tracer tracer = new Tracer(graph, initializers, engine, floatType, own, first);
            List<ModelBuilder.Value> given = new ArrayList<>();
            NDList arrays = new NDList();
            for (ModelInput input : inputs) {
                DataType type = input.dataType() == DataType.FLOAT16 ? DataType.FLOAT32 : input.dataType();
                NDArray zeros = engine.zeros(input.withBatch(own.batch), type);
                arrays.add(tracer.value(zeros, input.name())
                        .fix("its input '" + input.name() + "'")
                        .proxy());
                given.add(new ModelBuilder.Value(
                        input.name(), input.shape(), zeros.getShape(), own.batch, tracer.modelType(type)));
            }
            inputs.stream()
                    .filter(input -> input.batchAxis() >= 0)
                    .findFirst()
                    .ifPresent(input -> tracer.batchFrom(input.name(), input.batchAxis()));
            NDList outputs = new BlockWalker(tracer, options.converters()).walk(block, arrays, "");
            List<ModelBuilder.Value> values = new ArrayList<>();
            for (NDArray output : outputs) {
                TracedArray traced = tracer.traced(output);
                values.add(new ModelBuilder.Value(
                        traced.value(),
                        tracer.shape(traced),
                        traced.real().getShape(),
                        own.batch,
                        tracer.modelType(traced.type())));
            }
            return new ModelBuilder(graph, initializers, given, values, outputNames(options, values.size()));
        }
    }

    private static List<String> outputNames(ExportOptions options, int count) {
        if (!options.outputs().isEmpty()) {
            if (count > 1 && options.outputs().size() != count) {
                throw new IllegalArgumentException("the Block has " + count + " outputs, and "
                        + options.outputs().size() + " names are given: " + options.outputs());
            }
            return options.outputs();
        }
        if (count == 1) {
            return List.of("output");
        }
        List<String> names = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            names.add("output_" + k);
        }
        return names;
    }
}
