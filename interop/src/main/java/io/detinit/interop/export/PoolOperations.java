package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Pooling. Windows that ceilMode adds at the end become explicit padding, since versions of ONNX differ in them. */
final class PoolOperations {

    private PoolOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        all.put("maxPool", PoolOperations::maxPool);
        all.put("avgPool", PoolOperations::avgPool);
        all.put("lpPool", PoolOperations::lpPool);
        all.put("globalMaxPool", call -> global(call, "GlobalMaxPool"));
        all.put("globalAvgPool", call -> global(call, "GlobalAveragePool"));
        all.put("globalLpPool", PoolOperations::globalLpPool);
    }

    /** Padding at the end of each axis: what was asked for, more where ceilMode adds a window. */
    private static long[] ends(Call call, NDArray real, long[] kernel, long[] stride, long[] padding) {
        long[] ends = new long[kernel.length];
        for (int k = 0; k < kernel.length; k++) {
            long size = call.shape().get(k + 2);
            long needed = (real.getShape().get(k + 2) - 1) * stride[k] + kernel[k] - size - padding[k];
            ends[k] = Math.max(padding[k], needed);
        }
        return ends;
    }

    private static long[] joined(long[] starts, long[] ends) {
        long[] pads = Arrays.copyOf(starts, 2 * starts.length);
        System.arraycopy(ends, 0, pads, starts.length, ends.length);
        return pads;
    }

    private static Map<String, Object> window(long[] kernel, long[] stride, long[] pads) {
        return new HashMap<>(Map.of("kernel_shape", kernel, "strides", stride, "pads", pads));
    }

    /** A stride or padding of one number for several axes counts for each. */
    private static long[] each(long[] given, int axes) {
        long[] all = new long[axes];
        for (int k = 0; k < axes; k++) {
            all[k] = given[given.length == 1 ? 0 : k];
        }
        return all;
    }

    private static NDArray maxPool(Call call) {
        NDArray real = call.array();
        long[] kernel = call.dims(0);
        long[] stride = each(call.dims(1), kernel.length);
        long[] padding = each(call.dims(2), kernel.length);
        long[] ends = ends(call, real, kernel, stride, padding);
        return call.result(
                real,
                call.node(
                        "MaxPool",
                        window(kernel, stride, joined(padding, ends)),
                        call.self().value()));
    }

    private static NDArray avgPool(Call call) {
        NDArray real = call.array();
        long[] kernel = call.dims(0);
        String value = average(
                call,
                real,
                call.self().value(),
                kernel,
                each(call.dims(1), kernel.length),
                each(call.dims(2), kernel.length),
                countsPadding(call));
        return call.result(real, value);
    }

    /** Whether the engine counts padding as elements, asked of itself: DJL 0.36's does, whatever it is told. */
    private static boolean countsPadding(Call call) {
        long[] dims = call.shape().getShape().clone();
        dims[0] = 1;
        dims[1] = 1;
        Object[] args = call.args();
        try (NDArray ones = call.tracer().engine().ones(new Shape(dims));
                NDArray means = ones.getNDArrayInternal()
                        .avgPool((Shape) args[0], (Shape) args[1], (Shape) args[2], call.flag(3), call.flag(4))) {
            return means.toFloatArray()[0] < 1;
        }
    }

    /** Padding that was asked for may count, what lies beyond it never does. */
    private static String average(
            Call call, NDArray real, String input, long[] kernel, long[] stride, long[] padding, boolean countPadding) {
        long[] ends = ends(call, real, kernel, stride, padding);
        String value = input;
        long[] pads = joined(padding, ends);
        boolean count = countPadding;
        if (countPadding && !Arrays.equals(ends, padding)) {
            long[] zeros = new long[2 * kernel.length + 4];
            System.arraycopy(padding, 0, zeros, 2, padding.length);
            System.arraycopy(padding, 0, zeros, kernel.length + 4, padding.length);
            value = call.node(
                    "Pad",
                    value,
                    call.graph().constant(OnnxTypes.longs(zeros)),
                    call.tracer().scalar(real.getDataType(), 0));
            long[] beyond = new long[kernel.length];
            Arrays.setAll(beyond, k -> ends[k] - padding[k]);
            pads = joined(new long[kernel.length], beyond);
            count = false;
        }
        Map<String, Object> attributes = window(kernel, stride, pads);
        attributes.put("count_include_pad", count);
        return call.node("AveragePool", attributes, value);
    }

    /**
     * PyTorch's: the root of the sum of powers, signs kept, which for an even order is LpPool; for another order the sum may be
     * negative and its root not a number, here as there.
     */
    private static NDArray lpPool(Call call) {
        NDArray real = call.array();
        long[] kernel = call.dims(1);
        return call.result(real, root(call, real, kernel, each(call.dims(2), kernel.length), new long[kernel.length]));
    }

    private static String root(Call call, NDArray real, long[] kernel, long[] stride, long[] padding) {
        double order = call.number(0);
        String input = call.self().value();
        if (order % 2 == 0 && Arrays.equals(ends(call, real, kernel, stride, padding), padding)) {
            Map<String, Object> attributes = window(kernel, stride, joined(padding, padding));
            attributes.put("p", (long) order);
            return call.node("LpPool", attributes, input);
        }
        DataType type = real.getDataType();
        String powers = call.node("Pow", input, call.tracer().scalar(type, order));
        String mean = average(call, real, powers, kernel, stride, padding, true);
        double size = 1;
        for (long one : kernel) {
            size *= one;
        }
        String sum = call.node("Mul", mean, call.tracer().scalar(type, size));
        return call.node("Pow", sum, call.tracer().scalar(type, 1 / order));
    }

    private static NDArray global(Call call, String operator) {
        NDArray real = call.array();
        return call.result(real, squeezed(call, call.node(operator, call.self().value())));
    }

    private static NDArray globalLpPool(Call call) {
        NDArray real = call.array();
        long[] kernel = call.shape().slice(2).getShape();
        long[] ones = new long[kernel.length];
        Arrays.fill(ones, 1);
        NDArray unsqueezed = real;
        for (int k = 0; k < kernel.length; k++) {
            unsqueezed = unsqueezed.expandDims(-1);
        }
        return call.result(real, squeezed(call, root(call, unsqueezed, kernel, ones, new long[kernel.length])));
    }

    /** DJL's global pools give {@code [N, C]}. */
    private static String squeezed(Call call, String value) {
        return call.node("Flatten", Map.of("axis", 1), value);
    }
}
