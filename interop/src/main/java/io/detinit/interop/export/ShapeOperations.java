package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Reshaping, joining and multiplying of arrays. */
final class ShapeOperations {

    private ShapeOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        for (String name : List.of("reshape", "flatten")) {
            all.put(name, ShapeOperations::reshape);
        }
        all.put("expandDims", ShapeOperations::expandDims);
        all.put("squeeze/1", ShapeOperations::squeeze);
        all.put("transpose", ShapeOperations::transpose);
        all.put("broadcast", ShapeOperations::broadcast);
        all.put("tile/1", ShapeOperations::tile);
        all.put("repeat/2", ShapeOperations::repeatAxis);
        all.put("pad", ShapeOperations::pad);
        all.put("flip", ShapeOperations::flip);
        all.put("stack/2", ShapeOperations::stack);
        all.put("concat/2", ShapeOperations::concat);
        all.put("split/2", ShapeOperations::split);
        for (String name : List.of("matMul", "dot", "batchMatMul")) {
            all.put(name, ShapeOperations::multiply);
        }
    }

    private static NDArray reshape(Call call) {
        NDArray real = call.array();
        return call.view(real, reshaped(call, call.self(), real.getShape()));
    }

    /** An array's value with another shape; Flatten where the batch axis stays and all others become one. */
    static String reshaped(Call call, TracedArray array, Shape target) {
        Shape from = array.real().getShape();
        String value = array.value();
        if (from.equals(target)) {
            return value;
        }
        if (target.dimension() == 2 && from.dimension() > 2 && target.get(0) == from.get(0)) {
            call.tracer().reshapeTarget(target.getShape()); // both runs count it
            return call.node("Flatten", Map.of("axis", 1), value);
        }
        return call.node("Reshape", value, call.tracer().reshapeTarget(target.getShape()));
    }

    private static NDArray expandDims(Call call) {
        int axis = call.integer(0) < 0 ? call.integer(0) + call.rank() + 1 : call.integer(0);
        return call.view(
                call.array(),
                call.node("Unsqueeze", call.self().value(), call.graph().constant(OnnxTypes.longs(axis))));
    }

    /** The form with an int has other bounds than the one with int[]; both name the axes. */
    private static NDArray squeeze(Call call) {
        long[] axes = call.args()[0] instanceof int[] several
                ? Arrays.stream(several).mapToLong(call::axis).toArray()
                : new long[] {call.axis(call.integer(0))};
        return call.view(
                call.array(),
                axes.length == 0
                        ? call.self().value()
                        : call.node("Squeeze", call.self().value(), call.graph().constant(OnnxTypes.longs(axes))));
    }

    private static NDArray transpose(Call call) {
        long[] order = new long[call.rank()];
        for (int k = 0; k < order.length; k++) {
            order[k] = call.args().length == 0 || ((int[]) call.args()[0]).length == 0
                    ? order.length - 1L - k
                    : call.axis(((int[]) call.args()[0])[k]);
        }
        return call.view(
                call.array(),
                call.node("Transpose", Map.of("perm", order), call.self().value()));
    }

    private static NDArray broadcast(Call call) {
        NDArray real = call.array();
        return call.view(
                real,
                call.node(
                        "Expand",
                        call.self().value(),
                        call.tracer().longs(real.getShape().getShape())));
    }

    private static NDArray tile(Call call) {
        int rank = call.rank();
        long[] repeats;
        if (call.args()[0] instanceof long[] each) {
            repeats = each;
        } else {
            repeats = new long[rank];
            Arrays.fill(repeats, ((Number) call.args()[0]).longValue());
        }
        if (repeats.length != rank) {
            throw call.tracer().unsupported("its forward tiles " + rank + " axes by " + repeats.length + " numbers");
        }
        return call.result(
                call.array(),
                call.node("Tile", call.self().value(), call.tracer().longs(repeats)));
    }

    /** Each element in turn so many times: a new axis behind, widened and merged. */
    private static NDArray repeatAxis(Call call) {
        int axis = call.axis(call.integer(0));
        NDArray real = call.array();
        String wide = call.node("Unsqueeze", call.self().value(), call.graph().constant(OnnxTypes.longs(axis + 1L)));
        List<Long> dims = new ArrayList<>(OnnxTypes.dims(call.shape().getShape()));
        dims.add(axis + 1, ((Number) call.args()[1]).longValue());
        long[] widened = dims.stream().mapToLong(Long::longValue).toArray();
        String expanded = call.node("Expand", wide, call.tracer().longs(widened));
        return call.result(
                real,
                call.node(
                        "Reshape",
                        expanded,
                        call.tracer().reshapeTarget(real.getShape().getShape())));
    }

    /** DJL's order is the last axis first, (before, after) each. */
    private static NDArray pad(Call call) {
        long[] given = call.dims(0);
        int rank = call.rank();
        long[] pads = new long[2 * rank];
        for (int k = 0; k < given.length / 2; k++) {
            pads[rank - 1 - k] = given[2 * k];
            pads[2 * rank - 1 - k] = given[2 * k + 1];
        }
        NDArray real = call.array();
        return call.result(
                real,
                call.node(
                        "Pad",
                        call.self().value(),
                        call.graph().constant(OnnxTypes.longs(pads)),
                        call.tracer().scalar(real.getDataType(), call.number(1))));
    }

    private static NDArray flip(Call call) {
        int[] axes = (int[]) call.args()[0];
        long[] starts = new long[axes.length];
        long[] ends = new long[axes.length];
        long[] order = new long[axes.length];
        Arrays.fill(starts, -1);
        Arrays.fill(ends, Long.MIN_VALUE);
        for (int k = 0; k < axes.length; k++) {
            order[k] = call.axis(axes[k]);
        }
        OnnxGraph graph = call.graph();
        return call.result(
                call.array(),
                call.node(
                        "Slice",
                        call.self().value(),
                        graph.constant(OnnxTypes.longs(starts)),
                        graph.constant(OnnxTypes.longs(ends)),
                        graph.constant(OnnxTypes.longs(order)),
                        graph.constant(OnnxTypes.longs(starts))));
    }

    private static NDArray stack(Call call) {
        NDArray real = call.array();
        int axis = call.integer(1) < 0 ? call.integer(1) + call.rank() + 1 : call.integer(1);
        String position = call.graph().constant(OnnxTypes.longs(axis));
        List<String> values = new ArrayList<>();
        for (TracedArray array : joined(call)) {
            values.add(call.node("Unsqueeze", call.cast(array, real.getDataType()), position));
        }
        return call.result(real, call.node("Concat", Map.of("axis", axis), values.toArray(String[]::new)));
    }

    private static NDArray concat(Call call) {
        NDArray real = call.array();
        String[] values = joined(call).stream()
                .map(array -> call.cast(array, real.getDataType()))
                .toArray(String[]::new);
        return call.result(real, call.node("Concat", Map.of("axis", call.axis(call.integer(1))), values));
    }

    /** NDArrayEx's methods put the array itself before those of the list. */
    private static List<TracedArray> joined(Call call) {
        List<TracedArray> arrays = new ArrayList<>(List.of(call.self()));
        arrays.addAll(call.arrays(0));
        return arrays;
    }

    /** Where an axis is cut: given, or into so many equal parts. */
    private static long[] cuts(Call call, int axis) {
        if (call.args()[0] instanceof long[] given) {
            return given;
        }
        long parts = ((Number) call.args()[0]).longValue();
        long size = call.shape().get(axis) / parts;
        long[] cuts = new long[Math.toIntExact(parts - 1)];
        Arrays.setAll(cuts, k -> (k + 1) * size);
        return cuts;
    }

    private static NDList split(Call call) {
        int axis = call.axis(call.integer(1));
        long[] cuts = cuts(call, axis);
        NDList real = call.list();
        NDList results = new NDList(real.size());
        for (int k = 0; k < real.size(); k++) {
            long start = k == 0 ? 0 : cuts[k - 1];
            long end = k < cuts.length ? cuts[k] : call.shape().get(axis);
            results.add(call.view(
                    real.get(k), IndexOperations.slice(call, call.self().value(), axis, start, end, 1)));
        }
        return results;
    }

    private static NDArray multiply(Call call) {
        NDArray real = call.array();
        DataType type = real.getDataType();
        return call.result(real, call.node("MatMul", call.self(type), call.operand(0, type)));
    }
}
