package io.detinit.interop.onnx;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A model-local function.
 *
 * @param frame where its FunctionProto lies
 * @param domain its domain
 * @param name its name, which a calling node has as op_type
 * @param inputs the names that its inputs have inside
 * @param outputs the names that its outputs have inside
 */
record FunctionBody(Frame frame, String domain, String name, List<String> inputs, List<String> outputs) {

    static FunctionBody read(FileWindow file, Frame frame) throws IOException {
        String name = "";
        String domain = "";
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        WireCursor fields = WireCursor.over(file, "function", frame);
        while (fields.next()) {
            switch (fields.field()) {
                case ModelField.FUNCTION_NAME -> name = fields.name("name");
                case ModelField.FUNCTION_DOMAIN -> domain = fields.name("domain");
                case ModelField.FUNCTION_INPUT -> inputs.add(fields.name("input"));
                case ModelField.FUNCTION_OUTPUT -> outputs.add(fields.name("output"));
                default -> {}
            }
        }
        return new FunctionBody(frame, domain.equals("ai.onnx") ? "" : domain, name, inputs, outputs);
    }

    /** What tells functions apart; overloads are not. */
    static String key(String domain, String operator) {
        return domain + "\n" + operator;
    }
}
