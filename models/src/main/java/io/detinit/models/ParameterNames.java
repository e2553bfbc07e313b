package io.detinit.models;

import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.nn.convolutional.Deconvolution;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.util.Pair;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stable readable names for the parameters of a block: {@code fc1.weight} instead of DJL's positional
 * {@code 02Linear_weight}.
 *
 * <p>A child that holds parameters is named by its kind (fc, conv, deconv, bn, ln, embedding, attention, else the class name) and its
 * number among the children of that kind in its parent, from 1; nested blocks are joined with dots. Adding an activation or a dropout
 * renames nothing. The projections of an attention are {@code key}, {@code query}, {@code value} and {@code result}; the parameters of
 * a recurrent block have PyTorch's names, {@code weight_ih_l0} and {@code bias_hh_l0_reverse} for DJL's {@code l_0_i2h_WEIGHT} and {@code
 * r_0_h2h_BIAS}.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class ParameterNames {

    private static final Pattern RECURRENT = Pattern.compile("([lr])_(\\d+)_([ih])2h_(WEIGHT|BIAS)");

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
                if (block instanceof RecurrentBlock) {
                    own = recurrent(own);
                }
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
                String kind = projection(block, inner);
                if (kind.isEmpty()) {
                    kind = kind(inner);
                    kind += numbers.merge(kind, 1, Integer::sum);
                }
                visit(inner, prefix + kind + ".", named, seen);
            }
        }
    }

    /** The name of an attention's projection; empty for any other block. */
    private static String projection(Block parent, Block child) {
        if (!(parent instanceof ScaledDotProductAttentionBlock attention)) {
            return "";
        }
        return child == attention.getKeyProjection()
                ? "key"
                : child == attention.getQueryProjection()
                        ? "query"
                        : child == attention.getValueProjection()
                                ? "value"
                                : child == attention.getResultProjection() ? "result" : "";
    }

    /** PyTorch's name for a parameter of DJL's recurrent blocks. */
    private static String recurrent(String own) {
        Matcher matcher = RECURRENT.matcher(own);
        if (!matcher.matches()) {
            return own;
        }
        return matcher.group(4).toLowerCase(Locale.ROOT) + "_" + matcher.group(3) + "h_l" + matcher.group(2)
                + (matcher.group(1).equals("r") ? "_reverse" : "");
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
        if (block instanceof ScaledDotProductAttentionBlock) {
            return "attention";
        }
        String simple = block.getClass().getSimpleName();
        String kind =
                simple.endsWith("Block") && simple.length() > 5 ? simple.substring(0, simple.length() - 5) : simple;
        return kind.isEmpty() ? "block" : kind.toLowerCase(Locale.ROOT);
    }
}
