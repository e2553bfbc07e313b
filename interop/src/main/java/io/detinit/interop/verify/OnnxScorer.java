package io.detinit.interop.verify;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * A classifier loaded in ONNX Runtime. Holds native memory: close it. Not for use by several threads at once.
 *
 * <p>The model has one float32 input (initializers listed as inputs do not count) and its first output is float32 [N, classes].
 * Samples are reshaped to the input's shape ([N,784], [N,1,28,28], ...); a fixed batch axis is fed in batches of that
 * size, and the count of samples must then be a multiple of it.
 */
public final class OnnxScorer implements AutoCloseable {

    private static final int BATCH = 1000;

    private final Path path;
    private final OrtEnvironment environment;
    private final OrtSession.SessionOptions options;
    private final OrtSession session;
    private final String input;
    private final long[] inputShape;

    private OnnxScorer(
            Path path,
            OrtEnvironment environment,
            OrtSession.SessionOptions options,
            OrtSession session,
            String input,
            long[] inputShape) {
        this.path = path;
        this.environment = environment;
        this.options = options;
        this.session = session;
        this.input = input;
        this.inputShape = inputShape;
    }

    /**
     * Loads a model.
     *
     * @param path the ONNX file
     * @param threads ONNX Runtime's threads inside an operator, >= 1
     * @return the loaded model; close it
     * @throws MalformedFileException if ONNX Runtime refuses it, or its input or output is not as above
     * @throws IOException if the file is missing
     */
    public static OnnxScorer open(Path path, int threads) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new NoSuchFileException(path.toString());
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "detinit");
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session = null;
        boolean done = false;
        try {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            session = environment.createSession(path.toString(), options);
            if (session.getInputInfo().size() != 1) {
                throw MalformedFileException.of(
                        path, "graph inputs", session.getInputInfo().keySet().toString(), "one input");
            }
            NodeInfo node = session.getInputInfo().values().iterator().next();
            if (!(node.getInfo() instanceof TensorInfo tensor) || tensor.type != OnnxJavaType.FLOAT) {
                throw MalformedFileException.of(
                        path, "input '" + node.getName() + "'", node.getInfo().toString(), "a float32 tensor");
            }
            OnnxScorer scorer = new OnnxScorer(path, environment, options, session, node.getName(), tensor.getShape());
            done = true;
            return scorer;
        } catch (OrtException e) {
            throw MalformedFileException.of(path, "ONNX Runtime", reason(e), "a model that it can load");
        } finally {
            if (!done) {
                close(session, options);
            }
        }
    }

    private static String reason(OrtException e) {
        return String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
    }

    /**
     * Runs the model.
     *
     * @param features float32 [count, width], row-major
     * @param count how many samples
     * @return its first output, float32 [count, classes], row-major
     * @throws IOException if the features do not fit the input, or ONNX Runtime fails
     */
    public float[] logits(float[] features, int count) throws IOException {
        int width = features.length / count;
        int batch = batch(count);
        float[] all = new float[0];
        int classes = 0;
        for (int from = 0; from < count; from += batch) {
            int size = Math.min(batch, count - from);
            float[] part = run(features, from, size, width);
            if (from == 0) {
                classes = part.length / size;
                all = new float[Math.multiplyExact(count, classes)];
            }
            System.arraycopy(part, 0, all, from * classes, part.length);
        }
        return all;
    }

    private int batch(int count) throws IOException {
        long fixed = inputShape.length == 0 ? -1 : inputShape[0];
        if (fixed <= 0) {
            return BATCH;
        }
        if (count % fixed != 0) {
            throw MalformedFileException.of(
                    path,
                    "input '" + input + "'",
                    "a fixed batch of " + fixed,
                    "a divisor of the " + count + " samples");
        }
        return (int) fixed;
    }

    private float[] run(float[] features, int from, int size, int width) throws IOException {
        long[] shape = shape(size, width);
        FloatBuffer data =
                FloatBuffer.wrap(features, from * width, size * width).slice();
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, data, shape);
                OrtSession.Result result = session.run(Map.of(input, tensor))) {
            OnnxValue value = result.get(0);
            if (!(value instanceof OnnxTensor output) || output.getInfo().type != OnnxJavaType.FLOAT) {
                throw MalformedFileException.of(path, "output", value.getInfo().toString(), "a float32 tensor");
            }
            FloatBuffer floats = output.getFloatBuffer();
            float[] out = new float[floats.remaining()];
            floats.get(out);
            if (out.length == 0 || out.length % size != 0) {
                throw MalformedFileException.of(
                        path, "output", Arrays.toString(output.getInfo().getShape()), "[" + size + ", classes]");
            }
            return out;
        } catch (OrtException e) {
            throw new IOException(path + ": ONNX Runtime: " + reason(e), e);
        }
    }

    /** The input's shape with the batch axis set and one unknown other axis worked out. */
    private long[] shape(int size, int width) throws IOException {
        long[] shape = inputShape.clone();
        if (shape.length > 0) {
            shape[0] = size;
        }
        long known = 1;
        int unknown = -1;
        for (int axis = 1; axis < shape.length; axis++) {
            if (shape[axis] > 0) {
                known *= shape[axis];
            } else if (unknown < 0) {
                unknown = axis;
            } else {
                known = -1;
            }
        }
        if (unknown >= 0 && known > 0 && width % known == 0) {
            shape[unknown] = width / known;
            known = width;
        }
        if (known != width || shape.length == 0) {
            throw MalformedFileException.of(
                    path,
                    "input '" + input + "'",
                    "shape " + Arrays.toString(inputShape),
                    width + " features a sample");
        }
        return shape;
    }

    /**
     * Classifies samples.
     *
     * @param features float32 [count, width], row-major
     * @param labels [count]
     * @return accuracy and loss
     * @throws IOException if the model cannot be run on them
     */
    public Score score(float[] features, int[] labels) throws IOException {
        float[] logits = logits(features, labels.length);
        int classes = logits.length / labels.length;
        long correct = 0;
        double loss = 0;
        for (int n = 0; n < labels.length; n++) {
            int at = n * classes;
            if (labels[n] >= classes) {
                throw MalformedFileException.of(
                        path, "output", classes + " classes", "more than the label " + labels[n]);
            }
            int best = 0;
            for (int c = 1; c < classes; c++) {
                best = logits[at + c] > logits[at + best] ? c : best;
            }
            correct += best == labels[n] ? 1 : 0;
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp((double) logits[at + c] - logits[at + best]);
            }
            loss += Math.log(sum) - ((double) logits[at + labels[n]] - logits[at + best]);
        }
        return new Score(labels.length, (double) correct / labels.length, loss / labels.length);
    }

    /**
     * Measures how long one batch of the smallest size (one sample, or the fixed batch) takes.
     *
     * @param features float32 [count, width], row-major
     * @param count how many samples there are
     * @param runs how many runs to measure, >= 1; a tenth as many warm up first
     * @return median and 99th percentile
     * @throws IOException if the model cannot be run
     */
    public Latency latency(float[] features, int count, int runs) throws IOException {
        int width = features.length / count;
        int size = inputShape.length > 0 && inputShape[0] > 0 ? (int) inputShape[0] : 1;
        long[] nanos = new long[runs];
        for (int k = -Math.max(10, runs / 10); k < runs; k++) {
            int from = Math.floorMod(k, Math.max(1, count / size)) * size;
            long start = System.nanoTime();
            run(features, from, size, width);
            if (k >= 0) {
                nanos[k] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanos);
        return new Latency(runs, nanos[runs / 2] * 1e-6, nanos[Math.min(runs - 1, runs * 99 / 100)] * 1e-6);
    }

    @Override
    public void close() {
        close(session, options);
    }

    private static void close(
            @org.jspecify.annotations.Nullable OrtSession session, OrtSession.SessionOptions options) {
        try (options) {
            if (session != null) {
                session.close();
            }
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime failed to close a session", e);
        }
    }
}
