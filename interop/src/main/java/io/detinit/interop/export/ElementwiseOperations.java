package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Arithmetic, comparisons and conversions, element by element with broadcasting. */
final class ElementwiseOperations {

    private static final Map<String, String> UNARY = Map.ofEntries(
            Map.entry("neg", "Neg"),
            Map.entry("abs", "Abs"),
            Map.entry("sqrt", "Sqrt"),
            Map.entry("exp", "Exp"),
            Map.entry("log", "Log"),
            Map.entry("sin", "Sin"),
            Map.entry("cos", "Cos"),
            Map.entry("tan", "Tan"),
            Map.entry("asin", "Asin"),
            Map.entry("acos", "Acos"),
            Map.entry("atan", "Atan"),
            Map.entry("sinh", "Sinh"),
            Map.entry("cosh", "Cosh"),
            Map.entry("asinh", "Asinh"),
            Map.entry("acosh", "Acosh"),
            Map.entry("atanh", "Atanh"),
            Map.entry("floor", "Floor"),
            Map.entry("ceil", "Ceil"),
            Map.entry("round", "Round"), // halves to even, as PyTorch
            Map.entry("sign", "Sign"),
            Map.entry("erf", "Erf"));

    private static final Map<String, String> BINARY = Map.of(
            "add", "Add", "sub", "Sub", "mul", "Mul", "div", "Div", "pow", "Pow", "maximum", "Max", "minimum", "Min");

    private static final Map<String, String> COMPARISONS =
            Map.of("eq", "Equal", "gt", "Greater", "gte", "GreaterOrEqual", "lt", "Less", "lte", "LessOrEqual");

    private static final Map<String, String> LOGICAL =
            Map.of("logicalAnd", "And", "logicalOr", "Or", "logicalXor", "Xor");

    /** From the narrowest to the widest. */
    private static final List<DataType> WIDENING = List.of(
            DataType.BOOLEAN,
            DataType.UINT8,
            DataType.INT8,
            DataType.INT16,
            DataType.INT32,
            DataType.INT64,
            DataType.FLOAT16,
            DataType.FLOAT32,
            DataType.FLOAT64);

    private ElementwiseOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        UNARY.forEach((name, operator) -> all.put(name, call -> unary(call, operator)));
        BINARY.forEach((name, operator) -> all.put(name, call -> binary(call, operator)));
        COMPARISONS.forEach((name, operator) -> all.put(name, call -> comparison(call, operator)));
        all.put("neq", ElementwiseOperations::notEqual);
        LOGICAL.forEach((name, operator) -> all.put(name, call -> logical(call, operator)));
        all.put("logicalNot", call -> call.result(call.array(), call.node("Not", call.self(DataType.BOOLEAN))));
        all.put(
                "isNaN",
                call -> call.result(call.array(), call.node("IsNaN", call.self().value())));
        all.put(
                "isInfinite",
                call -> call.result(call.array(), call.node("IsInf", call.self().value())));
        all.put("square", call -> {
            String x = call.self().value();
            return call.result(call.array(), call.node("Mul", x, x));
        });
        all.put("trunc", call -> {
            String x = call.self().value();
            return call.result(
                    call.array(), call.node("Mul", call.node("Sign", x), call.node("Floor", call.node("Abs", x))));
        });
        // DJL's cube root is a power, so that it is not a number below 0
        all.put(
                "cbrt",
                call -> call.result(
                        call.array(),
                        call.node(
                                "Pow",
                                call.self().value(),
                                call.tracer().scalar(call.self().type(), 1 / 3.0))));
        all.put("log2", call -> scaled(call, "Log", 1 / Math.log(2)));
        all.put("log10", call -> scaled(call, "Log", 1 / Math.log(10)));
        all.put("toDegrees", call -> scaled(call, "Identity", 180 / Math.PI));
        all.put("toRadians", call -> scaled(call, "Identity", Math.PI / 180));
        all.put("mod", ElementwiseOperations::remainder);
        all.put("clip", ElementwiseOperations::clip);
        all.put("where", ElementwiseOperations::where);
        all.put("toType", ElementwiseOperations::toType);
        for (String same : List.of("duplicate", "stopGradient", "toDense", "toDevice")) {
            all.put(same, ElementwiseOperations::same);
        }
        all.put(
                "zerosLike",
                call -> TracedManager.filled(call.tracer(), call.self().real().zerosLike(), 0)
                        .proxy());
        all.put(
                "onesLike",
                call -> TracedManager.filled(call.tracer(), call.self().real().onesLike(), 1)
                        .proxy());
    }

    private static NDArray unary(Call call, String operator) {
        NDArray real = call.array();
        return call.result(real, call.node(operator, call.self(real.getDataType())));
    }

    private static NDArray scaled(Call call, String operator, double factor) {
        NDArray real = call.array();
        DataType type = real.getDataType();
        return call.result(
                real,
                call.node(
                        "Mul",
                        call.node(operator, call.self(type)),
                        call.tracer().scalar(type, factor)));
    }

    private static NDArray binary(Call call, String operator) {
        NDArray real = call.array();
        DataType type = real.getDataType();
        return call.result(real, call.node(operator, call.self(type), call.operand(0, type)));
    }

    /** The type in which two operands are compared: the wider; an integer and a fraction as float32. */
    private static DataType common(Call call) {
        DataType own = call.self().type();
        if (call.args()[0] instanceof Number number) {
            boolean fraction = number instanceof Float || number instanceof Double;
            return fraction && !own.isFloating() ? DataType.FLOAT32 : own;
        }
        DataType other = call.traced(0).type();
        return WIDENING.indexOf(own) >= WIDENING.indexOf(other) ? own : other;
    }

    private static NDArray comparison(Call call, String operator) {
        DataType type = common(call);
        return call.result(call.array(), call.node(operator, call.self(type), call.operand(0, type)));
    }

    private static NDArray notEqual(Call call) {
        DataType type = common(call);
        return call.result(call.array(), call.node("Not", call.node("Equal", call.self(type), call.operand(0, type))));
    }

    private static NDArray logical(Call call, String operator) {
        return call.result(
                call.array(), call.node(operator, call.self(DataType.BOOLEAN), call.operand(0, DataType.BOOLEAN)));
    }

    /** The remainder has the divisor's sign, as PyTorch's. */
    private static NDArray remainder(Call call) {
        NDArray real = call.array();
        DataType type = real.getDataType();
        String x = call.self(type);
        String y = call.operand(0, type);
        return call.result(
                real,
                type.isFloating()
                        ? call.node("Sub", x, call.node("Mul", y, call.node("Floor", call.node("Div", x, y))))
                        : call.node("Mod", x, y));
    }

    private static NDArray clip(Call call) {
        NDArray real = call.array();
        DataType type = real.getDataType();
        return call.result(real, call.node("Clip", call.self(type), call.operand(0, type), call.operand(1, type)));
    }

    /** Where the condition holds this array, elsewhere the other. */
    private static NDArray where(Call call) {
        NDArray real = call.array();
        DataType type = real.getDataType();
        return call.result(
                real,
                call.node(
                        "Where", call.cast(call.traced(0), DataType.BOOLEAN), call.self(type), call.operand(1, type)));
    }

    private static NDArray toType(Call call) {
        DataType type = (DataType) call.args()[0];
        NDArray real = call.array();
        String value = call.self(type);
        return value.equals(call.self().value()) ? call.view(real, value) : call.result(real, value);
    }

    private static @Nullable Object same(Call call) {
        return call.view(call.self().real(), call.self().value());
    }
}
