package io.detinit.interop.onnx;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The attributes of a node that are one integer, and {@code perm}.
 *
 * @param numbers the integers by name
 * @param perm the order of axes of Transpose, empty where it is left out
 */
record NodeSettings(Map<String, Long> numbers, List<Long> perm) {

    private static final int MAX_ATTRIBUTES = 64;
    private static final int MAX_PERM = 16;

    static NodeSettings read(FileWindow file, Node node) throws IOException {
        Map<String, Long> numbers = new HashMap<>();
        List<Long> perm = new ArrayList<>();
        if (node.hasAttributes()) {
            WireCursor fields = WireCursor.over(file, "node", node.frame());
            while (fields.next() && numbers.size() < MAX_ATTRIBUTES) {
                if (fields.field() == ModelField.NODE_ATTRIBUTE) {
                    read(file, fields.frame(node.frame(), "attribute"), numbers, perm);
                }
            }
        }
        return new NodeSettings(numbers, perm);
    }

    private static void read(FileWindow file, Frame attribute, Map<String, Long> numbers, List<Long> perm)
            throws IOException {
        String name = "";
        WireCursor fields = WireCursor.over(file, "attribute", attribute);
        while (fields.next()) {
            if (fields.field() == ModelField.ATTRIBUTE_NAME) {
                name = fields.name("name");
            }
        }
        fields = WireCursor.over(file, "attribute", attribute);
        while (fields.next()) {
            if (fields.field() == ModelField.ATTRIBUTE_I && fields.wireType() == WireCursor.VARINT) {
                numbers.put(name, fields.number("i"));
            } else if (fields.field() == ModelField.ATTRIBUTE_INTS && name.equals("perm")) {
                if (fields.wireType() == WireCursor.VARINT) {
                    add(perm, fields.number("ints"));
                } else {
                    WireCursor packed = new WireCursor(file, "attribute", fields.valueStart(), fields.fieldEnd());
                    while (!packed.atEnd()) {
                        add(perm, packed.varint());
                    }
                }
            }
        }
    }

    private static void add(List<Long> perm, long axis) {
        if (perm.size() < MAX_PERM) {
            perm.add(axis);
        }
    }

    long number(String name) {
        return numbers.getOrDefault(name, 0L);
    }

    boolean flag(String name) {
        return number(name) != 0;
    }

    /** Whether Transpose only swaps the last two axes of a tensor of this rank. */
    boolean swapsLastTwo(int rank) {
        if (perm.isEmpty()) {
            return rank == 2;
        }
        if (perm.size() != rank || rank < 2) {
            return false;
        }
        for (int axis = 0; axis < rank - 2; axis++) {
            if (perm.get(axis) != axis) {
                return false;
            }
        }
        return perm.get(rank - 2) == rank - 1 && perm.get(rank - 1) == rank - 2;
    }
}
