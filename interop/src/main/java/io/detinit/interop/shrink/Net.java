package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A model in memory whose top-level graph is rewritten: nodes, float32 constants. Data files are read in. Not thread-safe. */
final class Net {

    /** What is read into memory: an ONNX file holds no more. */
    private static final long MAX_BYTES = Integer.MAX_VALUE - (1L << 20);

    private static final int OVERRIDABLE = 4;

    private final String name;
    private final OnnxMl.ModelProto source;
    private final List<GraphNode> nodes = new ArrayList<>();
    private final Map<String, OnnxMl.TensorProto> initializers = new LinkedHashMap<>();
    private final Map<String, Constant> decoded = new HashMap<>();
    private final Map<String, Constant> folded = new HashMap<>();
    private final Map<String, long[]> integers = new HashMap<>();
    private final Set<String> inputs = new HashSet<>();
    private final Set<String> outputs = new HashSet<>();
    private final Set<String> captured;
    private final Set<String> names = new HashSet<>();
    private final Set<String> changed = new HashSet<>();

    private Net(String name, OnnxMl.ModelProto source, Set<String> captured) {
        this.name = name;
        this.source = source;
        this.captured = captured;
        OnnxMl.GraphProto graph = source.getGraph();
        graph.getInputList().forEach(input -> inputs.add(input.getName()));
        graph.getOutputList().forEach(output -> outputs.add(output.getName()));
        for (OnnxMl.NodeProto node : graph.getNodeList()) {
            nodes.add(new GraphNode(node.toBuilder()));
            names.addAll(node.getOutputList());
        }
        names.addAll(inputs);
        names.addAll(captured);
    }

    /**
     * Reads a model.
     *
     * @param checkpoint the open model, whose lengths and data files have been checked
     * @return the net
     * @throws ObstacleException if it cannot be rewritten
     * @throws MalformedFileException if it is not the message that it should be
     */
    static Net read(OnnxCheckpoint checkpoint) throws IOException, ObstacleException {
        OnnxMl.ModelProto model;
        try {
            model = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(checkpoint.path()));
        } catch (InvalidProtocolBufferException e) {
            throw MalformedFileException.of(
                    checkpoint.path(), "model", "\"" + e.getMessage() + "\"", "a protobuf message of ModelProto");
        }
        if (model.getTrainingInfoCount() > 0) {
            throw new ObstacleException("it has training information, which names its weights");
        }
        model = NodeOrder.sorted(model);
        Bodies bodies = Bodies.of(model);
        if (bodies.hasExternalData()) {
            throw new ObstacleException("a body, function or attribute keeps its tensors in data files");
        }
        Net net = new Net(checkpoint.path().toString(), model, bodies.names());
        long bytes = 0;
        for (OnnxMl.TensorProto tensor : model.getGraph().getInitializerList()) {
            OnnxMl.TensorProto inside = tensor;
            if (isExternal(tensor)) {
                TensorView view = checkpoint
                        .find(tensor.getName())
                        .orElseThrow(() -> new ObstacleException(
                                "the tensor '" + tensor.getName() + "' in a data file is of a type that is not read"));
                bytes += view.info().bytes();
                if (bytes > MAX_BYTES) {
                    throw new ObstacleException("its data files hold more than 2 GiB, more than an ONNX file can");
                }
                ByteBuffer read =
                        ByteBuffer.allocate(Math.toIntExact(view.info().bytes()));
                view.readBytes(0, read);
                inside = tensor.toBuilder()
                        .clearExternalData()
                        .clearDataLocation()
                        .setRawData(ByteString.copyFrom(read.flip()))
                        .build();
            }
            if (net.initializers.put(tensor.getName(), inside) != null) {
                throw new ObstacleException("two of its initializers are called '" + tensor.getName() + "'");
            }
            net.names.add(tensor.getName());
        }
        if (bytes + source(checkpoint) > MAX_BYTES) {
            throw new ObstacleException("with its data files it is larger than 2 GiB, more than an ONNX file can be");
        }
        model.getGraph()
                .getSparseInitializerList()
                .forEach(sparse -> net.names.add(sparse.getValues().getName()));
        return net;
    }

    private static long source(OnnxCheckpoint checkpoint) throws IOException {
        return Files.size(checkpoint.path());
    }

    static boolean isExternal(OnnxMl.TensorProto tensor) {
        return tensor.getDataLocation() == OnnxMl.TensorProto.DataLocation.EXTERNAL;
    }

    String name() {
        return name;
    }

    List<GraphNode> nodes() {
        return nodes;
    }

    Set<String> outputs() {
        return outputs;
    }

    /** The inputs that have to be fed, by name. */
    List<String> fedInputs() {
        return source.getGraph().getInputList().stream()
                .map(OnnxMl.ValueInfoProto::getName)
                .filter(input -> !initializers.containsKey(input))
                .toList();
    }

    boolean isCaptured(String value) {
        return captured.contains(value);
    }

    boolean isInitializer(String value) {
        return initializers.containsKey(value);
    }

    /** Whether a caller may replace an initializer by an input; before ir_version 4 the listing as an input is a must. */
    boolean isOverridable(String value) {
        return source.getIrVersion() >= OVERRIDABLE && inputs.contains(value);
    }

    /** The node that makes a value. */
    Optional<GraphNode> maker(String value) {
        return nodes.stream().filter(node -> node.outputs().contains(value)).findFirst();
    }

    /** The nodes that read a value, one for each time. */
    List<GraphNode> readers(String value) {
        List<GraphNode> readers = new ArrayList<>();
        for (GraphNode node : nodes) {
            for (String input : node.inputs()) {
                if (input.equals(value)) {
                    readers.add(node);
                }
            }
        }
        return readers;
    }

    /** How often a value is used, outputs of the model and bodies included. */
    int uses(String value) {
        return readers(value).size() + (outputs.contains(value) ? 1 : 0) + (captured.contains(value) ? 1 : 0);
    }

    /** Remembers the elements of a value that does not depend on the inputs. */
    void remember(String value, Constant constant) {
        folded.put(value, constant);
    }

    /** A float32 tensor that is the same in every run; null where it is none, or can be overridden. */
    @Nullable
    Constant constant(String value) {
        Constant known = decoded.get(value);
        if (known == null) {
            OnnxMl.TensorProto tensor = initializers.get(value);
            known = tensor != null ? isOverridable(value) ? null : Tensors.floats(tensor) : folded.get(value);
            if (known != null) {
                decoded.put(value, known);
            }
        }
        return known;
    }

    /** The axes of a tensor in the file or of a value that does not depend on the inputs; null for others. */
    long @Nullable [] dims(String value) {
        OnnxMl.TensorProto tensor = initializers.get(value);
        if (tensor != null) {
            return tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
        }
        Constant known = folded.get(value);
        return known == null ? null : known.dims();
    }

    /** The few integers that a value holds in every run; null where it holds others, many, or can be overridden. */
    long @Nullable [] integers(String value) {
        OnnxMl.TensorProto tensor = initializers.get(value);
        if (tensor != null) {
            return isOverridable(value) ? null : Tensors.longs(tensor);
        }
        return integers.get(value);
    }

    /** Remembers the integers of a value that does not depend on the inputs. */
    void remember(String value, long[] values) {
        integers.put(value, values);
    }

    /** Whether a value is the same in every run. */
    boolean isStatic(String value) {
        return value.isEmpty()
                || folded.containsKey(value)
                || integers.containsKey(value)
                || (initializers.containsKey(value) && !isOverridable(value));
    }

    /** Why a value is no float32 constant that could be rewritten; null where it is one. */
    @Nullable
    String obstacle(String value) {
        OnnxMl.TensorProto tensor = initializers.get(value);
        if (constant(value) != null) {
            return null;
        }
        if (tensor == null) {
            return "the weights '" + value + "' are computed or stored sparsely";
        }
        return isOverridable(value)
                ? "a caller may replace the weights '" + value + "': they are listed as an input"
                : "the weights '" + value + "' are " + Tensors.typeName(tensor.getDataType()) + ", not float32";
    }

    /** Gives an input of a node another tensor; in place where nothing else uses it. */
    void put(GraphNode node, int slot, Constant constant) {
        String value = node.input(slot);
        boolean own = initializers.containsKey(value) && uses(value) == 1;
        String target = own ? value : fresh(value.isEmpty() ? node.label() + ".bias" : value);
        putInitializer(target, Tensors.proto(target, constant));
        decoded.put(target, constant);
        node.setInput(slot, target);
    }

    /** Gives an input of a node a tensor of integers. */
    void put(GraphNode node, int slot, long[] dims, long[] integers) {
        String value = node.input(slot);
        boolean own = initializers.containsKey(value) && uses(value) == 1;
        String target = own ? value : fresh(value.isEmpty() ? node.label() + ".indices" : value);
        putInitializer(target, Tensors.proto(target, dims, integers));
        node.setInput(slot, target);
    }

    private void putInitializer(String target, OnnxMl.TensorProto tensor) {
        initializers.put(target, tensor);
        names.add(target);
        changed.add(target);
    }

    /** A name that nothing has. */
    String fresh(String wanted) {
        String free = wanted;
        for (int k = 2; names.contains(free); k++) {
            free = wanted + "." + k;
        }
        names.add(free);
        return free;
    }

    /** Puts a node before or behind another one. */
    void insert(int at, GraphNode node) {
        nodes.add(at, node);
    }

    /** Marks a value whose shape is no longer what the model says. */
    void changedShape(String value) {
        changed.add(value);
    }

    /** Removes what computes constants and is no longer used, and initializers that were replaced. */
    void clean() {
        Map<String, Integer> used = new HashMap<>();
        boolean removed = true;
        while (removed) {
            used.clear();
            outputs.forEach(output -> used.put(output, 1));
            captured.forEach(value -> used.put(value, 1));
            nodes.forEach(node -> node.inputs().forEach(input -> used.merge(input, 1, Integer::sum)));
            removed = nodes.removeIf(node -> node.outputCount() == 1
                    && (folded.containsKey(node.output(0)) || integers.containsKey(node.output(0)))
                    && !used.containsKey(node.output(0)));
        }
        Set<String> before = new HashSet<>();
        source.getGraph().getNodeList().forEach(node -> before.addAll(node.getInputList()));
        initializers.keySet().removeIf(value -> before.contains(value) && !used.containsKey(value));
    }

    /** The model as it is now. */
    OnnxMl.ModelProto model(Collection<String> otherOutputs, boolean asOutputsOnly) {
        OnnxMl.GraphProto.Builder graph = source.getGraph().toBuilder();
        graph.clearNode().clearInitializer().clearInput();
        nodes.forEach(node -> graph.addNode(node.build()));
        graph.addAllInitializer(initializers.values());
        Set<String> replaced = new HashSet<>();
        source.getGraph().getInitializerList().forEach(tensor -> replaced.add(tensor.getName()));
        for (OnnxMl.ValueInfoProto input : source.getGraph().getInputList()) {
            OnnxMl.TensorProto tensor = initializers.get(input.getName());
            if (tensor != null && changed.contains(input.getName())) {
                graph.addInput(Tensors.info(input, tensor));
            } else if (tensor != null || !replaced.contains(input.getName())) {
                graph.addInput(input);
            }
        }
        if (source.getIrVersion() < OVERRIDABLE) {
            initializers.forEach((key, tensor) -> {
                if (!inputs.contains(key)) {
                    graph.addInput(Tensors.info(
                            OnnxMl.ValueInfoProto.newBuilder().setName(key).build(), tensor));
                }
            });
        }
        graph.clearValueInfo();
        source.getGraph().getValueInfoList().stream()
                .filter(info -> !changed.contains(info.getName()))
                .forEach(graph::addValueInfo);
        if (asOutputsOnly) {
            graph.clearOutput();
        }
        for (String output : otherOutputs) {
            if (asOutputsOnly || !outputs.contains(output)) {
                graph.addOutput(OnnxMl.ValueInfoProto.newBuilder().setName(output));
            }
        }
        return source.toBuilder().setGraph(graph).build();
    }

    /** How many float32 numbers its constants hold. */
    long parameters() {
        return initializers.values().stream()
                .filter(tensor -> Tensors.isFloating(tensor.getDataType()))
                .mapToLong(Tensors::elements)
                .sum();
    }
}
