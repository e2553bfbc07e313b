package io.detinit.benchmarks;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A model that computes its initial weights beside the same model with the weights stored: bytes, the time to make a session and
 * the time of a run, in turns, at each level of optimisation.
 *
 * <p>Usage: {@code RegenerateSpeed DENSE.onnx REGENERATED.onnx [BATCH]}, two files of {@code detinit prune --fill init}. The gate: at
 * the default level both give the same bits on random inputs, at the others the same within 1e-5.
 */
public final class RegenerateSpeed {

    private static final int SESSIONS = 21;
    private static final int RUNS = 400;

    private RegenerateSpeed() {}

    /**
     * Measures.
     *
     * @param args the two files, and the batch
     * @throws OrtException if a model does not run
     * @throws IOException if a file cannot be read
     */
    public static void main(String[] args) throws OrtException, IOException {
        Path[] files = {Path.of(args[0]), Path.of(args[1])};
        int batch = args.length > 2 ? Integer.parseInt(args[2]) : 64;
        System.out.printf(
                Locale.ROOT,
                "bytes %d %d, ratio %.4f%n",
                Files.size(files[0]),
                Files.size(files[1]),
                (double) Files.size(files[1]) / Files.size(files[0]));
        for (OrtSession.SessionOptions.OptLevel level : OrtSession.SessionOptions.OptLevel.values()) {
            measure(files, level, batch);
        }
    }

    private static void measure(Path[] files, OrtSession.SessionOptions.OptLevel level, int batch) throws OrtException {
        double[][] sessions = new double[2][SESSIONS];
        for (int k = 0; k < SESSIONS; k++) {
            for (int which = 0; which < 2; which++) {
                long start = System.nanoTime();
                OrtSession session = open(files[which], level);
                sessions[which][k] = (System.nanoTime() - start) / 1e6;
                session.close();
            }
        }
        double first = sessions[1][0];
        try (OrtSession dense = open(files[0], level);
                OrtSession regenerated = open(files[1], level)) {
            double[] runs = runs(dense, regenerated, level, batch);
            System.out.printf(
                    Locale.ROOT,
                    "%-12s session %.2f and %.2f ms (the first %.2f), run %.4f and %.4f ms, ratio %.3f%n",
                    level,
                    median(sessions[0]),
                    median(sessions[1]),
                    first,
                    runs[0],
                    runs[1],
                    runs[1] / runs[0]);
        }
    }

    private static OrtSession open(Path file, OrtSession.SessionOptions.OptLevel level) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setOptimizationLevel(level);
            return OrtEnvironment.getEnvironment().createSession(file.toString(), options);
        }
    }

    private static double[] runs(
            OrtSession dense, OrtSession regenerated, OrtSession.SessionOptions.OptLevel level, int batch)
            throws OrtException {
        String input = dense.getInputNames().iterator().next();
        NodeInfo node = Objects.requireNonNull(dense.getInputInfo().get(input));
        long[] shape = ((TensorInfo) node.getInfo()).getShape();
        int values = 1;
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = shape[axis] < 0 ? batch : shape[axis];
            values = Math.toIntExact(values * shape[axis]);
        }
        float[] x = new float[values];
        Random random = new Random(1);
        for (int k = 0; k < values; k++) {
            x[k] = random.nextFloat();
        }
        OrtSession[] both = {dense, regenerated};
        double[][] times = new double[2][RUNS];
        float[][] outputs = new float[2][];
        try (OnnxTensor tensor = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(x), shape)) {
            int runs = level == OrtSession.SessionOptions.OptLevel.NO_OPT ? RUNS / 10 : RUNS;
            for (int k = 0; k < runs; k++) {
                for (int which = 0; which < 2; which++) {
                    long start = System.nanoTime();
                    try (OrtSession.Result result = both[which].run(Map.of(input, tensor))) {
                        times[which][k] = (System.nanoTime() - start) / 1e6;
                        FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
                        outputs[which] = new float[output.remaining()];
                        output.get(outputs[which]);
                    }
                }
            }
            gate(outputs[0], outputs[1], level);
            return new double[] {median(Arrays.copyOf(times[0], runs)), median(Arrays.copyOf(times[1], runs))};
        }
    }

    private static void gate(float[] dense, float[] regenerated, OrtSession.SessionOptions.OptLevel level) {
        boolean folds = level != OrtSession.SessionOptions.OptLevel.NO_OPT;
        float scale = 0;
        for (float value : dense) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int k = 0; k < dense.length; k++) {
            boolean same = folds
                    ? Float.floatToRawIntBits(dense[k]) == Float.floatToRawIntBits(regenerated[k])
                    : Math.abs(dense[k] - regenerated[k]) <= 1e-5f * scale;
            if (!same) {
                throw new IllegalStateException(level + ": output " + k + " is " + dense[k] + " and " + regenerated[k]);
            }
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
