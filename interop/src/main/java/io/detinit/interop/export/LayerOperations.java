package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Linear layers, convolutions, norms, embeddings and resizing. Weights keep the layout in which DJL stores them. */
final class LayerOperations {

    private LayerOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        all.put("linear", LayerOperations::linear);
        all.put("convolution", LayerOperations::convolution);
        all.put("deconvolution", LayerOperations::deconvolution);
        all.put("batchNorm", LayerOperations::batchNorm);
        all.put("layerNorm", LayerOperations::layerNorm);
        all.put("embedding", LayerOperations::embedding);
        all.put("dropout", LayerOperations::dropout);
        all.put("interpolation", LayerOperations::interpolation);
        all.put(
                "multiBoxPrior",
                call -> new NDList(
                        call.tracer().constant(call.list().singletonOrThrow()).proxy()));
    }

    /** Gemm, on the rows of an input of more axes than two. */
    private static NDList linear(Call call) {
        TracedArray input = call.traced(0);
        TracedArray weight = call.traced(1);
        TracedArray bias = call.optional(2);
        Shape from = input.real().getShape();
        Shape weights = weight.real().getShape();
        long width = from.get(from.dimension() - 1);
        if (width != weights.get(1)) {
            throw new IllegalArgumentException(
                    UnsupportedBlockException.label(call.tracer().place())
                            + ", parameter 'weight': its shape is " + weights + "; the input of the block wants "
                            + new Shape(weights.get(0), width));
        }
        NDList real = call.list();
        String rows = input.value();
        if (from.dimension() != 2) {
            rows = call.node("Reshape", rows, call.tracer().reshapeTarget(from.size() / width, width));
        }
        String product = bias == null
                ? call.node("Gemm", Map.of("transB", 1), rows, weight.value())
                : call.node("Gemm", Map.of("transB", 1), rows, weight.value(), bias.value());
        if (from.dimension() != 2) {
            product = call.node(
                    "Reshape",
                    product,
                    call.tracer().reshapeTarget(real.head().getShape().getShape()));
        }
        return call.results(real, product);
    }

    private static String[] operands(TracedArray input, TracedArray weight, @Nullable TracedArray bias) {
        return bias == null
                ? new String[] {input.value(), weight.value()}
                : new String[] {input.value(), weight.value(), bias.value()};
    }

    static long[] twice(long[] padding) {
        long[] pads = new long[2 * padding.length];
        for (int k = 0; k < pads.length; k++) {
            pads[k] = padding[k % padding.length];
        }
        return pads;
    }

    private static NDList convolution(Call call) {
        TracedArray weight = call.traced(1);
        Map<String, Object> attributes = Map.of(
                "kernel_shape", weight.real().getShape().slice(2).getShape(),
                "strides", call.dims(3),
                "pads", twice(call.dims(4)),
                "dilations", call.dims(5),
                "group", call.integer(6));
        return call.results(
                call.list(), call.node("Conv", attributes, operands(call.traced(0), weight, call.optional(2))));
    }

    /** DJL's engine has none; the weight is {@code [in, out / groups, kernel]} as PyTorch's and ONNX's. */
    private static NDList deconvolution(Call call) {
        TracedArray input = call.traced(0);
        TracedArray weight = call.traced(1);
        Shape from = input.real().getShape();
        Shape weights = weight.real().getShape();
        int groups = call.integer(7);
        if (weights.get(0) != from.get(1)) {
            throw call.tracer()
                    .unsupported("its weight is " + weights + " and its input has " + from.get(1)
                            + " channels; a transposed convolution's weight is [in, filters / groups, kernel]");
        }
        long[] dims = new long[from.dimension()];
        dims[0] = from.get(0);
        dims[1] = weights.get(1) * groups;
        for (int k = 2; k < dims.length; k++) {
            dims[k] = (from.get(k) - 1) * call.dims(3)[k - 2]
                    - 2 * call.dims(4)[k - 2]
                    + call.dims(6)[k - 2] * (weights.get(k) - 1)
                    + call.dims(5)[k - 2]
                    + 1;
        }
        Map<String, Object> attributes = Map.of(
                "kernel_shape", weights.slice(2).getShape(),
                "strides", call.dims(3),
                "pads", twice(call.dims(4)),
                "output_padding", call.dims(5),
                "dilations", call.dims(6),
                "group", groups);
        NDArray real = call.tracer().engine().zeros(new Shape(dims), input.type());
        return call.results(
                new NDList(real), call.node("ConvTranspose", attributes, operands(input, weight, call.optional(2))));
    }

    /** BatchNormalization has its channels on axis 1; with another axis the two are swapped before and after. */
    private static NDList batchNorm(Call call) {
        TracedArray input = call.traced(0);
        if (call.flag(8)) {
            throw call.tracer().unsupported("its forward normalizes by the batch's statistics, as in training");
        }
        int axis = call.integer(5);
        int rank = input.real().getShape().dimension();
        int channels = axis == -1 ? 1 : axis;
        NDList real = call.list();
        long[] swap = new long[rank];
        for (int k = 0; k < rank; k++) {
            swap[k] = k == 1 ? channels : k == channels ? 1 : k;
        }
        String value = input.value();
        if (channels != 1) {
            value = call.node("Transpose", Map.of("perm", swap), value);
        }
        value = call.node(
                "BatchNormalization",
                Map.of("epsilon", call.number(7)),
                value,
                call.traced(3).value(),
                call.traced(4).value(),
                call.traced(1).value(),
                call.traced(2).value());
        if (channels != 1) {
            value = call.node("Transpose", Map.of("perm", swap), value);
        }
        return call.results(real, value);
    }

    /** Over the last axes, as many as the normalized shape has. */
    private static NDList layerNorm(Call call) {
        TracedArray input = call.traced(0);
        int axes = call.dims(1).length;
        NDList real = call.list();
        double epsilon = call.number(4);
        String gamma = call.traced(2).value();
        String beta = call.traced(3).value();
        if (call.graph().opset() >= 17) {
            Map<String, Object> attributes = Map.of("axis", -axes, "epsilon", epsilon);
            return call.results(real, call.node("LayerNormalization", attributes, input.value(), gamma, beta));
        }
        DataType type = input.type();
        int[] last = new int[axes];
        for (int k = 0; k < axes; k++) {
            last[k] = k - axes;
        }
        String mean = ReductionOperations.reduce(call, "ReduceMean", input.value(), last, true);
        String centred = call.node("Sub", input.value(), mean);
        String variance =
                ReductionOperations.reduce(call, "ReduceMean", call.node("Mul", centred, centred), last, true);
        String std = call.node("Sqrt", call.node("Add", variance, call.tracer().scalar(type, epsilon)));
        String scaled = call.node("Mul", call.node("Div", centred, std), gamma);
        return call.results(real, call.node("Add", scaled, beta));
    }

    private static NDList embedding(Call call) {
        TracedArray input = call.traced(0);
        NDList real = call.list();
        return call.results(
                real,
                call.node(
                        "Gather",
                        Map.of("axis", 0),
                        call.traced(1).value(),
                        input.type() == DataType.INT32 ? input.value() : call.cast(input, DataType.INT64)));
    }

    private static NDList dropout(Call call) {
        if (call.flag(2)) {
            throw call.tracer().unsupported("its forward drops values at random, as in training");
        }
        TracedArray input = call.traced(0);
        return new NDList(
                call.tracer().value(input.real(), input.value()).viewOf(input).proxy());
    }

    /** To the nearest element before; other modes of DJL's engine are not ONNX's. */
    private static NDArray interpolation(Call call) {
        if (call.integer(1) != 0) {
            throw call.tracer()
                    .unsupported("its forward resizes with mode " + call.integer(1)
                            + "; only the nearest element (0) has an ONNX form here");
        }
        NDArray real = call.array();
        Map<String, Object> attributes = Map.of(
                "mode", "nearest",
                "coordinate_transformation_mode", "asymmetric",
                "nearest_mode", "floor");
        String size = call.tracer().longs(real.getShape().getShape());
        return call.result(real, call.node("Resize", attributes, call.self().value(), "", "", size));
    }
}
