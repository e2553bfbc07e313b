package io.detinit.interop.verify;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxSparseTensor;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model in ONNX Runtime (CPU) with any number of inputs and outputs, run on random inputs.
 *
 * <p>Inputs, initializers that are listed as inputs aside, are tensors of float, double, float16, bfloat16, int8 to int64, uint8
 * or bool. Outputs are compared where they are tensors of such types; others (strings, sequences, maps) are not.
 *
 * <p>Not safe for use by several threads at a time. Holds native memory: close it.
 */
public final class OnnxRunner implements AutoCloseable {

    /** Samples that are made before runs on them are timed. */
    private static final int TIMED_SAMPLES = 16;

    private static final int TIMED_VALUES = 1 << 22;

    private final String name;
    private final OrtSession session;
    private final List<ModelInput> inputs = new ArrayList<>();
    private final Set<String> outputs = new LinkedHashSet<>();
    private final List<String> otherOutputs = new ArrayList<>();

    private OnnxRunner(String name, OrtSession session) throws OrtException, IOException {
        this.name = name;
        this.session = session;
        for (NodeInfo node : session.getInputInfo().values()) {
            inputs.add(input(name, node));
        }
        for (NodeInfo node : session.getOutputInfo().values()) {
            if (node.getInfo() instanceof TensorInfo info && isNumeric(info.type)) {
                outputs.add(node.getName());
            } else {
                otherOutputs.add(node.getName());
            }
        }
        if (outputs.isEmpty()) {
            throw MalformedFileException.unsupported(
                    name, "outputs", "a model without an output that is a tensor of numbers", "export one");
        }
    }

    private static boolean isNumeric(OnnxJavaType type) {
        return type != OnnxJavaType.STRING && type != OnnxJavaType.UNKNOWN;
    }

    private static ModelInput input(String model, NodeInfo node) throws MalformedFileException {
        Optional<DType> dtype = node.getInfo() instanceof TensorInfo info ? dtype(info) : Optional.empty();
        if (dtype.isEmpty()) {
            throw MalformedFileException.unsupported(
                    model,
                    "input '" + node.getName() + "'",
                    "an input of the type " + node.getInfo(),
                    "random values are made for float, double, float16, bfloat16, int8 to int64, uint8 and bool");
        }
        List<Long> shape = Arrays.stream(((TensorInfo) node.getInfo()).getShape())
                .map(axis -> Math.max(-1, axis))
                .boxed()
                .toList();
        return new ModelInput(node.getName(), dtype.get(), shape);
    }

    /** The Java binding has no unsigned types beside uint8 for inputs. */
    private static Optional<DType> dtype(TensorInfo info) {
        return switch (info.onnxType) {
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> Optional.of(DType.F32);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> Optional.of(DType.F64);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> Optional.of(DType.F16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16 -> Optional.of(DType.BF16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> Optional.of(DType.I64);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> Optional.of(DType.I32);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> Optional.of(DType.I16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> Optional.of(DType.I8);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> Optional.of(DType.U8);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> Optional.of(DType.BOOL);
            default -> Optional.empty();
        };
    }

    /**
     * Loads a model file; external data beside it is found.
     *
     * @param model the file
     * @param threads threads within one operator, >= 1; with 1 two runs give the same bits
     * @return the loaded model; close it when done
     * @throws NoSuchFileException if there is no such file
     * @throws MalformedFileException if ONNX Runtime cannot load it, or its inputs or outputs are not supported
     * @throws IOException if it cannot be read
     */
    public static OnnxRunner open(Path model, int threads) throws IOException {
        return of(model.toString(), Sessions.open(model, threads));
    }

    /**
     * Loads a model from memory.
     *
     * @param name what to call it in messages
     * @param model the file's bytes
     * @param threads as {@link #open}
     * @return the loaded model; close it when done
     * @throws MalformedFileException if ONNX Runtime cannot load it, or its inputs or outputs are not supported
     * @throws IOException never else
     */
    public static OnnxRunner of(String name, byte[] model, int threads) throws IOException {
        return of(name, Sessions.of(name, model, threads));
    }

    private static OnnxRunner of(String name, OrtSession session) throws IOException {
        try {
            return new OnnxRunner(name, session);
        } catch (OrtException e) {
            OnnxScorer.close(name, session);
            throw Sessions.failed(name, "model", e, "a model that ONNX Runtime loads");
        } catch (IOException | RuntimeException e) {
            OnnxScorer.close(name, session);
            throw e;
        }
    }

    /** {@return what messages call it} */
    public String name() {
        return name;
    }

    /** {@return the inputs that have to be fed, in the model's order} */
    public List<ModelInput> inputs() {
        return List.copyOf(inputs);
    }

    /** {@return the outputs that are tensors of numbers, in the model's order} */
    public List<String> outputs() {
        return List.copyOf(outputs);
    }

    /** {@return the outputs that are not compared: strings, sequences, maps} */
    public List<String> otherOutputs() {
        return List.copyOf(otherOutputs);
    }

    /** Runs the model once. */
    List<OutputValues> run(List<InputValues> values) throws IOException {
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        try {
            for (InputValues value : values) {
                tensors.put(value.input().input().name(), value.tensor(OrtEnvironment.getEnvironment()));
            }
            try (OrtSession.Result result = session.run(tensors, outputs)) {
                List<OutputValues> found = new ArrayList<>();
                for (String output : outputs) {
                    found.add(values(output, result.get(output).orElse(null))
                            .orElseThrow(() -> MalformedFileException.unsupported(
                                    name, "output '" + output + "'", "one that is not a dense tensor", "export one")));
                }
                return found;
            }
        } catch (OrtException e) {
            throw Sessions.failed(name, "run", e, "a model that runs on inputs of the shapes " + shapes(values));
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    /**
     * Runs the model once on random inputs, or on given values of its one floating-point input, and shows its outputs one at a
     * time.
     *
     * @param random how inputs are made
     * @param given the elements of the model's only input, row-major, as many as {@code random} would make; empty to use
     *     random ones
     * @param visitor receives each output that is a dense tensor of numbers; what it gets is its own
     * @throws MalformedFileException if ONNX Runtime cannot run the model on such inputs
     * @throws IOException never else
     * @throws IllegalArgumentException if a shape or the number of values does not fit
     */
    public void observe(RandomInputs random, float[] given, Consumer<ObservedOutput> visitor) throws IOException {
        List<FilledInput> filled = random.fill(name, inputs);
        List<InputValues> values = random.sample(name, filled, 0);
        if (given.length > 0) {
            if (values.size() != 1 || values.get(0).values().length != given.length) {
                throw new IllegalArgumentException(
                        name + ": " + given.length + " values are not those of one input of " + filled);
            }
            Scoring.row(given, 0, values.get(0).values());
        }
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        try {
            for (InputValues value : values) {
                tensors.put(value.input().input().name(), value.tensor(OrtEnvironment.getEnvironment()));
            }
            try (OrtSession.Result result = session.run(tensors, outputs)) {
                for (String output : outputs) {
                    if (result.get(output).orElse(null) instanceof OnnxTensor tensor) {
                        OutputValues found = OutputValues.of(output, tensor);
                        visitor.accept(new ObservedOutput(output, found.shape(), found.floating(), found.asDoubles()));
                    }
                }
            }
        } catch (OrtException e) {
            throw Sessions.failed(name, "run", e, "a model that runs on inputs of the shapes " + shapes(values));
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    private static Optional<OutputValues> values(String output, @Nullable OnnxValue value) {
        if (value instanceof OnnxTensor tensor) {
            return Optional.of(OutputValues.of(output, tensor));
        }
        return value instanceof OnnxSparseTensor sparse ? OutputValues.of(output, sparse) : Optional.empty();
    }

    private static String shapes(List<InputValues> values) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        values.forEach(
                value -> shapes.put(value.input().input().name(), value.input().shape()));
        return shapes.toString();
    }

    /**
     * Runs on one random sample at a time to be timed: 16 samples in turn, fewer where they are large.
     *
     * @param random how inputs are made
     * @return the runs; usable until this is closed, by one thread at a time
     * @throws MalformedFileException if an input is too large
     * @throws IllegalArgumentException if a shape does not fit
     */
    public LatencyProbe probe(RandomInputs random) throws MalformedFileException {
        return probe(random, random.fill(name, inputs));
    }

    LatencyProbe probe(RandomInputs random, List<FilledInput> filled) throws MalformedFileException {
        List<List<InputValues>> samples = new ArrayList<>();
        long values = 0;
        while (samples.isEmpty() || (samples.size() < TIMED_SAMPLES && values < TIMED_VALUES)) {
            List<InputValues> sample = random.sample(name, filled, samples.size());
            values += sample.stream().mapToLong(value -> value.values().length).sum();
            samples.add(sample);
        }
        return run -> {
            List<InputValues> sample = samples.get(Math.floorMod(run, samples.size()));
            long start = System.nanoTime();
            run(sample);
            return System.nanoTime() - start;
        };
    }

    @Override
    public void close() {
        OnnxScorer.close(name, session);
    }
}
