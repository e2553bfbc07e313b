package io.detinit.interop.verify;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxSparseTensor;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What one output of one run holds: floating-point values, or integers.
 *
 * @param name the output's name
 * @param type the element type, in ONNX Runtime's words
 * @param shape its axes
 * @param floats the elements, row-major; empty where they are integers
 * @param integers the elements, row-major; empty where they are floating-point
 * @param floating which of the two
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record OutputValues(String name, String type, List<Long> shape, double[] floats, long[] integers, boolean floating) {

    private static final int MAX_DENSE = 1 << 27;

    /** Copies a tensor's elements. */
    static OutputValues of(String name, OnnxTensor tensor) {
        TensorInfo info = tensor.getInfo();
        List<Long> shape = Arrays.stream(info.getShape()).boxed().toList();
        return switch (info.type) {
            case FLOAT, FLOAT16, BFLOAT16, DOUBLE ->
                new OutputValues(name, info.type.toString(), shape, floats(tensor, info), new long[0], true);
            default ->
                new OutputValues(name, info.type.toString(), shape, new double[0], integers(tensor, info), false);
        };
    }

    /** The dense form of a sparse tensor of floats, given by linear or by full indices. */
    static Optional<OutputValues> of(String name, OnnxSparseTensor tensor) {
        List<Long> shape = Arrays.stream(tensor.getInfo().getShape()).boxed().toList();
        double elements = shape.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b);
        if (tensor.getSparseTensorType() != OnnxSparseTensor.SparseTensorType.COO
                || elements > MAX_DENSE
                || !(tensor.getValuesBuffer() instanceof FloatBuffer values)
                || !(tensor.getIndicesBuffer() instanceof LongBuffer indices)) {
            return Optional.empty();
        }
        double[] dense = new double[(int) elements];
        int width = tensor.getIndicesShape().length == 2 ? shape.size() : 1;
        for (int k = 0; k < values.remaining(); k++) {
            long at = 0;
            for (int axis = 0; axis < width; axis++) {
                at = (width == 1 ? 0 : at * shape.get(axis)) + indices.get(k * width + axis);
            }
            dense[Math.toIntExact(at)] = values.get(k);
        }
        return Optional.of(new OutputValues(name, "FLOAT", shape, dense, new long[0], true));
    }

    private static double[] floats(OnnxTensor tensor, TensorInfo info) {
        if (info.type == OnnxJavaType.DOUBLE) {
            DoubleBuffer buffer = tensor.getDoubleBuffer();
            double[] values = new double[buffer.remaining()];
            buffer.get(values);
            return values;
        }
        FloatBuffer buffer = tensor.getFloatBuffer();
        double[] values = new double[buffer.remaining()];
        for (int k = 0; k < values.length; k++) {
            values[k] = buffer.get(k);
        }
        return values;
    }

    private static long[] integers(OnnxTensor tensor, TensorInfo info) {
        switch (info.type) {
            case INT64 -> {
                LongBuffer buffer = tensor.getLongBuffer();
                long[] values = new long[buffer.remaining()];
                buffer.get(values);
                return values;
            }
            case INT32 -> {
                IntBuffer buffer = tensor.getIntBuffer();
                long[] values = new long[buffer.remaining()];
                Arrays.setAll(values, buffer::get);
                return values;
            }
            case INT16 -> {
                ShortBuffer buffer = tensor.getShortBuffer();
                long[] values = new long[buffer.remaining()];
                Arrays.setAll(values, buffer::get);
                return values;
            }
            default -> { // INT8, UINT8, BOOL
                ByteBuffer buffer = tensor.getByteBuffer();
                boolean signed = info.type == OnnxJavaType.INT8;
                long[] values = new long[buffer.remaining()];
                Arrays.setAll(values, k -> signed ? buffer.get(k) : buffer.get(k) & 0xFF);
                return values;
            }
        }
    }

    /** The elements, integers converted. */
    double[] asDoubles() {
        return floating ? floats : Arrays.stream(integers).asDoubleStream().toArray();
    }

    /** How many elements it has. */
    int elements() {
        return floating ? floats.length : integers.length;
    }

    /**
     * How many classes its rows have: the last axis of {@code [classes]}, {@code [N, classes]} and {@code [N, positions,
     * classes]}, the second of {@code [N, classes, 1, 1, ...]}; 0 for integers, other shapes, and fewer than two.
     */
    int classes() {
        int rank = shape.size();
        if (!floating || rank == 0 || elements() == 0) {
            return 0;
        }
        boolean trailing = rank > 2 && shape.subList(2, rank).stream().allMatch(axis -> axis == 1);
        if (rank > 3 && !trailing) {
            return 0;
        }
        long classes = shape.get(trailing ? 1 : rank - 1);
        return classes < 2 ? 0 : (int) classes;
    }
}
