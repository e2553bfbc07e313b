package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Map;

/** Activation functions. Swish and Mish are followed to what DJL makes of them. */
final class ActivationOperations {

    private ActivationOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        Map.of(
                        "relu", "Relu",
                        "sigmoid", "Sigmoid",
                        "tanh", "Tanh",
                        "softPlus", "Softplus",
                        "softSign", "Softsign",
                        "selu", "Selu")
                .forEach((name, operator) -> all.put(
                        name, call -> call.result(call.array(), call.node(operator, call.self(DataType.FLOAT32)))));
        all.put("leakyRelu", call -> withAlpha(call, "LeakyRelu"));
        all.put("elu", call -> withAlpha(call, "Elu"));
        all.put("gelu", ActivationOperations::gelu);
        all.put("prelu", ActivationOperations::prelu);
        all.put("softmax", call -> overAxis(call, "Softmax"));
        all.put("logSoftmax", call -> overAxis(call, "LogSoftmax"));
    }

    private static NDArray withAlpha(Call call, String operator) {
        return call.result(
                call.array(),
                call.node(operator, Map.of("alpha", call.number(0)), call.self().value()));
    }

    private static NDArray overAxis(Call call, String operator) {
        NDArray real = call.array();
        return call.result(real, call.node(operator, Map.of("axis", call.integer(0)), call.self(real.getDataType())));
    }

    /** x/2 (1 + erf(x / sqrt 2)), which is PyTorch's; the operator Gelu exists from opset 20 on. */
    private static NDArray gelu(Call call) {
        String x = call.self().value();
        NDArray real = call.array();
        if (call.graph().opset() >= 20) {
            return call.result(real, call.node("Gelu", x));
        }
        DataType type = real.getDataType();
        String erf = call.node("Erf", call.node("Mul", x, call.tracer().scalar(type, Math.sqrt(0.5))));
        String half = call.node("Mul", x, call.tracer().scalar(type, 0.5));
        return call.result(
                real, call.node("Mul", half, call.node("Add", erf, call.tracer().scalar(type, 1))));
    }

    /** DJL's engine has none; the slope is one number, or one per channel (axis 1). */
    private static NDList prelu(Call call) {
        TracedArray input = call.traced(0);
        TracedArray slope = call.traced(1);
        String alpha = slope.value();
        int axes = input.real().getShape().dimension() - 2;
        if (slope.real().getShape().dimension() == 1 && axes > 0) {
            long[] added = new long[axes];
            for (int k = 0; k < axes; k++) {
                added[k] = k + 1L;
            }
            alpha = call.node("Unsqueeze", alpha, call.graph().constant(OnnxTypes.longs(added)));
        }
        return new NDList(List.of(call.result(input.real(), call.node("PRelu", input.value(), alpha))));
    }
}
