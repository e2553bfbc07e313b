package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The places where each class of units is made, changed and read. */
final class Touches {

    /**
     * Where a class of units lies in one tensor.
     *
     * @param edit the tensor
     * @param at the indices along its axis, ascending
     */
    @SuppressWarnings("ArrayRecordComponent") // internal, never compared
    record Touch(Edit edit, int[] at) {}

    private final Map<Integer, List<Touch>> made = new HashMap<>();
    private final Map<Integer, List<Touch>> read = new HashMap<>();

    Touches(Channels channels) {
        for (Edit edit : channels.edits()) {
            Map<Integer, int[]> byClass = new HashMap<>();
            for (int k = 0; k < edit.units().length; k++) {
                int root = channels.units().find(edit.units()[k]);
                int[] before = byClass.get(root);
                int[] after = before == null ? new int[1] : Arrays.copyOf(before, before.length + 1);
                after[after.length - 1] = k;
                byClass.put(root, after);
            }
            Map<Integer, List<Touch>> target = target(edit.kind());
            if (target != null) {
                byClass.forEach((root, at) ->
                        target.computeIfAbsent(root, key -> new ArrayList<>()).add(new Touch(edit, at)));
            }
        }
    }

    private @Nullable Map<Integer, List<Touch>> target(Edit.Kind kind) {
        return switch (kind) {
            case MAKE, CARRY -> made;
            case READ -> read;
            case TARGET, GROUPS -> null;
        };
    }

    /** The weights and parameters that a class of units has, in the order of the graph. */
    List<Touch> made(int root) {
        return made.getOrDefault(root, List.of());
    }

    /** The weights that read a class of units. */
    List<Touch> read(int root) {
        return read.getOrDefault(root, List.of());
    }

    /** The classes that some weights read, ascending. */
    List<Integer> readClasses() {
        return read.keySet().stream().sorted().toList();
    }
}
