package io.detinit.interop.parameter;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which module of a file is which of a model, by the tensors found so far; a module is a name up to its last dot. */
final class Modules {

    private final Map<String, Set<String>> models = new HashMap<>();
    private final Map<String, Set<String>> files = new HashMap<>();

    void add(String file, String model) {
        models.computeIfAbsent(module(file), key -> new HashSet<>()).add(module(model));
        files.computeIfAbsent(module(model), key -> new HashSet<>()).add(module(file));
    }

    /** The name that a tensor of the file would have in the model; empty where its module has no counterpart or several. */
    String counterpart(String file) {
        Set<String> found = models.getOrDefault(module(file), Set.of());
        if (found.size() != 1) {
            return "";
        }
        String model = found.iterator().next();
        boolean only = files.getOrDefault(model, Set.of()).size() == 1;
        return only ? model + file.substring(module(file).length()) : "";
    }

    private static String module(String name) {
        return name.substring(0, name.lastIndexOf('.') + 1);
    }
}
