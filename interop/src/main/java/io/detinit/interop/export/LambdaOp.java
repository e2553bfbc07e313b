package io.detinit.interop.export;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.LambdaBlock;
import ai.djl.training.ParameterStore;
import java.util.Locale;

/** The functions that a named LambdaBlock may be, and the proof that it is the one its name says. */
enum LambdaOp {
    RELU("Relu", "relu"),
    TANH("Tanh", "tanh"),
    SIGMOID("Sigmoid", "sigmoid"),
    SOFTPLUS("Softplus", "softplus"),
    SOFTSIGN("Softsign", "softsign"),
    LEAKY_RELU("LeakyRelu", "leakyrelu"),
    SOFTMAX("Softmax", "softmax"),
    LOG_SOFTMAX("LogSoftmax", "logsoftmax"),
    FLATTEN("Flatten", "flatten"),
    IDENTITY("Identity", "identity");

    private static final double TOLERANCE = 1e-5;
    private static final int ROWS = 2;

    private final String operator;
    private final String name;

    LambdaOp(String operator, String name) {
        this.operator = operator;
        this.name = name;
    }

    /**
     * A recognised lambda.
     *
     * @param op what it is
     * @param alpha the slope of LEAKY_RELU below 0; 0 for the others
     */
    record Match(LambdaOp op, float alpha) {}

    String operator() {
        return operator;
    }

    /**
     * Recognises a lambda by its name and checks its values.
     *
     * @throws UnsupportedBlockException if the name is unknown or the values are not those of the operator
     */
    static Match match(LambdaBlock block, Shape sample, String place) {
        LambdaOp op = ofName(block.getName(), place);
        String label = "the LambdaBlock '" + block.getName() + "'";
        float[] input = new float[Math.toIntExact(Math.multiplyExact(ROWS, sample.size()))];
        for (int k = 0; k < input.length; k++) {
            input[k] = (k * 7919L % 1601 - 800) / 100f; // [-8, 8], no order
        }
        Shape batch = new Shape(ROWS).addAll(sample);
        Shape wanted = op == FLATTEN ? new Shape(ROWS, sample.size()) : batch;
        float alpha = 0;
        float[] found;
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            if (op == LEAKY_RELU) {
                alpha = -run(block, manager.create(new float[] {-1}, new Shape(1, 1)), new Shape(1, 1), manager)[0];
            }
            found = run(block, manager.create(input, batch), wanted, manager);
        } catch (RuntimeException e) {
            UnsupportedBlockException unsupported = new UnsupportedBlockException(
                    place,
                    label + " does not take " + batch + " to " + wanted + " as " + op.operator + " does ("
                            + e.getMessage() + ")",
                    "name it after what it computes");
            unsupported.initCause(e);
            throw unsupported;
        }
        double[] expected = op.expected(input, Math.toIntExact(lastAxis(sample)), alpha);
        for (int k = 0; k < found.length; k++) {
            if (!(Math.abs(found[k] - expected[k]) <= TOLERANCE * Math.max(1, Math.abs(expected[k])))) {
                throw new UnsupportedBlockException(
                        place,
                        label + " is not " + op.operator + ": for " + input[k] + " it gives " + found[k] + ", not "
                                + (float) expected[k],
                        "name it after what it computes");
            }
        }
        return new Match(op, alpha);
    }

    private static LambdaOp ofName(String blockName, String place) {
        String plain = blockName.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
        if (plain.equals("batchflatten")) {
            return FLATTEN;
        }
        for (LambdaOp op : values()) {
            if (op.name.equals(plain)) {
                return op;
            }
        }
        throw new UnsupportedBlockException(
                place,
                "the LambdaBlock '" + blockName + "' has no ONNX form here",
                "use Activation.reluBlock(), tanhBlock(), sigmoidBlock(), softPlusBlock(), softSignBlock() or"
                        + " leakyReluBlock(a), Blocks.batchFlattenBlock() or identityBlock(), or a LambdaBlock named"
                        + " 'softmax' or 'logSoftmax'");
    }

    private static long lastAxis(Shape sample) {
        return sample.dimension() == 0 ? 1 : sample.get(sample.dimension() - 1);
    }

    private static float[] run(LambdaBlock block, NDArray input, Shape wanted, NDManager manager) {
        NDList outputs = block.forward(new ParameterStore(manager, false), new NDList(input), false);
        NDArray output = outputs.singletonOrThrow();
        if (!output.getShape().equals(wanted)) {
            throw new IllegalStateException("its output has the shape " + output.getShape());
        }
        return output.toFloatArray();
    }

    private double[] expected(float[] input, int lastAxis, float alpha) {
        double[] values = new double[input.length];
        for (int k = 0; k < input.length; k++) {
            double x = input[k];
            values[k] = switch (this) {
                case RELU -> Math.max(x, 0);
                case TANH -> Math.tanh(x);
                case SIGMOID -> 1 / (1 + Math.exp(-x));
                case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
                case SOFTSIGN -> x / (1 + Math.abs(x));
                case LEAKY_RELU -> x < 0 ? alpha * x : x;
                case SOFTMAX, LOG_SOFTMAX, FLATTEN, IDENTITY -> x;
            };
        }
        if (this == SOFTMAX || this == LOG_SOFTMAX) {
            for (int row = 0; row < values.length; row += lastAxis) {
                double sum = 0;
                for (int k = row; k < row + lastAxis; k++) {
                    sum += Math.exp(values[k]);
                }
                for (int k = row; k < row + lastAxis; k++) {
                    double log = values[k] - Math.log(sum);
                    values[k] = this == SOFTMAX ? Math.exp(log) : log;
                }
            }
        }
        return values;
    }
}
