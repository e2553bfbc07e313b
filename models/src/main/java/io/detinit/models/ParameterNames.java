package io.detinit.models;

import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.nn.convolutional.Deconvolution;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.util.Pair;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Stable readable names for the parameters of a block: {@code fc1.weight} instead of DJL's positional
 * {@code 02Linear_weight}.
 *
 * <p>A child that holds parameters is named by its kind (fc, conv, deconv, bn, ln, embedding, else the class name) and its number
 * among the children of that kind in its parent, from 1; nested blocks are joined with dots. Adding an activation or a dropout
 * renames nothing.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class ParameterNames {

    private ParameterNames() {}

    /**
     * Names all parameters of a block.
     *
     * @param block the block, initialised or not
     * @return the parameters by name, in state-dict order (a block's own first, then its children's); a parameter that two
     *     children share appears once, under its first name
     */
    public static Map<String, Parameter> of(Block block) {
        Map<String, Parameter> named = new LinkedHashMap<>();
        visit(block, "", named, Collections.newSetFromMap(new IdentityHashMap<>()));
        return named;
    }

    /**
     * The names the other way round.
     *
     * @param parameters by name
     * @return the name of each of these parameters (by identity); of any other the empty string
     */
    public static Function<Parameter, String> namer(Map<String, Parameter> parameters) {
        IdentityHashMap<Parameter, String> names = new IdentityHashMap<>();
        parameters.forEach((name, parameter) -> names.put(parameter, name));
        return parameter -> names.getOrDefault(parameter, "");
    }

    private static void visit(Block block, String prefix, Map<String, Parameter> named, Set<Parameter> seen) {
        for (Pair<String, Parameter> pair : block.getDirectParameters()) {
            Parameter parameter = pair.getValue();
            if (seen.add(parameter)) {
                String own = parameter.getName().isEmpty() ? pair.getKey() : parameter.getName();
                String name = prefix + own;
                for (int copy = 2; named.containsKey(name); copy++) {
                    name = prefix + own + copy;
                }
                named.put(name, parameter);
            }
        }
        Map<String, Integer> numbers = new HashMap<>();
        for (Pair<String, Block> child : block.getChildren()) {
            Block inner = child.getValue();
            if (!inner.getParameters().isEmpty()) {
                String kind = kind(inner);
                int number = numbers.merge(kind, 1, Integer::sum);
                visit(inner, prefix + kind + number + ".", named, seen);
            }
        }
    }

    private static String kind(Block block) {
        if (block instanceof Linear) {
            return "fc";
        }
        if (block instanceof Deconvolution) {
            return "deconv";
        }
        if (block instanceof Convolution) {
            return "conv";
        }
        if (block instanceof BatchNorm) {
            return "bn";
        }
        if (block instanceof LayerNorm) {
            return "ln";
        }
        if (block instanceof Embedding) {
            return "embedding";
        }
        String simple = block.getClass().getSimpleName();
        String kind =
                simple.endsWith("Block") && simple.length() > 5 ? simple.substring(0, simple.length() - 5) : simple;
        return kind.isEmpty() ? "block" : kind.toLowerCase(Locale.ROOT);
    }
}
