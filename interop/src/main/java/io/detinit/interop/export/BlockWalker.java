package io.detinit.interop.export;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.util.Pair;
import ai.onnx.proto.OnnxMl;
import java.util.Map;

/** Goes through a Block's children in the order of execution and adds a node for each. */
final class BlockWalker {

    private final OnnxGraph graph;
    /** The shape of the chain's last value without its batch axis. */
    private Shape shape;

    private BlockWalker(OnnxGraph graph, Shape shape) {
        this.graph = graph;
        this.shape = shape;
    }

    static void walk(Block block, Shape sampleShape, OnnxGraph graph) {
        for (long dim : sampleShape.getShape()) {
            if (dim <= 0) {
                throw new IllegalArgumentException("the sample shape is " + sampleShape
                        + "; every axis must be greater than 0, and the batch axis left out");
            }
        }
        BlockWalker walker = new BlockWalker(graph, sampleShape);
        walker.visit(block, "");
        graph.shapes(sampleShape, walker.shape);
    }

    private void visit(Block block, String place) {
        if (block instanceof SequentialBlock sequential) {
            if (sequential.isReturnIntermediate()) {
                throw new UnsupportedBlockException(
                        place, "a SequentialBlock that returns its intermediate results", "export one that does not");
            }
            for (Pair<String, Block> child : sequential.getChildren()) {
                visit(child.getValue(), place.isEmpty() ? child.getKey() : place + "/" + child.getKey());
            }
        } else if (block.getClass() == Linear.class) {
            linear(block, place);
        } else if (block instanceof LambdaBlock lambda) {
            lambda(lambda, place);
        } else if (block.getClass() != Dropout.class) { // at inference Dropout passes its input on
            throw new UnsupportedBlockException(
                    place,
                    block.getClass().getName() + " has no ONNX form here",
                    "supported are SequentialBlock, Linear, Dropout and named LambdaBlocks");
        }
    }

    private void linear(Block block, String place) {
        if (shape.dimension() != 1) {
            throw new UnsupportedBlockException(
                    place,
                    "a Linear on samples of shape " + shape + " (" + shape.dimension() + " axes)",
                    "put Blocks.batchFlattenBlock() before it");
        }
        Map<String, Parameter> parameters = block.getDirectParameters().toMap();
        Parameter weight = parameters.get("weight");
        Parameter bias = parameters.get("bias");
        if (weight == null) {
            throw new UnsupportedBlockException(place, "a Linear without a weight", "build it with Linear.builder()");
        }
        long out = block.getOutputShapes(new Shape[] {new Shape(1, shape.get(0))})[0].get(1);
        String weightName = graph.parameter(weight, new Shape(out, shape.get(0)), place);
        OnnxMl.NodeProto.Builder gemm =
                OnnxMl.NodeProto.newBuilder().setOpType("Gemm").addAttribute(integer("transB", 1));
        if (bias == null) {
            graph.node(gemm, weightName);
        } else {
            graph.node(gemm, weightName, graph.parameter(bias, new Shape(out), place));
        }
        shape = new Shape(out);
    }

    private void lambda(LambdaBlock block, String place) {
        LambdaOp.Match match = LambdaOp.match(block, shape, place);
        LambdaOp op = match.op();
        if (op == LambdaOp.FLATTEN) {
            graph.node(OnnxMl.NodeProto.newBuilder().setOpType("Flatten").addAttribute(integer("axis", 1)));
            shape = new Shape(shape.size());
        } else if (op != LambdaOp.IDENTITY) {
            OnnxMl.NodeProto.Builder node = OnnxMl.NodeProto.newBuilder().setOpType(op.operator());
            if (op == LambdaOp.SOFTMAX || op == LambdaOp.LOG_SOFTMAX) {
                node.addAttribute(integer("axis", -1));
            } else if (op == LambdaOp.LEAKY_RELU) {
                node.addAttribute(OnnxMl.AttributeProto.newBuilder()
                        .setName("alpha")
                        .setType(OnnxMl.AttributeProto.AttributeType.FLOAT)
                        .setF(match.alpha()));
            }
            graph.node(node);
        }
    }

    private static OnnxMl.AttributeProto integer(String name, long value) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }
}
