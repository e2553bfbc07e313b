package io.detinit.interop.onnx;

import java.util.ArrayList;
import java.util.List;

/** What a reader of the model should know, one line each; at most 1000 lines. */
final class Warnings {

    private static final int MAX = 1000;

    private final List<String> lines = new ArrayList<>();
    private int more;

    void add(String line) {
        if (lines.size() < MAX) {
            lines.add(line.replaceAll("\\p{Cntrl}", "?"));
        } else {
            more++;
        }
    }

    List<String> lines() {
        List<String> all = new ArrayList<>(lines);
        if (more > 0) {
            all.add("and " + more + " more");
        }
        return List.copyOf(all);
    }
}
