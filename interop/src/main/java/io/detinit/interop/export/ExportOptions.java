package io.detinit.interop.export;

import ai.djl.nn.Parameter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How a model is exported.
 *
 * @param opset the ONNX operator set, 13 to 21; the IR version is the one that came with it
 *     (7 for 13 and 14, 8 for 15 to 18, 9 for 19 and 20, 10 for 21)
 * @param names the initializer name of each parameter, such as {@code fc1.weight}; unique, not empty, no name of an input or
 *     output
 * @param outputs the names of the outputs; empty for "output", or "output_0", "output_1" and so on where there are several
 * @param metadata entries of metadata_props in their order, such as {@code detinit.plan}
 * @param converters converters of Blocks that are not followed by themselves
 * @param maxModelBytes above so many bytes of parameters, those of 1024 bytes and more are written to a file of their own
 *     beside the model (external data); at most {@link #MAX_MODEL_BYTES}
 */
public record ExportOptions(
        int opset,
        Function<Parameter, String> names,
        List<String> outputs,
        Map<String, String> metadata,
        ConverterRegistry converters,
        long maxModelBytes) {

    /** Leaves room for names, nodes and metadata below the 2 GiB of a protobuf message. */
    public static final long MAX_MODEL_BYTES = Integer.MAX_VALUE - (64L << 20);

    /** Checks the components and copies the collections. */
    public ExportOptions {
        Opset.checked(opset);
        outputs = List.copyOf(outputs);
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        if (maxModelBytes < 0 || maxModelBytes > MAX_MODEL_BYTES) {
            throw new IllegalArgumentException(
                    "maxModelBytes is " + maxModelBytes + "; it must be in [0, " + MAX_MODEL_BYTES + "]");
        }
    }

    /**
     * The defaults: opset 17, no metadata, the converters that are services, external data only where the model would exceed
     * 2 GiB.
     *
     * @param names the initializer name of each parameter
     * @return the options
     */
    public static ExportOptions of(Function<Parameter, String> names) {
        return new ExportOptions(
                OnnxExporter.OPSET, names, List.of(), Map.of(), ConverterRegistry.standard(), MAX_MODEL_BYTES);
    }

    /**
     * Another operator set.
     *
     * @param value 13 to 21
     * @return these options with it
     */
    public ExportOptions withOpset(int value) {
        return new ExportOptions(value, names, outputs, metadata, converters, maxModelBytes);
    }

    /**
     * Names of the outputs.
     *
     * @param value as many as the Block has outputs
     * @return these options with them
     */
    public ExportOptions withOutputs(String... value) {
        return new ExportOptions(opset, names, List.of(value), metadata, converters, maxModelBytes);
    }

    /**
     * Entries of metadata_props.
     *
     * @param value the entries
     * @return these options with them
     */
    public ExportOptions withMetadata(Map<String, String> value) {
        return new ExportOptions(opset, names, outputs, value, converters, maxModelBytes);
    }

    /**
     * One more converter.
     *
     * @param converter is asked before the others, for the same class
     * @return these options with it
     */
    public ExportOptions withConverter(BlockConverter<?> converter) {
        return new ExportOptions(opset, names, outputs, metadata, converters.with(converter), maxModelBytes);
    }

    /**
     * Another limit above which parameters become external data.
     *
     * @param value bytes of all parameters, in [0, {@link #MAX_MODEL_BYTES}]
     * @return these options with it
     */
    public ExportOptions withMaxModelBytes(long value) {
        return new ExportOptions(opset, names, outputs, metadata, converters, value);
    }
}
