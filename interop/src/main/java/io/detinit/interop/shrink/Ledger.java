package io.detinit.interop.shrink;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was removed, layer by layer, and what stayed. Not thread-safe. */
final class Ledger {

    /** Why a unit went. */
    enum Reason {
        CONSTANT,
        COPY,
        UNREAD
    }

    private final Map<String, Integer> before = new LinkedHashMap<>();
    private final Map<String, String> operators = new HashMap<>();
    private final Map<String, Integer> after = new HashMap<>();
    private final Map<String, Map<Integer, Reason>> noted = new HashMap<>();
    private final Map<String, Map<Reason, Integer>> removed = new HashMap<>();
    private final Map<String, Map<String, Integer>> kept = new LinkedHashMap<>();

    /** Forgets why units stayed. */
    void begin() {
        kept.clear();
    }

    /** Counts the units of each layer as they are now. */
    void look(Channels channels) {
        for (Layer layer : channels.layers()) {
            String label = layer.node().label();
            before.putIfAbsent(label, layer.units().length);
            operators.putIfAbsent(label, layer.node().operator());
            after.put(label, layer.units().length);
        }
    }

    /** A class of units is now read by nobody, and why. */
    void note(Channels channels, int root, Reason reason) {
        rows(
                channels,
                root,
                (label, row) ->
                        noted.computeIfAbsent(label, key -> new HashMap<>()).putIfAbsent(row, reason));
    }

    /** A class of units stays, and why. */
    void keep(Channels channels, int root, String reason) {
        rows(
                channels,
                root,
                (label, row) -> kept.computeIfAbsent(label, key -> new LinkedHashMap<>())
                        .merge(reason, 1, Integer::sum));
    }

    /** A class of units goes; {@link #settle} is called when all that go have been told. */
    void remove(Channels channels, int root) {
        rows(channels, root, (label, row) -> {
            Reason reason = noted.getOrDefault(label, Map.of()).getOrDefault(row, Reason.UNREAD);
            removed.computeIfAbsent(label, key -> new EnumMap<>(Reason.class)).merge(reason, 1, Integer::sum);
        });
    }

    /** Forgets rows, which have other numbers now. */
    void settle() {
        noted.clear();
    }

    /** Receives the rows of a class of units. */
    @FunctionalInterface
    private interface Row {
        void at(String label, int row);
    }

    private static void rows(Channels channels, int root, Row visitor) {
        for (Layer layer : channels.layers()) {
            for (int row = 0; row < layer.units().length; row++) {
                if (channels.units().find(layer.units()[row]) == root) {
                    visitor.at(layer.node().label(), row);
                }
            }
        }
    }

    List<ShrunkLayer> layers() {
        return before.entrySet().stream()
                .map(entry -> {
                    Map<Reason, Integer> counts = removed.getOrDefault(entry.getKey(), Map.of());
                    return new ShrunkLayer(
                            entry.getKey(),
                            operators.getOrDefault(entry.getKey(), ""),
                            entry.getValue(),
                            after.getOrDefault(entry.getKey(), 0),
                            counts.getOrDefault(Reason.CONSTANT, 0),
                            counts.getOrDefault(Reason.COPY, 0),
                            counts.getOrDefault(Reason.UNREAD, 0));
                })
                .toList();
    }

    Map<String, Map<String, Integer>> kept() {
        return kept;
    }
}
