package io.detinit.interop.onnx;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where the parts of an AttributeProto lie that may hold weights.
 *
 * @param frame the attribute
 * @param name its name
 * @param tensor its {@code t}
 * @param sparseTensor its {@code sparse_tensor}
 * @param hasGraphs whether it has {@code g} or {@code graphs}
 * @param numbers the field of a Constant's {@code value_float}, {@code value_floats}, {@code value_int} or
 *     {@code value_ints}; 0 where it is none of them or its default value is left out
 * @param count the numbers in that field
 */
record Attribute(
        Frame frame,
        String name,
        @Nullable Frame tensor,
        @Nullable Frame sparseTensor,
        boolean hasGraphs,
        int numbers,
        long count) {

    static Attribute read(FileWindow file, Frame frame) throws IOException {
        String name = "";
        Frame tensor = null;
        Frame sparse = null;
        boolean graphs = false;
        WireCursor fields = WireCursor.over(file, "attribute", frame);
        while (fields.next()) {
            switch (fields.field()) {
                case ModelField.ATTRIBUTE_NAME -> name = fields.name("name");
                case ModelField.ATTRIBUTE_T -> tensor = once(file, tensor, fields, frame, "t");
                case ModelField.ATTRIBUTE_SPARSE_TENSOR -> sparse = once(file, sparse, fields, frame, "sparse_tensor");
                case ModelField.ATTRIBUTE_G, ModelField.ATTRIBUTE_GRAPHS -> graphs = true;
                default -> {}
            }
        }
        int field = switch (name) {
            case "value_float" -> ModelField.ATTRIBUTE_F;
            case "value_floats" -> ModelField.ATTRIBUTE_FLOATS;
            case "value_int" -> ModelField.ATTRIBUTE_I;
            case "value_ints" -> ModelField.ATTRIBUTE_INTS;
            default -> 0;
        };
        long count = field == 0 ? 0 : count(file, frame, field);
        return new Attribute(frame, name, tensor, sparse, graphs, count == 0 ? 0 : field, count);
    }

    private static Frame once(FileWindow file, @Nullable Frame first, WireCursor fields, Frame frame, String name)
            throws IOException {
        if (first != null) {
            throw file.malformed("attribute", fields.fieldStart(), "a second " + name, "one");
        }
        return fields.frame(frame, "attribute, " + name);
    }

    private static long count(FileWindow file, Frame frame, int field) throws IOException {
        long count = 0;
        WireCursor fields = WireCursor.over(file, "attribute", frame);
        while (fields.next()) {
            if (fields.field() != field) {
                continue;
            }
            if (fields.wireType() != WireCursor.BYTES) {
                count++;
            } else if (field == ModelField.ATTRIBUTE_FLOATS || field == ModelField.ATTRIBUTE_F) {
                count += fields.valueLength() / 4;
            } else {
                WireCursor numbers = new WireCursor(file, "attribute", fields.valueStart(), fields.fieldEnd());
                while (!numbers.atEnd()) {
                    numbers.varint();
                    count++;
                }
            }
        }
        return count;
    }
}
