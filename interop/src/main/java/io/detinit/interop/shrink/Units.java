package io.detinit.interop.shrink;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The units (channels) of a net, numbered, in classes of those that have to go together, such as the two sides of a residual
 * addition; a class may be pinned, with the reason. Not thread-safe.
 */
final class Units {

    private int[] parent = new int[64];
    private @Nullable String[] pins = new String[64];
    private int count;

    /** Adds units, each a class of its own. */
    int[] add(int number) {
        if (count + number > parent.length) {
            int size = Math.max(count + number, 2 * parent.length);
            parent = Arrays.copyOf(parent, size);
            pins = Arrays.copyOf(pins, size);
        }
        int[] added = new int[number];
        for (int k = 0; k < number; k++) {
            parent[count] = count;
            added[k] = count++;
        }
        return added;
    }

    int size() {
        return count;
    }

    /** The class of a unit: one of its units. */
    int find(int unit) {
        int root = unit;
        while (parent[root] != root) {
            root = parent[root];
        }
        int at = unit;
        while (parent[at] != root) {
            int next = parent[at];
            parent[at] = root;
            at = next;
        }
        return root;
    }

    void join(int first, int second) {
        int a = find(first);
        int b = find(second);
        if (a != b) {
            parent[b] = a;
            if (pins[a] == null) {
                pins[a] = pins[b];
            }
        }
    }

    void pin(int unit, String reason) {
        int root = find(unit);
        if (pins[root] == null) {
            pins[root] = reason;
        }
    }

    void pin(int[] units, String reason) {
        for (int unit : units) {
            pin(unit, reason);
        }
    }

    /** Why a unit stays; null where nothing is known against its going. */
    @Nullable
    String pinned(int unit) {
        return pins[find(unit)];
    }
}
