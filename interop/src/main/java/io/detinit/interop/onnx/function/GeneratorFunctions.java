package io.detinit.interop.onnx.function;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.detinit.generator.SplitMix64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The generator as ONNX functions of standard operators (docs/regenerate.md has the formulas and what each costs).
 *
 * <p>{@code Addresses} hashes the indices and the layers once for a whole model. {@code Normal}, {@code Uniform} and {@code Signed}
 * compute a tensor of w0, float32; {@code MovedAt}, {@code MovedByGaps} and {@code MovedByBits} put other values into it.
 */
public final class GeneratorFunctions {

    /** The operator set of the functions. */
    public static final String DOMAIN = "io.detinit";

    /** The first operator set with BitwiseXor. */
    public static final int OPSET = 18;

    /** The first version of the format that goes with {@link #OPSET}; functions came with it. */
    public static final int IR_VERSION = 8;

    /** What the names of all values begin with that a model did not have before it computed weights. */
    public static final String PREFIX = DOMAIN + "/";

    private static final double TWO_TO_MINUS_53 = 0x1p-53;

    private static final List<String> ADDRESS = List.of("hashes", "states");
    private static final List<String> MATRIX = List.of("tensor", "rows", "columns", "row_shape", "column_shape");

    private final int opset;

    /**
     * The functions for models of an operator set.
     *
     * @param opset the version of the default operator set, >= {@link #OPSET}
     */
    public GeneratorFunctions(int opset) {
        this.opset = opset;
    }

    /**
     * A function.
     *
     * @param name its operator
     * @return the function, the same bytes every time
     * @throws IllegalArgumentException if there is none of that name
     */
    public OnnxMl.FunctionProto function(String name) {
        return switch (name) {
            case "Addresses" -> addresses();
            case "Normal" -> normal();
            case "Uniform" -> uniform();
            case "Signed" -> signed();
            case "MovedAt", "MovedByGaps", "MovedByBits" -> moved(name);
            default -> throw new IllegalArgumentException("no function " + name);
        };
    }

    /** hashes[k] = H(k), uint64 [count]; states[l] = bits(seed; layers[l]), uint64 [layers]. */
    private OnnxMl.FunctionProto addresses() {
        FunctionBuilder f = new FunctionBuilder(
                DOMAIN,
                "Addresses",
                List.of(),
                List.of("seed", "layers", "count"),
                "hashes[k] = H(k) for k < count, states[l] = H(seed ^ H(layers[l])); H is SplitMix64's output function");
        String indices = f.node("Range", f.integer(0), f.integer("count"), f.integer(1));
        String hashes = f.hash(f.cast(indices, DataType.UINT64));
        String layers = f.hash(f.cast(f.integers("layers"), DataType.UINT64));
        String states = f.hash(f.node("BitwiseXor", layers, f.cast(f.integer("seed"), DataType.UINT64)));
        return f.build(opset, outputs(hashes, "hashes", states, "states"));
    }

    private static FunctionBuilder scheme(String name, String parameter, String doc) {
        List<String> attributes = new java.util.ArrayList<>(MATRIX);
        attributes.add(parameter);
        return new FunctionBuilder(DOMAIN, name, ADDRESS, attributes, doc);
    }

    /** h = H(H(state ^ H(i)) ^ H(j)) for each i and j, in the shape that row_shape and column_shape broadcast to. */
    private static String matrix(FunctionBuilder f) {
        String state = f.node("Gather", "states", f.integer("tensor"));
        String start = f.integers(0L);
        String rows = f.node("Reshape", f.node("Slice", "hashes", start, f.integers("rows")), f.integers("row_shape"));
        String columns =
                f.node("Reshape", f.node("Slice", "hashes", start, f.integers("columns")), f.integers("column_shape"));
        String row = f.hash(f.node("BitwiseXor", rows, state));
        return f.hash(f.node("BitwiseXor", row, columns));
    }

    /** (bits(...; 0) >>> 11) + 1, a double in 1 to 2^53. */
    private static String firstDraw(FunctionBuilder f, String matrix) {
        String bits = f.hash(f.node("BitwiseXor", matrix, f.unsigned(SplitMix64.hash(0))));
        return f.cast(f.node("Add", f.shift(bits, f.unsigned(11)), f.unsigned(1)), DataType.DOUBLE);
    }

    /**
     * std z = sqrt(-2 std^2 ln u1) cos(2 pi u2). The cosine is that of (|u2 - 1/2| - 1/4) as a sine, which keeps the relative
     * accuracy at its zeros; scaled by 2^53 the differences are of integers and exact.
     */
    private OnnxMl.FunctionProto normal() {
        FunctionBuilder f = scheme("Normal", "std", "w0 = float32(std * sqrt(-2 ln u1) * cos(2 pi u2))");
        String matrix = matrix(f);
        String std = f.tensor("std");
        String variance = f.node("Mul", f.node("Mul", std, std), f.number(-2));
        String u1 = f.node("Mul", firstDraw(f, matrix), f.number(TWO_TO_MINUS_53));
        String radius = f.node("Sqrt", f.node("Mul", f.node("Log", u1), variance));
        String bits = f.hash(f.node("BitwiseXor", matrix, f.unsigned(SplitMix64.hash(1))));
        String second = f.cast(f.shift(bits, f.unsigned(11)), DataType.DOUBLE);
        String distance = f.node("Abs", f.node("Sub", second, f.number(0x1p52)));
        String turn = f.node("Sub", distance, f.number(0x1p51));
        String cosine = f.node("Sin", f.node("Mul", turn, f.number(2 * Math.PI * TWO_TO_MINUS_53)));
        String weights = f.cast(f.node("Mul", radius, cosine), DataType.FLOAT);
        return f.build(opset, Map.of(weights, "weights"));
    }

    /** bound (2 u1 - 1), where 2 u1 - 1 is exact. */
    private OnnxMl.FunctionProto uniform() {
        FunctionBuilder f = scheme("Uniform", "bound", "w0 = float32(bound * (2 u1 - 1))");
        String twice = f.node("Mul", firstDraw(f, matrix(f)), f.number(2 * TWO_TO_MINUS_53));
        String unit = f.node("Sub", twice, f.number(1));
        String weights = f.cast(f.node("Mul", unit, f.tensor("bound")), DataType.FLOAT);
        return f.build(opset, Map.of(weights, "weights"));
    }

    /** -std where the top bit of the first draw is set. */
    private OnnxMl.FunctionProto signed() {
        FunctionBuilder f =
                scheme("Signed", "std", "w0 = float32(std), negative where the top bit of the first draw is set");
        String bits = f.hash(f.node("BitwiseXor", matrix(f), f.unsigned(SplitMix64.hash(0))));
        String negative = f.cast(f.shift(bits, f.unsigned(63)), DataType.BOOL);
        String std = f.cast(f.tensor("std"), DataType.FLOAT);
        return f.build(opset, Map.of(f.node("Where", negative, f.node("Neg", std), std), "weights"));
    }

    /** The initial weights with the moved ones put in; positions are row-major. */
    private OnnxMl.FunctionProto moved(String name) {
        String doc = switch (name) {
            case "MovedAt" -> "initial with values[k] at the row-major position places[k]";
            case "MovedByGaps" -> "initial with values[k] at the row-major position places[0] + ... + places[k]";
            default -> "initial with values at the row-major positions whose bits are set, the lowest bit first";
        };
        FunctionBuilder f =
                new FunctionBuilder(DOMAIN, name, List.of("initial", "places", "values"), List.of("shape"), doc);
        String flat = f.node("Reshape", "initial", f.integers(-1L));
        String moved = switch (name) {
            case "MovedAt" -> f.node("ScatterElements", flat, "places", "values");
            case "MovedByGaps" -> {
                String positions = f.node("CumSum", f.cast("places", DataType.INT32), f.integer(0));
                yield f.node("ScatterElements", flat, positions, "values");
            }
            default -> byBits(f);
        };
        return f.build(opset, Map.of(f.node("Reshape", moved, f.integers("shape")), "weights"));
    }

    /**
     * Where a bit is set, the value whose number is how many bits are set before it. NonZero would be shorter, but ONNX Runtime
     * does not fold what has no shape before it runs. Before the first value the number is -1, which stands for the last one.
     */
    private static String byBits(FunctionBuilder f) {
        String eight = f.octets((byte) 0, (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6, (byte) 7);
        String single =
                f.node("BitwiseAnd", f.shift(f.node("Unsqueeze", "places", f.integers(1L)), eight), f.octets((byte) 1));
        String elements = f.node("ReduceProd", f.integers("shape"));
        String bits = f.node("Slice", f.node("Reshape", single, f.integers(-1L)), f.integers(0L), elements);
        String counts = f.node("CumSum", f.cast(bits, DataType.INT32), f.integer(0));
        String numbers = f.node("Sub", counts, f.cast(f.integer(1), DataType.INT32));
        String flat = f.node("Reshape", "initial", f.integers(-1L));
        return f.node("Where", f.cast(bits, DataType.BOOL), f.node("Gather", "values", numbers), flat);
    }

    private static Map<String, String> outputs(String first, String firstName, String second, String secondName) {
        Map<String, String> outputs = new LinkedHashMap<>();
        outputs.put(first, firstName);
        outputs.put(second, secondName);
        return outputs;
    }

    /**
     * A double as the tensor that an attribute of a call holds.
     *
     * @param value the double
     * @return a scalar
     */
    public static OnnxMl.TensorProto scalar(double value) {
        return FunctionBuilder.scalarTensor(DataType.DOUBLE, Double.doubleToLongBits(value));
    }
}
