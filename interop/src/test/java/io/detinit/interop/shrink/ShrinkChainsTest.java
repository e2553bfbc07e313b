package io.detinit.interop.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.verify.NamedComparison;
import io.detinit.interop.verify.OnnxRunner;
import io.detinit.interop.verify.RandomInputs;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShrinkChainsTest {

    private static final int CHAINS = 120;
    private static final long SEED = Long.getLong("detinit.shrink.seed", 7);
    private static final List<String> ACTIVATIONS =
            List.of("Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu", "Selu", "HardSigmoid", "Softplus", "Identity");

    @TempDir
    Path folder;

    /** A chain that grows. */
    private static final class Chain {
        private final Nets nets;
        private final Random random;
        private String value = "x";
        private int channels;
        private int names;

        Chain(Nets nets, int channels) {
            this.nets = nets;
            this.random = nets.random();
            this.channels = channels;
        }

        String name(String kind) {
            return kind + names++;
        }

        /** Plants zero rows, and a copy of the first row; never the whole layer. */
        float[] plant(float[] weights, float[] bias, int rows) {
            boolean copies = rows > 2 && random.nextBoolean();
            if (copies) {
                Nets.copyRow(weights, rows, 0, 1);
                bias[1] = bias[0];
            }
            for (int row = 2; row < rows; row++) {
                if (random.nextInt(4) == 0) {
                    Nets.zeroRows(weights, rows, row);
                }
            }
            return weights;
        }

        void gemm(int out, boolean last) {
            String w = name("W");
            String b = name("b");
            float[] bias = nets.weights(out);
            float[] weights = nets.weights(out * channels);
            if (!last) {
                plant(weights, bias, out);
            }
            nets.tensor(b, bias, out);
            String next = last ? "y" : name("h");
            if (random.nextBoolean()) {
                nets.tensor(w, weights, out, channels)
                        .node("Gemm " + next + " " + value + " " + w + " " + b, Nets.integer("transB", 1));
            } else {
                float[] turned = new float[weights.length];
                for (int o = 0; o < out; o++) {
                    for (int i = 0; i < channels; i++) {
                        turned[i * out + o] = weights[o * channels + i];
                    }
                }
                nets.tensor(w, turned, channels, out);
                if (random.nextBoolean()) {
                    nets.node("Gemm " + next + " " + value + " " + w + " " + b);
                } else {
                    String product = name("p");
                    nets.node("MatMul " + product + " " + value + " " + w);
                    nets.node("Add " + next + " " + (random.nextBoolean() ? product + " " + b : b + " " + product));
                }
            }
            value = next;
            channels = out;
        }

        void convolution(int out) {
            String w = name("W");
            String b = name("b");
            float[] bias = nets.weights(out);
            nets.tensor(w, plant(nets.weights(out * channels * 9), bias, out), out, channels, 3, 3);
            nets.tensor(b, bias, out);
            String next = name("c");
            long pad = random.nextInt(2);
            nets.node("Conv " + next + " " + value + " " + w + " " + b, Nets.ints("pads", pad, pad, pad, pad));
            value = next;
            channels = out;
        }

        void activation() {
            String next = name("a");
            nets.node(ACTIVATIONS.get(random.nextInt(ACTIVATIONS.size())) + " " + next + " " + value);
            value = next;
        }

        void normalization() {
            String scale = name("s");
            String next = name("n");
            nets.tensor(scale, nets.positive(channels), channels)
                    .tensor(scale + "b", channels)
                    .tensor(scale + "m", channels)
                    .tensor(scale + "v", nets.positive(channels), channels);
            nets.node("BatchNormalization " + next + " " + value + " " + scale + " " + scale + "b " + scale + "m "
                    + scale + "v");
            value = next;
        }
    }

    private static Nets dense(long seed) {
        Nets nets = new Nets(seed);
        Random random = nets.random();
        int in = 2 + random.nextInt(6);
        nets.input("x", -1, in);
        Chain chain = new Chain(nets, in);
        int layers = 1 + random.nextInt(4);
        for (int k = 0; k < layers; k++) {
            chain.gemm(3 + random.nextInt(10), false);
            if (random.nextInt(3) == 0) {
                chain.normalization();
            }
            chain.activation();
        }
        int out = 1 + random.nextInt(5);
        chain.gemm(out, true);
        return nets.output("y", -1, out);
    }

    private static Nets convolutional(long seed) {
        Nets nets = new Nets(seed);
        Random random = nets.random();
        int in = 1 + random.nextInt(3);
        nets.input("x", -1, in, 12, 12);
        Chain chain = new Chain(nets, in);
        int layers = 1 + random.nextInt(3);
        for (int k = 0; k < layers; k++) {
            chain.convolution(3 + random.nextInt(6));
            if (random.nextInt(3) == 0) {
                chain.normalization();
            }
            chain.activation();
        }
        String pooled = chain.name("q");
        nets.node("MaxPool " + pooled + " " + chain.value, Nets.ints("kernel_shape", 3, 3), Nets.ints("strides", 3, 3));
        String flat = chain.name("f");
        if (random.nextBoolean()) {
            nets.node("GlobalAveragePool g " + pooled).node("Flatten " + flat + " g");
        } else {
            nets.node("Flatten " + flat + " " + pooled);
            chain.channels *= side(nets) * side(nets);
        }
        chain.value = flat;
        chain.gemm(4, true);
        return nets.output("y", -1, 4);
    }

    /** The side of the pooled image: 12, less 2 for each convolution without padding, through a pooling of 3 by 3. */
    private static int side(Nets nets) {
        int side = 12;
        for (var node : nets.graph().getNodeList()) {
            if (node.getOpType().equals("Conv") && node.getAttribute(0).getInts(0) == 0) {
                side -= 2;
            }
        }
        return (side - 3) / 3 + 1;
    }

    private ShrinkReport check(Nets nets, String name) throws IOException {
        Path model = nets.write(folder);
        Path target = folder.resolve("small.onnx");
        ShrinkReport report = Nets.shrink(model, target);
        long[] shape = nets.graph().getInput(0).getType().getTensorType().getShape().getDimList().stream()
                .mapToLong(dim -> dim.hasDimValue() ? dim.getDimValue() : 5)
                .toArray();
        RandomInputs inputs = new RandomInputs(
                99,
                RandomInputs.Distribution.NORMAL,
                1,
                Map.of("x", java.util.Arrays.stream(shape).boxed().toList()));
        try (OnnxRunner one = OnnxRunner.open(model, 1);
                OnnxRunner two = OnnxRunner.open(target, 1)) {
            for (NamedComparison output : Verifier.compareRandom(one, two, inputs, 3, 1e-5, done -> {})
                    .outputs()) {
                assertTrue(output.comparison().within(), name + " " + output);
            }
        }
        return report;
    }

    @Test
    void denseChainsStayEqual() throws IOException {
        int removed = 0;
        for (int k = 0; k < CHAINS; k++) {
            ShrinkReport report = check(dense(SEED + k), "dense, seed " + (SEED + k));
            removed += report.removedUnits();
            for (ShrunkLayer layer : report.layers()) {
                assertEquals(layer.removed(), layer.constant() + layer.copies() + layer.unread(), layer.toString());
            }
        }
        assertTrue(removed > CHAINS, removed + " units removed");
    }

    @Test
    void convolutionalChainsStayEqual() throws IOException {
        int removed = 0;
        for (int k = 0; k < CHAINS; k++) {
            removed += check(convolutional(SEED + k), "convolutional, seed " + (SEED + k))
                    .removedUnits();
        }
        assertTrue(removed > CHAINS / 2, removed + " units removed");
    }
}
