package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;

/** Small nets with random weights. */
final class Nets {

    private final OnnxMl.GraphProto.Builder graph =
            OnnxMl.GraphProto.newBuilder().setName("g");
    private final Random random;

    Nets(long seed) {
        this.random = new Random(seed);
    }

    Nets input(String name, long... dims) {
        graph.addInput(TestModels.value(name, dims));
        return this;
    }

    Nets output(String name, long... dims) {
        graph.addOutput(TestModels.value(name, dims));
        return this;
    }

    /** A node of {@code Operator output input input ...}. */
    Nets node(String words, OnnxMl.AttributeProto... attributes) {
        String[] parts = words.split(" ", -1);
        graph.addNode(TestModels.node(parts[0], parts[1], Arrays.copyOfRange(parts, 2, parts.length))
                .addAllAttribute(Arrays.asList(attributes)));
        return this;
    }

    static OnnxMl.AttributeProto ints(String name, long... values) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.INTS)
                .addAllInts(Arrays.stream(values).boxed().toList())
                .build();
    }

    static OnnxMl.AttributeProto integer(String name, long value) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    static OnnxMl.AttributeProto number(String name, float value) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.FLOAT)
                .setF(value)
                .build();
    }

    /** Random weights of standard deviation 0.5. */
    float[] weights(int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) random.nextGaussian() / 2;
        }
        return values;
    }

    float[] positive(int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = 0.5f + random.nextFloat();
        }
        return values;
    }

    Random random() {
        return random;
    }

    Nets tensor(String name, float[] values, long... dims) {
        graph.addInitializer(TestModels.raw(name, dims, values));
        return this;
    }

    Nets tensor(String name, long... dims) {
        return tensor(name, weights((int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)), dims);
    }

    Nets longs(String name, long... values) {
        graph.addInitializer(TestModels.tensor(name, 7, values.length)
                .addAllInt64Data(Arrays.stream(values).boxed().toList()));
        return this;
    }

    OnnxMl.GraphProto.Builder graph() {
        return graph;
    }

    Path write(Path folder) throws IOException {
        return TestModels.write(folder, graph);
    }

    /** Makes a row of a matrix or kernel [out, ...] zero. */
    static float[] zeroRows(float[] values, int rows, int... zeros) {
        int length = values.length / rows;
        for (int row : zeros) {
            Arrays.fill(values, row * length, (row + 1) * length, 0);
        }
        return values;
    }

    static float[] copyRow(float[] values, int rows, int from, int to) {
        int length = values.length / rows;
        System.arraycopy(values, from * length, values, to * length, length);
        return values;
    }

    static ShrinkReport shrink(Path model, Path target) throws IOException {
        return shrink(model, target, ShrinkOptions.of(1));
    }

    static ShrinkReport shrink(Path model, Path target, ShrinkOptions options) throws IOException {
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            return ModelShrinker.shrink(checkpoint, target, Map.of(), options);
        }
    }

    static OnnxMl.GraphProto graph(Path file) throws IOException {
        return OnnxMl.ModelProto.parseFrom(Files.readAllBytes(file)).getGraph();
    }

    /** The axes of an initializer of a file. */
    static java.util.List<Long> dims(Path file, String name) throws IOException {
        return graph(file).getInitializerList().stream()
                .filter(tensor -> tensor.getName().equals(name))
                .findFirst()
                .orElseThrow()
                .getDimsList();
    }
}
