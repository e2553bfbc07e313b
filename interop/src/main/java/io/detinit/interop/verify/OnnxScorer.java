package io.detinit.interop.verify;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model in ONNX Runtime (CPU), run on float32 samples.
 *
 * <p>Samples are rows of {@code features} values, {@code [count, features]} row-major. They are reshaped to the model's one
 * input, initializers that are listed as inputs aside: {@code [N, 784]}, {@code [N, 1, 28, 28]}, {@code [N, 28, 28]}, a free
 * or a fixed batch axis N (with a fixed one the last run is filled up with zeros), or no batch axis at all. An input of
 * float16 or double gets the samples converted. The output is the model's first floating-point one; its values are returned
 * as float32, one row per sample.
 *
 * <p>Not safe for use by several threads at a time. Holds native memory: close it.
 */
public final class OnnxScorer implements AutoCloseable {

    private final String name;
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final String input;
    private final TensorInfo inputInfo;
    private final String output;

    private OnnxScorer(String name, OrtEnvironment environment, OrtSession session) throws OrtException, IOException {
        this.name = name;
        this.environment = environment;
        this.session = session;
        Map<String, NodeInfo> inputs = session.getInputInfo();
        if (inputs.size() != 1) {
            throw MalformedFileException.unsupported(
                    name, "inputs", "a model with the inputs " + inputs.keySet(), "a model with one input is needed");
        }
        NodeInfo node = inputs.values().iterator().next();
        if (!(node.getInfo() instanceof TensorInfo info) || !isFloating(info.type)) {
            throw MalformedFileException.unsupported(
                    name,
                    "input '" + node.getName() + "'",
                    "an input that is not of a float type",
                    "export a float32 one");
        }
        this.input = node.getName();
        this.inputInfo = info;
        this.output = session.getOutputInfo().values().stream()
                .filter(o -> o.getInfo() instanceof TensorInfo t && isFloating(t.type))
                .map(NodeInfo::getName)
                .findFirst()
                .orElseThrow(() -> MalformedFileException.unsupported(
                        name, "outputs", "a model without a float output", "export one with logits or probabilities"));
    }

    private static boolean isFloating(OnnxJavaType type) {
        return type == OnnxJavaType.FLOAT || type == OnnxJavaType.FLOAT16 || type == OnnxJavaType.DOUBLE;
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
    public static OnnxScorer open(Path model, int threads) throws IOException {
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
    public static OnnxScorer of(String name, byte[] model, int threads) throws IOException {
        return of(name, Sessions.of(name, model, threads));
    }

    private static OnnxScorer of(String name, OrtSession session) throws IOException {
        try {
            return new OnnxScorer(name, OrtEnvironment.getEnvironment(), session);
        } catch (OrtException e) {
            close(name, session);
            throw Sessions.failed(name, "model", e, "a model that ONNX Runtime loads");
        } catch (IOException | RuntimeException e) {
            close(name, session);
            throw e;
        }
    }

    /**
     * Runs the model.
     *
     * @param samples {@code [count, features]}, row-major
     * @param features the values of one sample, > 0
     * @param batch samples per run, >= 1; a fixed batch axis of the model overrides it
     * @return the outputs, {@code [count, outputs per sample]}, row-major; as the model gives them, logits or probabilities
     * @throws MalformedFileException if ONNX Runtime cannot run the model on such an input
     * @throws IOException never else
     * @throws IllegalArgumentException if the samples do not fit the model's input
     */
    public float[] logits(float[] samples, int features, int batch) throws IOException {
        InputLayout layout = InputLayout.fit(name, inputInfo.getShape(), features);
        if (batch < 1) {
            throw new IllegalArgumentException("batch is " + batch + "; it must be at least 1");
        }
        if (samples.length % features != 0) {
            throw new IllegalArgumentException(
                    samples.length + " values are not a whole number of samples of " + features + " features");
        }
        int count = samples.length / features;
        int step = layout.fixedBatch() > 0 ? layout.fixedBatch() : batch;
        float[] outputs = new float[0];
        int perSample = 0;
        for (int from = 0; from < count; from += step) {
            int taken = Math.min(step, count - from);
            int run = layout.fixedBatch() > 0 ? step : taken;
            float[] chunk = new float[Math.multiplyExact(run, features)];
            System.arraycopy(samples, from * features, chunk, 0, taken * features);
            float[] result = run(chunk, layout.batch(run));
            if (from == 0) {
                if (result.length == 0 || result.length % run != 0) {
                    throw MalformedFileException.of(
                            name,
                            "output '" + output + "'",
                            result.length + " values for " + run + " samples",
                            "as many for each sample");
                }
                perSample = result.length / run;
                outputs = new float[Math.multiplyExact(count, perSample)];
            } else if (result.length != run * perSample) {
                throw MalformedFileException.of(
                        name,
                        "output '" + output + "'",
                        result.length + " values for " + run + " samples",
                        Integer.toString(run * perSample));
            }
            System.arraycopy(result, 0, outputs, from * perSample, taken * perSample);
        }
        return outputs;
    }

    /**
     * Accuracy and loss on labelled samples.
     *
     * <p>Outputs are logits, and the loss is that of their log-softmax, unless every row is that of a probability
     * distribution (all values in [0, 1], sum within 1e-3 of 1): then the model ends in a softmax and the loss is -log of the
     * label's probability, one below 1.4e-45 (the smallest float32) counted as that. Log-probabilities need no case of their
     * own: log-softmax leaves them as they are.
     *
     * @param samples {@code [count, features]}, row-major
     * @param features the values of one sample, > 0
     * @param labels {@code [count]}, each in [0, outputs per sample)
     * @param batch samples per run, >= 1
     * @return the score
     * @throws MalformedFileException if ONNX Runtime cannot run the model on such an input
     * @throws IOException never else
     * @throws IllegalArgumentException if samples and labels do not fit each other or the model, or there are none
     */
    public Score score(float[] samples, int features, int[] labels, int batch) throws IOException {
        if (labels.length == 0 || samples.length != Math.multiplyExact((long) labels.length, features)) {
            throw new IllegalArgumentException(samples.length + " values for " + labels.length
                    + " labels; there must be " + features + " for each, and at least one label");
        }
        return Scoring.score(name, logits(samples, features, batch), labels);
    }

    /**
     * Times runs on one sample at a time, the samples taken in turn.
     *
     * @param samples {@code [count, features]}, row-major, at least one
     * @param features the values of one sample, > 0
     * @param warmUp runs before the clock starts, >= 0
     * @param runs runs that are timed, >= 1
     * @return the latency
     * @throws MalformedFileException if ONNX Runtime cannot run the model on such an input
     * @throws IOException never else
     * @throws IllegalArgumentException if the samples do not fit the model or a count is too small
     */
    public Latency latency(float[] samples, int features, int warmUp, int runs) throws IOException {
        return Latencies.interleaved(List.of(probe(samples, features)), warmUp, runs, done -> {})
                .get(0);
    }

    /**
     * Runs on one sample at a time to be timed, the samples taken in turn.
     *
     * @param samples {@code [count, features]}, row-major, at least one; not copied
     * @param features the values of one sample, > 0
     * @return the runs; usable until this is closed, by one thread at a time
     * @throws IllegalArgumentException if there is no whole number of samples, at least one
     */
    public LatencyProbe probe(float[] samples, int features) {
        if (features <= 0 || samples.length < features || samples.length % features != 0) {
            throw new IllegalArgumentException(
                    samples.length + " values are not one or more samples of " + features + " features");
        }
        int count = samples.length / features;
        return run -> {
            int sample = Math.floorMod(run, count);
            float[] one = Arrays.copyOfRange(samples, sample * features, (sample + 1) * features);
            long start = System.nanoTime();
            logits(one, features, 1);
            return System.nanoTime() - start;
        };
    }

    private float[] run(float[] values, long[] shape) throws IOException {
        try (OnnxTensorLike tensor = tensor(values, shape);
                OrtSession.Result result = session.run(Map.of(input, tensor), Set.of(output))) {
            OnnxValue value = result.get(0);
            if (value instanceof OnnxTensor found) {
                if (found.getInfo().type == OnnxJavaType.DOUBLE) {
                    DoubleBuffer doubles = found.getDoubleBuffer();
                    float[] floats = new float[doubles.remaining()];
                    for (int k = 0; k < floats.length; k++) {
                        floats[k] = (float) doubles.get(k);
                    }
                    return floats;
                }
                FloatBuffer buffer = found.getFloatBuffer();
                float[] floats = new float[buffer.remaining()];
                buffer.get(floats);
                return floats;
            }
            throw MalformedFileException.unsupported(
                    name, "output '" + output + "'", "a " + value.getType(), "export a dense tensor");
        } catch (OrtException e) {
            throw Sessions.failed(name, "run", e, "a model that runs on an input of shape " + Arrays.toString(shape));
        }
    }

    private OnnxTensor tensor(float[] values, long[] shape) throws OrtException {
        return switch (inputInfo.type) {
            case FLOAT16 -> {
                ShortBuffer halves = ShortBuffer.allocate(values.length);
                for (float value : values) {
                    halves.put(ReducedPrecision.toFloat16(value));
                }
                yield OnnxTensor.createTensor(environment, halves.flip(), shape, OnnxJavaType.FLOAT16);
            }
            case DOUBLE -> {
                DoubleBuffer doubles = DoubleBuffer.allocate(values.length);
                for (float value : values) {
                    doubles.put(value);
                }
                yield OnnxTensor.createTensor(environment, doubles.flip(), shape);
            }
            default -> OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
        };
    }

    @Override
    public void close() {
        close(name, session);
    }

    static void close(String name, OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(name + ": " + e.getMessage(), e);
        }
    }
}
