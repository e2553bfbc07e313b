package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import java.util.List;
import java.util.Optional;

/** Attributes of nodes. */
final class Attributes {

    private Attributes() {}

    static Optional<OnnxMl.AttributeProto> find(GraphNode node, String name) {
        return node.attributes().stream()
                .filter(attribute -> attribute.getName().equals(name))
                .findFirst();
    }

    static long integer(GraphNode node, String name, long otherwise) {
        return find(node, name).map(OnnxMl.AttributeProto::getI).orElse(otherwise);
    }

    static float number(GraphNode node, String name, float otherwise) {
        return find(node, name).map(OnnxMl.AttributeProto::getF).orElse(otherwise);
    }

    static List<Long> integers(GraphNode node, String name) {
        return find(node, name).map(OnnxMl.AttributeProto::getIntsList).orElse(List.of());
    }

    static String text(GraphNode node, String name) {
        return find(node, name)
                .map(attribute -> attribute.getS().toStringUtf8())
                .orElse("");
    }

    static void set(GraphNode node, String name, long value) {
        node.set(OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                .setI(value)
                .build());
    }

    static void set(GraphNode node, String name, float value) {
        node.set(OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.FLOAT)
                .setF(value)
                .build());
    }

    /** Whether a convolution or a pooling puts anything around its input. */
    static boolean pads(GraphNode node) {
        String auto = text(node, "auto_pad");
        boolean same = auto.startsWith("SAME");
        return same || integers(node, "pads").stream().anyMatch(pad -> pad != 0);
    }
}
