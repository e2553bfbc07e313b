package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gates of DJL's recurrent blocks lie where PyTorch's documentation of nn.GRU (reset, update, new) and nn.LSTM (input, forget, cell,
 * output) says, in blocks of as many rows as there are hidden units, under the names that {@link ParameterNames} gives: a forward
 * pass in double from the plan alone gives the model's logits.
 */
class RecurrentGatesTest {

    private static final int STEPS = 5;
    private static final int WIDTH = 4;
    private static final int HIDDEN = 6;
    private static final int CLASSES = 3;

    private final double[] hidden = new double[HIDDEN];
    private final double[] cell = new double[HIDDEN];

    @ParameterizedTest
    @ValueSource(strings = {"gru", "lstm"})
    void aForwardPassFromThePlanAloneGivesTheLogits(String kind) {
        ModelSpec spec = ModelSpec.parse(kind + ":5x4-6-3");
        InitRules rules = InitRules.he().with("*bias*", Scheme.uniform(0.5)).with("*", Scheme.custom(0.7));
        Block block = spec.newBlock();
        float[] x = TensorInit.matrix(1, 9, STEPS, WIDTH, Scheme.custom(1)).toArray();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitPlan plan = Seeding.seed(block, 8, rules, manager, DataType.FLOAT32, new Shape(1, STEPS, WIDTH));
            for (int t = 0; t < STEPS; t++) {
                double[] step = new double[WIDTH];
                for (int k = 0; k < WIDTH; k++) {
                    step[k] = x[t * WIDTH + k];
                }
                double[] in = affine(plan, kind + "1.weight_ih_l0", kind + "1.bias_ih_l0", step);
                double[] state = affine(plan, kind + "1.weight_hh_l0", kind + "1.bias_hh_l0", hidden);
                if (kind.equals("gru")) {
                    gru(in, state);
                } else {
                    lstm(in, state);
                }
            }
            double[] expected = affine(plan, "fc1.weight", "fc1.bias", hidden);
            NDArray input = manager.create(x, new Shape(1, STEPS, WIDTH));
            float[] found = block.forward(new ParameterStore(manager, false), new NDList(input), false)
                    .singletonOrThrow()
                    .toFloatArray();
            assertEquals(CLASSES, found.length);
            for (int k = 0; k < CLASSES; k++) {
                assertEquals(expected[k], found[k], 1e-5);
            }
        }
    }

    private void gru(double[] in, double[] state) {
        for (int k = 0; k < HIDDEN; k++) {
            double reset = sigmoid(in[k] + state[k]);
            double update = sigmoid(in[HIDDEN + k] + state[HIDDEN + k]);
            double fresh = Math.tanh(in[2 * HIDDEN + k] + reset * state[2 * HIDDEN + k]);
            hidden[k] = (1 - update) * fresh + update * hidden[k];
        }
    }

    private void lstm(double[] in, double[] state) {
        for (int k = 0; k < HIDDEN; k++) {
            double input = sigmoid(in[k] + state[k]);
            double forget = sigmoid(in[HIDDEN + k] + state[HIDDEN + k]);
            double fresh = Math.tanh(in[2 * HIDDEN + k] + state[2 * HIDDEN + k]);
            double output = sigmoid(in[3 * HIDDEN + k] + state[3 * HIDDEN + k]);
            cell[k] = forget * cell[k] + input * fresh;
            hidden[k] = output * Math.tanh(cell[k]);
        }
    }

    private static double[] affine(InitPlan plan, String weight, String bias, double[] x) {
        TensorInit w = plan.init(weight);
        float[] b = plan.init(bias).toArray();
        double[] y = new double[b.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = b[i];
            for (int j = 0; j < x.length; j++) {
                y[i] += w.weight(i, j) * x[j];
            }
        }
        return y;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
