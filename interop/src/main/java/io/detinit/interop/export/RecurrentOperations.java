package io.detinit.interop.export;

import ai.djl.ndarray.NDList;
import ai.djl.nn.recurrent.RNN;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * RNN, GRU and LSTM, a node per layer. Weights stay as DJL stores them, gates in PyTorch's order (LSTM i, f, g, o; GRU r, z,
 * n); the graph puts their rows into ONNX's (i, o, f, c; z, r, h). GRU's hidden bias is inside the reset gate
 * (linear_before_reset).
 */
final class RecurrentOperations {

    /** Per kind: the operator, and which of PyTorch's gates comes where in ONNX. */
    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private enum Kind {
        RNN("RNN", 0),
        GRU("GRU", 1, 0, 2),
        LSTM("LSTM", 0, 3, 1, 2);

        private final String operator;
        private final List<Integer> gates;

        Kind(String operator, Integer... gates) {
            this.operator = operator;
            this.gates = List.of(gates);
        }
    }

    private record Settings(boolean biases, int layers, boolean bidirectional, boolean batchFirst, String activation) {
        int directions() {
            return bidirectional ? 2 : 1;
        }
    }

    private RecurrentOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        all.put(
                "rnn",
                call -> follow(
                        call,
                        Kind.RNN,
                        List.of(call.traced(1)),
                        new Settings(
                                call.flag(3),
                                call.integer(4),
                                call.flag(8),
                                call.flag(9),
                                call.args()[5] == RNN.Activation.RELU ? "Relu" : "Tanh")));
        all.put("gru", call -> follow(call, Kind.GRU, List.of(call.traced(1)), gated(call)));
        all.put("lstm", call -> follow(call, Kind.LSTM, call.arrays(1), gated(call)));
    }

    private static Settings gated(Call call) {
        return new Settings(call.flag(3), call.integer(4), call.flag(7), call.flag(8), "");
    }

    private static NDList follow(Call call, Kind kind, List<TracedArray> states, Settings settings) {
        List<TracedArray> parameters = inPytorchOrder(call.arrays(2), settings);
        NDList real = run(call, parameters);
        long size = parameters.get(1).real().getShape().get(1);
        int perDirection = settings.biases() ? 4 : 2;
        String value = call.traced(0).value();
        if (settings.batchFirst()) {
            value = call.node("Transpose", Map.of("perm", new long[] {1, 0, 2}), value);
        }
        List<List<String>> ends = new ArrayList<>();
        states.forEach(state -> ends.add(new ArrayList<>()));
        for (int layer = 0; layer < settings.layers(); layer++) {
            int from = layer * settings.directions() * perDirection;
            List<TracedArray> own = parameters.subList(from, from + settings.directions() * perDirection);
            List<String> outputs = layer(call, kind, value, own, states, layer, settings, size);
            value = merged(call, outputs.get(0), settings, size);
            for (int k = 0; k < states.size(); k++) {
                ends.get(k).add(outputs.get(k + 1));
            }
        }
        if (settings.batchFirst()) {
            value = call.node("Transpose", Map.of("perm", new long[] {1, 0, 2}), value);
        }
        NDList results = new NDList(call.result(real.get(0), value));
        for (int k = 0; k < states.size(); k++) {
            String[] all = ends.get(k).toArray(String[]::new);
            results.add(call.result(
                    real.get(k + 1), all.length == 1 ? all[0] : call.node("Concat", Map.of("axis", 0), all)));
        }
        return results;
    }

    /**
     * DJL lists the weights of both directions and then their biases, where PyTorch has weights and biases of one direction
     * after the other.
     */
    private static List<TracedArray> inPytorchOrder(List<TracedArray> given, Settings settings) {
        if (!settings.biases() || !settings.bidirectional()) {
            return given;
        }
        List<TracedArray> ordered = new ArrayList<>();
        for (int layer = 0; layer < given.size(); layer += 8) {
            List<TracedArray> own = given.subList(layer, layer + 8);
            if (own.get(2).real().getShape().dimension() == 1) {
                return given;
            }
            for (int k : new int[] {0, 1, 4, 5, 2, 3, 6, 7}) {
                ordered.add(own.get(k));
            }
        }
        return ordered;
    }

    private static NDList run(Call call, List<TracedArray> parameters) {
        Object[] args = call.args().clone();
        args[2] = call.tracer().proxies(parameters);
        return new Call(call.tracer(), call.self(), call.method(), args, true).list();
    }

    /** One layer: its outputs are Y, and the last state of h and (LSTM) of c. */
    private static List<String> layer(
            Call call,
            Kind kind,
            String input,
            List<TracedArray> parameters,
            List<TracedArray> states,
            int layer,
            Settings settings,
            long size) {
        int directions = settings.directions();
        int perDirection = settings.biases() ? 4 : 2;
        List<String> weights = new ArrayList<>();
        List<String> recurrent = new ArrayList<>();
        List<String> biases = new ArrayList<>();
        for (int d = 0; d < directions; d++) {
            List<TracedArray> own = parameters.subList(d * perDirection, (d + 1) * perDirection);
            weights.add(gates(call, kind, own.get(0), size));
            recurrent.add(gates(call, kind, own.get(1), size));
            if (settings.biases()) {
                String both = call.node(
                        "Concat",
                        Map.of("axis", 0),
                        ordered(call, kind, own.get(2), size),
                        ordered(call, kind, own.get(3), size));
                biases.add(unsqueezed(call, both));
            }
        }
        List<String> inputs = new ArrayList<>(List.of(
                input,
                joined(call, weights),
                joined(call, recurrent),
                settings.biases() ? joined(call, biases) : "",
                ""));
        if (states.stream().anyMatch(state -> !state.isZeros())) {
            for (TracedArray state : states) {
                inputs.add(
                        settings.layers() == 1
                                ? state.value()
                                : slice(call, state, (long) layer * directions, (layer + 1L) * directions));
            }
        } else if (!settings.biases()) {
            inputs = inputs.subList(0, 3);
        } else {
            inputs = inputs.subList(0, 4);
        }
        return call.graph()
                .nodes(
                        1 + states.size(),
                        kind.operator,
                        attributes(kind, settings, size),
                        inputs.toArray(String[]::new));
    }

    private static Map<String, Object> attributes(Kind kind, Settings settings, long size) {
        Map<String, Object> attributes = new HashMap<>(Map.of("hidden_size", size));
        if (settings.bidirectional()) {
            attributes.put("direction", "bidirectional");
        }
        if (kind == Kind.GRU) {
            attributes.put("linear_before_reset", 1);
        }
        if (kind == Kind.RNN) {
            String[] activations = new String[settings.directions()];
            Arrays.fill(activations, settings.activation());
            attributes.put("activations", activations);
        }
        return attributes;
    }

    private static String slice(Call call, TracedArray state, long from, long to) {
        return IndexOperations.slice(call, state.value(), 0, from, to, 1);
    }

    private static String joined(Call call, List<String> directions) {
        return directions.size() == 1
                ? directions.get(0)
                : call.node("Concat", Map.of("axis", 0), directions.toArray(String[]::new));
    }

    private static String unsqueezed(Call call, String value) {
        return call.node("Unsqueeze", value, call.graph().constant(OnnxTypes.longs(0)));
    }

    private static String gates(Call call, Kind kind, TracedArray weight, long size) {
        return unsqueezed(call, ordered(call, kind, weight, size));
    }

    /** The rows of a weight or bias, gate by gate in ONNX's order. */
    private static String ordered(Call call, Kind kind, TracedArray weight, long size) {
        if (kind.gates.size() == 1) {
            return weight.value();
        }
        long[] sizes = new long[kind.gates.size()];
        Arrays.fill(sizes, size);
        List<String> parts = call.graph()
                .nodes(
                        sizes.length,
                        "Split",
                        Map.of("axis", 0),
                        weight.value(),
                        call.graph().constant(OnnxTypes.longs(sizes)));
        String[] order = new String[sizes.length];
        for (int k = 0; k < order.length; k++) {
            order[k] = parts.get(kind.gates.get(k));
        }
        return call.node("Concat", Map.of("axis", 0), order);
    }

    /** {@code [T, directions, N, H]} as {@code [T, N, directions * H]}. */
    private static String merged(Call call, String output, Settings settings, long size) {
        if (!settings.bidirectional()) {
            return call.node("Squeeze", output, call.graph().constant(OnnxTypes.longs(1)));
        }
        String sideBySide = call.node("Transpose", Map.of("perm", new long[] {0, 2, 1, 3}), output);
        return call.node("Reshape", sideBySide, call.graph().constant(OnnxTypes.longs(0, 0, 2 * size)));
    }
}
