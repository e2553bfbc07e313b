package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tensors of a model: initializers, sparse initializers and Constant nodes, of the graph, of the bodies of its
 * nodes at any depth, and of its functions; and names them.
 *
 * <p>At the top level a name is that of the initializer or of the Constant node's output. In a body it is
 * {@code <node>/<attribute>/<name>}, in a function {@code <function>/<name>}, nested as the bodies are. A name that is taken
 * gets {@code #2}, {@code #3} and so on.
 */
final class TensorCollector {

    static final int MAX_DEPTH = 32;
    private static final int MAX_TENSORS = 1 << 18;
    private static final int MAX_FUNCTIONS = 1 << 16;
    private static final int MAX_PREFIX = 256;
    /** Of all sparse tensors of a model together, when dense. */
    static final long MAX_SPARSE_BYTES = 8 * SparseReader.MAX_DENSE_BYTES;

    private final ModelSource source;
    private final FileWindow file;
    private final List<GraphTensor> tensors = new ArrayList<>();
    private final Map<String, Integer> taken = new HashMap<>();
    private final Map<Long, Map<String, Integer>> scopes = new HashMap<>();
    private final List<FunctionBody> functions = new ArrayList<>();
    private final Set<Integer> hidden = new HashSet<>();
    private final List<Frame> generator = new ArrayList<>();
    private int found;
    private long sparseBytes;

    TensorCollector(ModelSource source) {
        this.source = source;
        this.file = source.window();
    }

    /** All tensors; a tensor's number is its place here. */
    List<GraphTensor> tensors() {
        return tensors;
    }

    /** The numbers of the tensors that only serve to compute others. */
    Set<Integer> hidden() {
        return hidden;
    }

    /** The nodes and functions that all computed weights need. */
    List<Frame> generator() {
        return generator;
    }

    /** Adds a weight that nodes of the top-level graph compute. */
    void compute(Frame graph, String local, Storage.Computed storage) throws MalformedFileException {
        count(storage.frame());
        add(graph, local, unique(local), GraphTensor.Place.COMPUTED, Optional.of(storage));
    }

    void hide(@Nullable Integer tensor) {
        if (tensor != null) {
            hidden.add(tensor);
        }
    }

    /** Hides the constants of a function. */
    void hideWithin(Frame function) {
        for (int number = 0; number < tensors.size(); number++) {
            long at = tensors.get(number).storage().frame().from();
            if (at >= function.from() && at < function.to()) {
                hidden.add(number);
            }
        }
    }

    /** The functions. */
    List<FunctionBody> functions() {
        return functions;
    }

    /** The numbers of the tensors that a graph or function holds itself, by their names inside. */
    Map<String, Integer> scope(Frame graph) {
        return scopes.getOrDefault(graph.from(), Map.of());
    }

    void graph(Frame graph) throws IOException {
        graph(graph, "", 0);
    }

    void function(Frame frame) throws IOException {
        if (functions.size() == MAX_FUNCTIONS) {
            throw file.malformed("model", frame.fieldStart(), "more than " + MAX_FUNCTIONS + " functions", "fewer");
        }
        FunctionBody function = FunctionBody.read(file, frame);
        functions.add(function);
        nodes(frame, ModelField.FUNCTION_NODE, prefix("", function.name(), frame), 0);
    }

    private void graph(Frame graph, String prefix, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw MalformedFileException.of(
                    file.name(), "graph", "bodies nested more than " + MAX_DEPTH + " deep", "fewer");
        }
        Set<String> names = new HashSet<>();
        WireCursor fields = WireCursor.over(file, "graph", graph);
        while (fields.next()) {
            if (fields.field() == ModelField.GRAPH_INITIALIZER) {
                initializer(graph, fields.frame(graph, "initializer " + found), prefix, names);
            } else if (fields.field() == ModelField.GRAPH_SPARSE_INITIALIZER) {
                sparse(graph, fields.frame(graph, "sparse initializer " + found), prefix, names);
            }
        }
        nodes(graph, ModelField.GRAPH_NODE, prefix, depth);
    }

    private void initializer(Frame graph, Frame frame, String prefix, Set<String> names) throws IOException {
        String local = local(TensorReader.name(file, "initializer " + found, frame), frame, names);
        String name = unique(prefix + local);
        add(graph, local, name, GraphTensor.Place.INITIALIZER, TensorReader.read(source, label(frame, name), frame));
    }

    private String label(Frame frame, String name) {
        return (frame.field() == ModelField.GRAPH_INITIALIZER
                        ? GraphTensor.Place.INITIALIZER
                        : GraphTensor.Place.SPARSE_INITIALIZER)
                .label(name);
    }

    private void sparse(Frame graph, Frame frame, String prefix, Set<String> names) throws IOException {
        String local = local(SparseReader.name(file, "sparse initializer " + found, frame), frame, names);
        String name = unique(prefix + local);
        Optional<Storage.Sparse> sparse = SparseReader.read(source, label(frame, name), frame);
        add(graph, local, name, GraphTensor.Place.SPARSE_INITIALIZER, bounded(sparse, frame));
    }

    private String local(String name, Frame frame, Set<String> names) throws MalformedFileException {
        count(frame);
        if (name.isEmpty()) {
            throw file.malformed("initializer " + (found - 1), frame.fieldStart(), "no name", "a name");
        }
        if (!names.add(name)) {
            throw file.malformed(label(frame, name), frame.fieldStart(), "a second one of that name", "unique names");
        }
        return name;
    }

    private void count(Frame frame) throws MalformedFileException {
        if (found++ == MAX_TENSORS) {
            throw file.malformed("model", frame.fieldStart(), "more than " + MAX_TENSORS + " tensors", "fewer");
        }
    }

    private Optional<Storage.Sparse> bounded(Optional<Storage.Sparse> sparse, Frame frame)
            throws MalformedFileException {
        if (sparse.isPresent()) {
            sparseBytes +=
                    sparse.get().type().dtype().bytesOf(sparse.get().shape().elements());
            if (sparseBytes > MAX_SPARSE_BYTES) {
                throw file.malformed(
                        "model",
                        frame.fieldStart(),
                        "sparse tensors of more than " + MAX_SPARSE_BYTES + " bytes when dense",
                        "less");
            }
        }
        return sparse;
    }

    private void add(
            Frame graph, String local, String name, GraphTensor.Place place, Optional<? extends Storage> storage) {
        if (storage.isPresent()) {
            scopes.computeIfAbsent(graph.from(), from -> new HashMap<>()).putIfAbsent(local, tensors.size());
            tensors.add(new GraphTensor(name, place, storage.get()));
        }
    }

    private String unique(String name) {
        if (!taken.containsKey(name)) {
            taken.put(name, 1);
            return name;
        }
        while (true) {
            int number = taken.merge(name, 1, Integer::sum);
            String other = name + "#" + number;
            if (taken.putIfAbsent(other, 1) == null) {
                return other;
            }
        }
    }

    /** The part of a name that says in which body a tensor stands; its length is bounded, whatever the depth. */
    private static String prefix(String outer, String step, Frame frame) {
        String prefix = outer + step + "/";
        return prefix.length() <= MAX_PREFIX ? prefix : "graph@" + frame.from() + "/";
    }

    private void nodes(Frame scope, int field, String prefix, int depth) throws IOException {
        WireCursor fields = WireCursor.over(file, "graph", scope);
        while (fields.next()) {
            if (fields.field() != field) {
                continue;
            }
            Node node = Node.read(file, fields.frame(scope, "node"));
            if (!node.hasAttributes()) {
                continue;
            }
            WireCursor attributes = WireCursor.over(file, "node", node.frame());
            while (attributes.next()) {
                if (attributes.field() == ModelField.NODE_ATTRIBUTE) {
                    Attribute attribute = Attribute.read(file, attributes.frame(node.frame(), "attribute"));
                    if (node.isConstant()) {
                        constant(scope, node, attribute, prefix);
                    } else {
                        bodies(node, attribute, prefix, depth);
                    }
                }
            }
        }
    }

    private void bodies(Node node, Attribute attribute, String prefix, int depth) throws IOException {
        if (attribute.tensor() != null) {
            noteExternal(node, attribute, attribute.tensor());
        }
        if (!attribute.hasGraphs()) {
            return;
        }
        int index = 0;
        WireCursor fields = WireCursor.over(file, "attribute", attribute.frame());
        while (fields.next()) {
            boolean one = fields.field() == ModelField.ATTRIBUTE_G;
            if (one || fields.field() == ModelField.ATTRIBUTE_GRAPHS) {
                Frame body = fields.frame(attribute.frame(), "graph attribute");
                String step = node.label() + "/" + attribute.name() + (one ? "" : "[" + index++ + "]");
                graph(body, prefix(prefix, step, body), depth + 1);
            }
        }
    }

    /** A tensor attribute of another node than Constant is not read; but a copy of the model must know of its data file. */
    private void noteExternal(Node node, Attribute attribute, Frame tensor) throws IOException {
        WireCursor fields = WireCursor.over(file, "tensor attribute", tensor);
        while (fields.next()) {
            if (fields.field() == TensorField.DATA_LOCATION && fields.number("data_location") == 1) {
                String label = "attribute " + attribute.name() + " of node '" + node.label() + "'";
                source.unreadExternal(label);
                source.warnings().add(label + " has external data and is kept but not read");
            }
        }
    }

    private void constant(Frame scope, Node node, Attribute attribute, String prefix) throws IOException {
        String local = node.output();
        if (local.isEmpty()) {
            return;
        }
        if (attribute.tensor() != null) {
            count(attribute.frame());
            String name = unique(prefix + local);
            String label = GraphTensor.Place.CONSTANT_VALUE.label(name);
            add(
                    scope,
                    local,
                    name,
                    GraphTensor.Place.CONSTANT_VALUE,
                    TensorReader.read(source, label, attribute.tensor()));
        } else if (attribute.sparseTensor() != null) {
            count(attribute.frame());
            String name = unique(prefix + local);
            String label = GraphTensor.Place.CONSTANT_SPARSE.label(name);
            Optional<Storage.Sparse> sparse = SparseReader.read(source, label, attribute.sparseTensor());
            add(scope, local, name, GraphTensor.Place.CONSTANT_SPARSE, bounded(sparse, attribute.frame()));
        } else if (attribute.numbers() != 0) {
            count(attribute.frame());
            String name = unique(prefix + local);
            add(scope, local, name, GraphTensor.Place.CONSTANT_NUMBERS, Optional.of(numbers(name, attribute)));
        }
    }

    private Storage.Dense numbers(String name, Attribute attribute) throws IOException {
        int field = attribute.numbers();
        boolean floats = field == ModelField.ATTRIBUTE_F || field == ModelField.ATTRIBUTE_FLOATS;
        boolean scalar = field == ModelField.ATTRIBUTE_F || field == ModelField.ATTRIBUTE_I;
        OnnxType type = floats ? OnnxType.FLOAT : OnnxType.INT64;
        TensorShape shape = scalar ? TensorShape.of() : TensorShape.of(attribute.count());
        String label = GraphTensor.Place.CONSTANT_NUMBERS.label(name);
        TypedField typed = TypedField.of(file, label, attribute.frame(), field, attribute.name(), type, shape);
        return new Storage.Dense(attribute.frame(), type, shape, new Storage.Typed(typed));
    }
}
