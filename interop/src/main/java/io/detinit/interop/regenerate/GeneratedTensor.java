package io.detinit.interop.regenerate;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorInit;
import io.detinit.interop.onnx.function.GeneratorFunctions;
import io.detinit.interop.onnx.function.StoredInit;
import io.detinit.interop.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of the model and the function of its addresses that its initial values are.
 *
 * @param info the tensor as the model has it
 * @param init the function
 * @param order which way round the model has it
 */
record GeneratedTensor(TensorInfo info, TensorInit init, StoredOrder order) {

    /** The function of {@link GeneratorFunctions} that computes it; empty where none does. */
    static Optional<String> function(Scheme scheme) {
        if (scheme.isUniform()) {
            return Optional.of("Uniform");
        }
        return switch (scheme.kind()) {
            case HE, XAVIER, LECUN, CUSTOM -> Optional.of("Normal");
            case SIGNED_CONSTANT -> Optional.of("Signed");
            default -> Optional.empty();
        };
    }

    String function() {
        return function(init.scheme()).orElseThrow();
    }

    StoredInit stored() {
        return new StoredInit(init, order);
    }

    long rows() {
        return init.shape().rows();
    }

    long columns() {
        return init.shape().cols();
    }

    /**
     * The call that computes the initial values as float32 in the order of the model.
     *
     * @param addresses names of the values that Addresses gives
     * @param tensor the index of the tensor's state
     * @param output the name of the result
     */
    OnnxMl.NodeProto call(List<String> addresses, int tensor, String output) {
        int rank = info.shape().rank();
        long[] rowShape = new long[Math.max(rank, 1)];
        Arrays.fill(rowShape, 1);
        long[] columnShape = rowShape.clone();
        boolean turned = order != StoredOrder.OUT_IN;
        int outputs = turned ? 1 : 0;
        if (rank >= 2) {
            for (int axis = 0; axis < rank; axis++) {
                (axis == outputs ? rowShape : columnShape)[axis] = info.shape().dim(axis);
            }
        } else {
            columnShape[0] = columns();
        }
        boolean uniform = init.scheme().isUniform();
        double parameter = uniform
                ? init.scheme().bound(init.shape()).orElseThrow()
                : init.scheme().std(init.shape());
        return OnnxMl.NodeProto.newBuilder()
                .setDomain(GeneratorFunctions.DOMAIN)
                .setOpType(function())
                .setName(output + "/" + function())
                .addAllInput(addresses)
                .addOutput(output)
                .addAttribute(integer("tensor", tensor))
                .addAttribute(integers("rows", rows()))
                .addAttribute(integers("columns", columns()))
                .addAttribute(integers("row_shape", rowShape))
                .addAttribute(integers("column_shape", columnShape))
                .addAttribute(OnnxMl.AttributeProto.newBuilder()
                        .setName(uniform ? "bound" : "std")
                        .setType(AttributeType.TENSOR)
                        .setT(GeneratorFunctions.scalar(parameter)))
                .build();
    }

    /** How many indices have to be hashed for it. */
    long indices() {
        return Math.max(rows(), columns());
    }

    static OnnxMl.AttributeProto integer(String name, long value) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.INT)
                .setI(value)
                .build();
    }

    static OnnxMl.AttributeProto integers(String name, long... values) {
        List<Long> all = new ArrayList<>();
        for (long value : values) {
            all.add(value);
        }
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.INTS)
                .addAllInts(all)
                .build();
    }
}
