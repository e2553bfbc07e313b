package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts nodes in the order in which they run: ONNX demands it, but some optimisers write another one, which ONNX Runtime takes. */
final class NodeOrder {

    private NodeOrder() {}

    /**
     * A model whose nodes come behind those that make what they read; the model itself where they do.
     *
     * @throws ObstacleException if there is no such order, or a node has a body, whose needs are not looked at
     */
    static OnnxMl.ModelProto sorted(OnnxMl.ModelProto model) throws ObstacleException {
        List<OnnxMl.NodeProto> nodes = model.getGraph().getNodeList();
        if (isSorted(nodes)) {
            return model;
        }
        for (OnnxMl.NodeProto node : nodes) {
            if (node.getAttributeList().stream()
                    .anyMatch(attribute -> attribute.hasG() || attribute.getGraphsCount() > 0)) {
                throw new ObstacleException("its nodes are not in the order in which they run, and some have bodies");
            }
        }
        List<OnnxMl.NodeProto> sorted = sort(nodes);
        if (sorted.size() < nodes.size()) {
            throw new ObstacleException("there is no order in which its nodes can run");
        }
        return model.toBuilder()
                .setGraph(model.getGraph().toBuilder().clearNode().addAllNode(sorted))
                .build();
    }

    private static boolean isSorted(List<OnnxMl.NodeProto> nodes) {
        Set<String> later = new HashSet<>();
        nodes.forEach(node -> later.addAll(node.getOutputList()));
        for (OnnxMl.NodeProto node : nodes) {
            if (node.getInputList().stream().anyMatch(input -> !input.isEmpty() && later.contains(input))) {
                return false;
            }
            node.getOutputList().forEach(later::remove);
        }
        return true;
    }

    private static List<OnnxMl.NodeProto> sort(List<OnnxMl.NodeProto> nodes) {
        Map<String, List<Integer>> readers = new HashMap<>();
        Set<String> made = new HashSet<>();
        nodes.forEach(node -> made.addAll(node.getOutputList()));
        int[] missing = new int[nodes.size()];
        Deque<Integer> ready = new ArrayDeque<>();
        for (int k = 0; k < missing.length; k++) {
            for (String input : Set.copyOf(nodes.get(k).getInputList())) {
                if (!input.isEmpty() && made.contains(input)) {
                    readers.computeIfAbsent(input, key -> new ArrayList<>()).add(k);
                    missing[k]++;
                }
            }
            if (missing[k] == 0) {
                ready.add(k);
            }
        }
        List<OnnxMl.NodeProto> sorted = new ArrayList<>();
        while (!ready.isEmpty()) {
            OnnxMl.NodeProto node = nodes.get(ready.remove());
            sorted.add(node);
            for (String output : node.getOutputList()) {
                for (int reader : readers.getOrDefault(output, List.of())) {
                    if (--missing[reader] == 0) {
                        ready.add(reader);
                    }
                }
            }
        }
        return sorted;
    }
}
