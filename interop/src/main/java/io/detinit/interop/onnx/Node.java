package io.detinit.interop.onnx;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A NodeProto but for what is in its attributes. Names longer than {@link WireCursor#MAX_NAME_BYTES} read as empty.
 *
 * @param frame where it lies
 * @param operator the op_type
 * @param domain the operator's domain, empty for ONNX's own
 * @param name its name, empty where it has none
 * @param inputs the names of its inputs, empty for one that is left out; the first 65536
 * @param outputs the names of its outputs; the first 65536
 * @param hasAttributes whether it has attributes
 */
record Node(
        Frame frame,
        String operator,
        String domain,
        String name,
        List<String> inputs,
        List<String> outputs,
        boolean hasAttributes) {

    private static final int MAX_NAMES = 1 << 16;

    static Node read(FileWindow file, Frame frame) throws IOException {
        String operator = "";
        String domain = "";
        String name = "";
        List<String> inputs = List.of();
        List<String> outputs = List.of();
        boolean attributes = false;
        WireCursor fields = WireCursor.over(file, "node", frame);
        while (fields.next()) {
            switch (fields.field()) {
                case ModelField.NODE_INPUT -> inputs = add(inputs, fields.name("input"));
                case ModelField.NODE_OUTPUT -> outputs = add(outputs, fields.name("output"));
                case ModelField.NODE_NAME -> name = fields.name("name");
                case ModelField.NODE_OP_TYPE -> operator = fields.name("op_type");
                case ModelField.NODE_DOMAIN -> domain = fields.name("domain");
                case ModelField.NODE_ATTRIBUTE -> attributes = true;
                default -> {}
            }
        }
        return new Node(frame, operator, domain.equals("ai.onnx") ? "" : domain, name, inputs, outputs, attributes);
    }

    private static List<String> add(List<String> names, String name) {
        List<String> all = names.isEmpty() ? new ArrayList<>(2) : names; // most nodes of a hostile file have none
        if (all.size() < MAX_NAMES) {
            all.add(name);
        }
        return all;
    }

    /** The first output, empty where there is none. */
    String output() {
        return outputs.isEmpty() ? "" : outputs.get(0);
    }

    /** What a person would call it: its name, else its first output, else its operator. */
    String label() {
        return !name.isEmpty() ? name : !output().isEmpty() ? output() : operator;
    }

    boolean isConstant() {
        return operator.equals("Constant") && domain.isEmpty();
    }
}
