package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.WeightUse.Layout;
import io.detinit.interop.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows tensors through a model in one pass over its nodes, which come in topological order: in what order they are first
 * named, by which node each is consumed. A node's inputs come before what its bodies (If, Loop, Scan) or its function take.
 */
final class UseFinder {

    private static final int MAX_VALUES = 1 << 20;
    private static final int MAX_DEPTH = 2 * TensorCollector.MAX_DEPTH;
    private static final long MIN_BUDGET = 1 << 24;
    private static final int MAX_RESHAPE = 16;

    /** An input that is, or was made of, a tensor of the file. */
    private record Input(int slot, Origin origin) {}

    /** The values of one graph or function that are of interest. */
    private record Scope(
            Map<String, Integer> tensors,
            Map<String, Origin> derived,
            @Nullable Scope outer) {
        @Nullable
        Origin find(String name) {
            if (name.isEmpty()) {
                return null;
            }
            for (Scope scope = this; scope != null; scope = scope.outer) {
                Origin origin = scope.derived.get(name);
                if (origin != null) {
                    return origin;
                }
                Integer tensor = scope.tensors.get(name);
                if (tensor != null) {
                    return Origin.of(tensor);
                }
            }
            return null;
        }
    }

    private final ModelSource source;
    private final FileWindow file;
    private final TensorCollector collector;
    private final Map<String, FunctionBody> functions = new HashMap<>();
    private final Set<Frame> called = new HashSet<>();
    private final Set<Integer> order = new LinkedHashSet<>();
    private final @Nullable TensorUse[] uses;
    private long budget;
    private int values;

    UseFinder(ModelSource source, TensorCollector collector) {
        this.source = source;
        this.file = source.window();
        this.collector = collector;
        this.uses = new @Nullable TensorUse[collector.tensors().size()];
        this.budget = Math.max(MIN_BUDGET, 4 * file.size());
        for (FunctionBody function : collector.functions()) {
            functions.putIfAbsent(FunctionBody.key(function.domain(), function.name()), function);
        }
    }

    /** The numbers of the tensors that a node names, first named first. */
    Set<Integer> order() {
        return order;
    }

    /** What is known of a tensor's use. */
    @Nullable
    TensorUse use(int tensor) {
        return uses[tensor];
    }

    void graph(Frame graph) throws IOException {
        Map<String, Integer> tensors = collector.scope(graph);
        nodes(graph, ModelField.GRAPH_NODE, new Scope(tensors, new HashMap<>(), null), "", 0);
        WireCursor fields = WireCursor.over(file, "graph", graph);
        while (fields.next()) {
            if (fields.field() == ModelField.GRAPH_VALUE_INFO) {
                valueInfo(fields.frame(graph, "value_info"), tensors);
            }
        }
    }

    private void valueInfo(Frame frame, Map<String, Integer> tensors) throws IOException {
        WireCursor fields = WireCursor.over(file, "value_info", frame);
        while (fields.next()) {
            if (fields.field() == ModelField.VALUE_INFO_NAME) {
                Integer tensor = tensors.get(fields.name("name"));
                TensorUse use = tensor == null ? null : uses[tensor];
                String path = use == null ? "" : ModulePaths.ofValue(file, frame);
                if (tensor != null && use != null && !path.isEmpty()) {
                    uses[tensor] = new TensorUse(use.use(), path, use.certainty());
                }
            }
        }
    }

    private void nodes(Frame graph, int field, Scope scope, String outerPath, int depth) throws IOException {
        WireCursor fields = WireCursor.over(file, "graph", graph);
        while (fields.next()) {
            if (fields.field() != field) {
                continue;
            }
            Node node = Node.read(file, fields.frame(graph, "node"));
            if (node.outputs().stream().anyMatch(output -> isComputed(scope, output))) {
                continue;
            }
            List<Input> inputs = new ArrayList<>(0);
            for (int slot = 0; slot < node.inputs().size(); slot++) {
                Origin origin = scope.find(node.inputs().get(slot));
                if (origin != null) {
                    inputs.add(new Input(slot, origin));
                    if (!origin.isProduct()) {
                        order.add(origin.tensor());
                    }
                }
            }
            FunctionBody function = functions.get(FunctionBody.key(node.domain(), node.operator()));
            if (function != null) {
                call(function, node, inputs, scope, outerPath, depth);
            } else if (!inputs.isEmpty()) {
                consume(node, inputs, scope, outerPath);
            }
            if (node.hasAttributes() && !node.isConstant()) {
                bodies(node, scope, outerPath, depth);
            }
        }
    }

    /** Whether a value is a tensor already: one that the node computes. */
    private boolean isComputed(Scope scope, String output) {
        Integer tensor = scope.tensors().get(output);
        return tensor != null && collector.tensors().get(tensor).place() == GraphTensor.Place.COMPUTED;
    }

    private void bodies(Node node, Scope scope, String outerPath, int depth) throws IOException {
        WireCursor fields = WireCursor.over(file, "node", node.frame());
        while (fields.next()) {
            if (fields.field() != ModelField.NODE_ATTRIBUTE) {
                continue;
            }
            Frame attribute = fields.frame(node.frame(), "attribute");
            WireCursor parts = WireCursor.over(file, "attribute", attribute);
            while (parts.next()) {
                if (parts.field() == ModelField.ATTRIBUTE_G || parts.field() == ModelField.ATTRIBUTE_GRAPHS) {
                    Frame body = parts.frame(attribute, "graph attribute");
                    Scope inside = new Scope(collector.scope(body), new HashMap<>(), scope);
                    nodes(body, ModelField.GRAPH_NODE, inside, outerPath, depth + 1);
                }
            }
        }
    }

    /** Walks a function where it is called, as long as the time that takes is in proportion to the file. */
    private void call(FunctionBody function, Node node, List<Input> inputs, Scope scope, String outerPath, int depth)
            throws IOException {
        long cost = function.frame().to() - function.frame().from();
        boolean first = called.add(function.frame());
        if (depth > MAX_DEPTH || budget < cost || (!first && inputs.isEmpty())) {
            return;
        }
        budget -= cost + 1;
        Scope inside = new Scope(collector.scope(function.frame()), new HashMap<>(), null);
        for (Input input : inputs) {
            if (input.slot() < function.inputs().size()) {
                derive(inside, function.inputs().get(input.slot()), input.origin());
            }
        }
        String path = ModulePaths.of(file, node);
        nodes(function.frame(), ModelField.FUNCTION_NODE, inside, path.isEmpty() ? outerPath : path, depth + 1);
        for (int k = 0; k < Math.min(function.outputs().size(), node.outputs().size()); k++) {
            Origin origin = inside.find(function.outputs().get(k));
            if (origin != null) {
                derive(scope, node.outputs().get(k), origin);
            }
        }
    }

    private void derive(Scope scope, String name, Origin origin) {
        if (!name.isEmpty() && values < MAX_VALUES) {
            values++;
            scope.derived().put(name, origin);
        }
    }

    private void consume(Node node, List<Input> inputs, Scope scope, String outerPath) throws IOException {
        NodeSettings settings = NodeSettings.read(file, node);
        Origin passed = null;
        boolean product = false;
        boolean bias = node.operator().equals("Add")
                && inputs.stream().anyMatch(input -> input.origin().isProduct());
        for (Input input : inputs) {
            Origin origin = input.origin();
            if (input.slot() == 0) {
                passed = pass(node, settings, origin, scope);
            } else if (origin.isProduct() && node.operator().equals("Mul")) {
                passed = origin; // a quantised product times its scale
            }
            if (origin.isProduct()) {
                continue;
            }
            GraphTensor tensor = collector.tensors().get(origin.tensor());
            WeightSlots.Role role = WeightSlots.role(node, input.slot());
            Layout layout = Layout.OTHER;
            if (role != null) {
                layout = WeightSlots.layout(role, settings, origin, tensor.shape());
                product |= role.isFactor();
            } else if (bias && Origin.isVector(tensor.shape())) {
                layout = Layout.BIAS;
            }
            boolean through = passed != null && input.slot() == 0;
            int certainty = layout != Layout.OTHER ? 2 : through ? 0 : 1;
            TensorUse known = uses[origin.tensor()];
            if (known == null || known.certainty() < certainty) {
                boolean quantised = origin.quantised()
                        || (role != null
                                && role.isFactor()
                                && !tensor.type().dtype().isFloating());
                String path = ModulePaths.of(file, node);
                uses[origin.tensor()] = new TensorUse(
                        new WeightUse(node.operator(), node.label(), input.slot(), layout, quantised),
                        path.isEmpty() ? outerPath : path,
                        certainty);
            }
        }
        if (product) {
            derive(scope, node.output(), Origin.PRODUCT);
        } else if (passed != null) {
            derive(scope, node.output(), passed);
        }
    }

    /** What the first output is where a node hands its first input on; null for all other nodes. */
    private @Nullable Origin pass(Node node, NodeSettings settings, Origin origin, Scope scope) throws IOException {
        if (!node.domain().isEmpty()) {
            return null;
        }
        switch (node.operator()) {
            case "Identity", "Cast", "CastLike", "Dropout", "QuantizeLinear" -> {
                return origin;
            }
            case "Mul" -> {
                return origin.isProduct() ? origin : null;
            }
            case "DequantizeLinear" -> {
                return origin.isProduct() ? null : origin.dequantised();
            }
            case "Transpose" -> {
                if (origin.isProduct()) {
                    return null;
                }
                TensorShape shape = collector.tensors().get(origin.tensor()).shape();
                return settings.swapsLastTwo(shape.rank()) ? origin.flip() : origin.reshaped(false, false);
            }
            case "Reshape", "Squeeze", "Unsqueeze", "Flatten" -> {
                return origin.isProduct() ? null : reshaped(node, origin, scope);
            }
            default -> {
                return null;
            }
        }
    }

    private Origin reshaped(Node node, Origin origin, Scope scope) throws IOException {
        TensorShape old = collector.tensors().get(origin.tensor()).shape();
        Origin target = node.operator().equals("Reshape") && node.inputs().size() > 1
                ? scope.find(node.inputs().get(1))
                : null;
        if (target == null || target.isProduct() || old.rank() == 0) {
            return origin.reshaped(false, false);
        }
        GraphTensor dims = collector.tensors().get(target.tensor());
        long count = dims.shape().elements();
        if (dims.type() != OnnxType.INT64
                || count < 2
                || count > MAX_RESHAPE
                || !(dims.storage() instanceof Storage.Dense dense)) {
            return origin.reshaped(false, false);
        }
        TensorInfo info = new TensorInfo(dims.name(), dims.type().dtype(), dims.shape(), TensorInfo.Kind.CONSTANT);
        ByteBuffer bytes = source.view(info, dense).view(0, (int) count * 8);
        return origin.reshaped(
                bytes.getLong(0) == old.dim(0), bytes.getLong((int) (count - 1) * 8) == old.dim(old.rank() - 1));
    }
}
