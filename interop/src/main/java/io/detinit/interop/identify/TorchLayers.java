package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchRule;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells PyTorch's modules from the names and shapes of a checkpoint's parameters.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchLayers {

    private static final Set<String> WEIGHTS = Set.of("weight", "weight_v", "weight_orig", "W", "kernel");
    private static final Set<String> BIASES = Set.of("bias", "bias_orig", "b");
    private static final String OUTPUT = ".out_proj";

    private TorchLayers() {}

    /**
     * Groups parameters into modules.
     *
     * @param parameters in file order
     * @param names the names of all the checkpoint's tensors, which tell a BatchNorm from a LayerNorm
     * @return the modules in the order of their first parameters
     */
    static List<TorchLayer> of(List<Parameter> parameters, Set<String> names) throws IOException {
        List<TorchLayer> layers = new ArrayList<>();
        List<Parameter> plain =
                parameters.stream().filter(p -> !TorchExported.isRecurrent(p)).toList();
        layers.addAll(TorchExported.recurrent(parameters));
        for (Map.Entry<String, Map<String, Parameter>> group : grouped(plain).entrySet()) {
            String path = group.getKey();
            Map<String, Parameter> own = group.getValue();
            List<List<TorchDraw>> options;
            try {
                options = options(own, isBatchNorm(own, names));
                options.forEach(option -> option.forEach(draw -> draw.rules().forEach(draw::fill)));
            } catch (IllegalArgumentException | ArithmeticException e) { // shapes that the module cannot have
                options =
                        List.of(own.values().stream().map(TorchLayers::unknown).toList());
            }
            layers.add(TorchLayer.of(path, options));
        }
        return inFileOrder(layers, parameters);
    }

    /** Layers in the order in which the file has the first of their parameters. */
    private static List<TorchLayer> inFileOrder(List<TorchLayer> layers, List<Parameter> parameters) {
        Map<String, Integer> places = new HashMap<>();
        for (int k = 0; k < parameters.size(); k++) {
            places.put(parameters.get(k).name(), k);
        }
        List<TorchLayer> sorted = new ArrayList<>(layers);
        sorted.sort(Comparator.comparingInt(layer -> layer.first().draws().stream()
                .flatMap(draw -> draw.target().stream())
                .mapToInt(target ->
                        places.getOrDefault(target.name(), places.getOrDefault(layer.path(), Integer.MAX_VALUE)))
                .min()
                .orElse(Integer.MAX_VALUE)));
        return sorted;
    }

    private static boolean isBatchNorm(Map<String, Parameter> own, Set<String> names) {
        Parameter weight = own.get("weight");
        return weight != null
                && weight.name().endsWith("weight")
                && names.contains(weight.name().replaceAll("weight$", "running_mean"));
    }

    /** By the path of the module, by the name in it. */
    private static Map<String, Map<String, Parameter>> grouped(List<Parameter> parameters) {
        Set<String> attentions = parameters.stream()
                .map(Parameter::canonicalName)
                .filter(name -> name.endsWith("in_proj_weight")
                        || name.endsWith("q_proj_weight")
                        || name.endsWith("in_proj_bias"))
                .map(TorchLayers::path)
                .collect(Collectors.toSet());
        Map<String, Map<String, Parameter>> groups = new LinkedHashMap<>();
        List<Parameter> bare = new ArrayList<>();
        for (Parameter parameter : parameters) {
            String name = parameter.canonicalName();
            String path = path(name);
            String leaf = name.substring(path.isEmpty() ? 0 : path.length() + 1);
            if (("." + path).endsWith(OUTPUT)
                    && attentions.contains(path("." + path).replaceFirst("^\\.", ""))) {
                path = path("." + path).replaceFirst("^\\.", "");
                leaf = "out_proj." + leaf;
            }
            if (path.isEmpty() && !isKnown(leaf)) {
                path = name;
                bare.add(parameter);
                leaf = parameter.shape().rank() > 1 ? "weight" : "bias";
            }
            Map<String, Parameter> group = groups.computeIfAbsent(path, key -> new LinkedHashMap<>());
            if (group.putIfAbsent(leaf, parameter) != null) {
                groups.computeIfAbsent(parameter.name(), key -> new LinkedHashMap<>())
                        .put(leaf, parameter);
            }
        }
        joinBare(groups, bare);
        return groups;
    }

    private static boolean isKnown(String leaf) {
        return WEIGHTS.contains(leaf)
                || BIASES.contains(leaf)
                || leaf.startsWith("weight_")
                || leaf.startsWith("bias_")
                || leaf.startsWith("out_proj.")
                || leaf.endsWith("_proj_weight")
                || leaf.endsWith("_proj_bias");
    }

    private static String path(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(0, dot);
    }

    /** Gives each weight without a name the first bias without a weight that fits it. */
    private static void joinBare(Map<String, Map<String, Parameter>> groups, List<Parameter> bare) {
        for (Parameter weight : bare) {
            if (weight.shape().rank() < 2) {
                continue;
            }
            Optional<String> bias = groups.entrySet().stream()
                    .filter(group -> group.getValue().keySet().equals(Set.of("bias")))
                    .filter(group -> fits(weight, group.getValue().get("bias")))
                    .map(Map.Entry::getKey)
                    .findFirst();
            Map<String, Parameter> own = groups.get(weight.canonicalName());
            if (bias.isPresent() && own != null) {
                Map<String, Parameter> taken = groups.remove(bias.get());
                if (taken != null) {
                    own.putAll(taken);
                }
            }
        }
    }

    private static boolean fits(Parameter weight, @Nullable Parameter bias) {
        if (bias == null || bias.shape().rank() != 1) {
            return false;
        }
        long length = bias.shape().dim(0);
        TensorShape shape = weight.shape();
        boolean either = !weight.orderKnown() || shape.rank() > 2;
        return length == shape.dim(0) || (either && length == shape.dim(1));
    }

    private static List<List<TorchDraw>> options(Map<String, Parameter> own, boolean batchNorm) throws IOException {
        if (own.containsKey("in_proj_weight") || own.containsKey("q_proj_weight")) {
            return TorchComposites.attention(own);
        }
        Parameter exported = own.get("weight"); // the exporter's name of in_proj_weight
        if (own.containsKey("in_proj_bias") && exported != null) {
            Map<String, Parameter> renamed = new LinkedHashMap<>(own);
            renamed.remove("weight");
            renamed.put("in_proj_weight", exported);
            return TorchComposites.attention(renamed);
        }
        if (own.keySet().stream().anyMatch(leaf -> leaf.startsWith("weight_ih"))) {
            return TorchComposites.recurrent(own);
        }
        Optional<Parameter> weight = first(own, WEIGHTS);
        Optional<Parameter> bias = first(own, BIASES);
        List<TorchDraw> rest = new ArrayList<>();
        own.values().stream()
                .filter(parameter -> weight.filter(parameter::equals).isEmpty()
                        && bias.filter(parameter::equals).isEmpty())
                .forEach(parameter -> rest.add(unknown(parameter)));
        List<List<TorchDraw>> options = new ArrayList<>();
        for (List<TorchDraw> option : plain(weight, bias, batchNorm)) {
            List<TorchDraw> all = new ArrayList<>(rest);
            all.addAll(option);
            options.add(all);
        }
        return options;
    }

    private static Optional<Parameter> first(Map<String, Parameter> own, Set<String> leaves) {
        return own.entrySet().stream()
                .filter(entry -> leaves.contains(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** A parameter that no module of PyTorch has: it is taken to draw nothing. */
    private static TorchDraw unknown(Parameter parameter) {
        return TorchDraw.unknown(new TorchTarget(parameter, false));
    }

    private static List<List<TorchDraw>> plain(Optional<Parameter> weight, Optional<Parameter> bias, boolean batchNorm)
            throws IOException {
        if (weight.isEmpty()) {
            return List.of(bias.map(b -> constants(b, TorchRule.ZEROS)).orElse(List.of()));
        }
        Parameter w = weight.get();
        if (w.shape().elements() == 0) {
            return List.of(List.of());
        }
        if (bias.isEmpty()
                && (w.canonicalName() + w.name()).toLowerCase(Locale.ROOT).contains("prelu")) {
            return List.of(constants(w, TorchRule.PRELU));
        }
        if (w.shape().rank() < 2
                || bias.filter(b -> b.shape().equals(w.shape())).isPresent()) {
            return norm(w, bias, batchNorm);
        }
        return TorchDense.of(w, bias);
    }

    private static List<TorchDraw> constants(Parameter parameter, TorchRule rule) {
        return List.of(TorchDraw.of(new TorchTarget(parameter, false), rule, TorchRule.NO_FAN));
    }

    /** A norm, or PReLU where the weight lies nearer to its slope than to 1. */
    private static List<List<TorchDraw>> norm(Parameter weight, Optional<Parameter> bias, boolean batchNorm)
            throws IOException {
        List<TorchDraw> usual = new ArrayList<>();
        boolean slope = bias.isEmpty() && mean(weight) < (1 + 0.25) / 2;
        usual.addAll(constants(weight, slope ? TorchRule.PRELU : TorchRule.ONES));
        bias.ifPresent(b -> usual.addAll(constants(b, TorchRule.ZEROS)));
        if (!batchNorm) {
            return List.of(usual);
        }
        List<TorchDraw> old = new ArrayList<>();
        TorchDraw.Rule drawn = TorchDraw.Rule.of(TorchRule.BATCH_NORM, TorchRule.NO_FAN, TorchEra.V1_0);
        old.add(TorchDraw.of(new TorchTarget(weight, false), List.of(drawn)));
        bias.ifPresent(b -> old.addAll(constants(b, TorchRule.ZEROS)));
        return List.of(usual, old);
    }

    private static double mean(Parameter parameter) throws IOException {
        float[] values = new TorchTarget(parameter, false).values(TorchTarget.MOST);
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum / Math.max(1, values.length);
    }
}
