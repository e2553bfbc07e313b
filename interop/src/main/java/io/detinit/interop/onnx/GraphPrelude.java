package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Nodes that take the place of initializers: they come before all others of the graph, and each replaced name is an output of one
 * of them. Messages are serialized protobuf.
 *
 * @param replaced names of initializers of the top-level graph
 * @param nodes NodeProto messages in an order of execution
 * @param initializers what the nodes need beside, by name; names that no value of the graph has
 * @param functions FunctionProto messages
 * @param domain the operator set of the functions, version 1
 * @param opset the lowest version of the default operator set with which the nodes mean what they should
 * @param irVersion the lowest version of the format in which they may stand
 */
public record GraphPrelude(
        Set<String> replaced,
        List<byte[]> nodes,
        Map<String, TensorView> initializers,
        List<byte[]> functions,
        String domain,
        int opset,
        int irVersion) {

    /** {@return about how many bytes the nodes, functions and initializers take in the model} */
    public long bytes() {
        long sum = initializers.values().stream()
                .mapToLong(tensor -> tensor.info().bytes())
                .sum();
        for (List<byte[]> messages : List.of(nodes, functions)) {
            sum += messages.stream().mapToLong(message -> message.length).sum();
        }
        return sum;
    }
}
