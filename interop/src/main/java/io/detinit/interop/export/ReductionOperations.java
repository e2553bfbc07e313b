package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/** Sums, extremes, norms and orders along axes. */
final class ReductionOperations {

    private ReductionOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        Map.of("sum", "ReduceSum", "mean", "ReduceMean", "max", "ReduceMax", "min", "ReduceMin", "prod", "ReduceProd")
                .forEach((name, operator) -> {
                    all.put(name + "/0", call -> reduce(call, operator, allAxes(call), false));
                    all.put(name + "/1", call -> reduce(call, operator, (int[]) call.args()[0], false));
                    all.put(name + "/2", call -> reduce(call, operator, (int[]) call.args()[0], call.flag(1)));
                });
        all.put("norm/3", ReductionOperations::norm);
        all.put("normalize/3", ReductionOperations::normalize);
        all.put("argMax/1", call -> position(call, "ArgMax"));
        all.put("argMin/1", call -> position(call, "ArgMin"));
        all.put("cumSum/1", ReductionOperations::cumulated);
        all.put("topK/4", ReductionOperations::topK);
        all.put("argSort/2", call -> ordered(call, call.integer(0), call.flag(1), 1));
        all.put("sort/0", call -> ordered(call, -1, true, 0));
        all.put("sort/1", call -> ordered(call, call.integer(0), true, 0));
        all.put("oneHot/1", call -> oneHot(call, DataType.FLOAT32, 1, 0));
        all.put("oneHot/2", call -> oneHot(call, (DataType) call.args()[1], 1, 0));
        all.put("oneHot/4", call -> oneHot(call, (DataType) call.args()[3], call.number(1), call.number(2)));
    }

    private static int[] allAxes(Call call) {
        return IntStream.range(0, call.rank()).toArray();
    }

    private static NDArray reduce(Call call, String operator, int[] axes, boolean keepDims) {
        NDArray real = call.array();
        return call.result(real, reduce(call, operator, call.self(real.getDataType()), axes, keepDims));
    }

    /** ReduceSum takes its axes as an input from opset 13 on, the others from 18 on. */
    static String reduce(Call call, String operator, String input, int[] axes, boolean keepDims) {
        long[] dims = Arrays.stream(axes).asLongStream().toArray();
        if (operator.equals("ReduceSum") || call.graph().opset() >= 18) {
            return call.node(
                    operator, Map.of("keepdims", keepDims), input, call.graph().constant(OnnxTypes.longs(dims)));
        }
        return call.node(operator, Map.of("keepdims", keepDims, "axes", dims), input);
    }

    private static NDArray norm(Call call) {
        if (call.integer(0) != 2 && call.integer(0) != 1) {
            throw call.tracer().unsupported("its forward takes a norm of order " + call.integer(0));
        }
        NDArray real = call.array();
        String operator = call.integer(0) == 2 ? "ReduceL2" : "ReduceL1";
        return call.result(
                real, reduce(call, operator, call.self(real.getDataType()), (int[]) call.args()[1], call.flag(2)));
    }

    private static NDArray normalize(Call call) {
        if (call.number(0) != 2) {
            throw call.tracer().unsupported("its forward normalizes by a norm of order " + call.number(0));
        }
        NDArray real = call.array();
        DataType type = real.getDataType();
        String norm = reduce(call, "ReduceL2", call.self(type), new int[] {call.integer(1)}, true);
        String divisor = call.node("Max", norm, call.tracer().scalar(type, call.number(2)));
        return call.result(real, call.node("Div", call.self(type), divisor));
    }

    private static NDArray position(Call call, String operator) {
        return call.result(
                call.array(),
                call.node(
                        operator,
                        Map.of("axis", call.integer(0), "keepdims", 0),
                        call.self().value()));
    }

    private static NDArray cumulated(Call call) {
        NDArray real = call.array();
        String axis = call.tracer().scalar(DataType.INT64, call.integer(0));
        return call.result(real, call.node("CumSum", call.self(real.getDataType()), axis));
    }

    private static NDList topK(Call call) {
        NDList real = call.list();
        var outputs = call.graph()
                .nodes(
                        2,
                        "TopK",
                        Map.of("axis", call.integer(1), "largest", call.flag(2), "sorted", call.flag(3)),
                        call.self().value(),
                        call.tracer().longs(call.integer(0)));
        return new NDList(call.result(real.get(0), outputs.get(0)), call.result(real.get(1), outputs.get(1)));
    }

    private static NDArray ordered(Call call, int axis, boolean ascending, int output) {
        NDArray real = call.array();
        long size = call.shape().get(call.axis(axis));
        var outputs = call.graph()
                .nodes(
                        2,
                        "TopK",
                        Map.of("axis", axis, "largest", !ascending),
                        call.self().value(),
                        call.tracer().longs(size));
        return call.result(real, outputs.get(output));
    }

    private static NDArray oneHot(Call call, DataType given, double on, double off) {
        NDArray real = call.array();
        DataType type = call.tracer().modelType(given);
        String values = call.graph()
                .node(
                        "Concat",
                        Map.of("axis", 0),
                        call.graph().constant(OnnxTypes.filled(type, off, 1)),
                        call.graph().constant(OnnxTypes.filled(type, on, 1)));
        String depth = call.tracer().scalar(DataType.INT64, call.integer(0));
        return call.result(real, call.node("OneHot", Map.of("axis", -1), call.self(DataType.INT64), depth, values));
    }
}
