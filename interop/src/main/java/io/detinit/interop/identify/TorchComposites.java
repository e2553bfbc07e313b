package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchRule;
import io.detinit.interop.parameter.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Modules that draw several weights: attention and recurrent networks.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchComposites {

    private static final Pattern RECURRENT = Pattern.compile("(weight|bias)_(ih|hh|hr)(?:_l(\\d{1,6})(_reverse)?)?");
    private static final List<String> GATE_TENSORS =
            List.of("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr");

    private TorchComposites() {}

    /** The output projection first, then the input projections; biases are zeros. */
    static List<List<TorchDraw>> attention(Map<String, Parameter> own) {
        List<TorchDraw> draws = new ArrayList<>();
        Parameter output = own.get("out_proj.weight");
        Parameter outputBias = own.get("out_proj.bias");
        if (output != null) {
            add(draws, output, TorchRule.LINEAR, output.shape().cols());
            if (outputBias != null) {
                draws.add(TorchDraw.discarded(
                        outputBias.shape(), TorchRule.LINEAR, output.shape().cols()));
            }
        }
        for (String name : List.of("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")) {
            add(draws, own.get(name), TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN);
        }
        for (String name : List.of("in_proj_bias", "out_proj.bias")) {
            add(draws, own.get(name), TorchRule.ZEROS, TorchRule.NO_FAN);
        }
        for (String name : List.of("bias_k", "bias_v")) {
            add(draws, own.get(name), TorchRule.XAVIER_NORMAL, TorchRule.NO_FAN);
        }
        return List.of(draws);
    }

    private static void add(List<TorchDraw> draws, @Nullable Parameter parameter, TorchRule rule, long fan) {
        if (parameter != null) {
            draws.add(TorchDraw.of(new TorchTarget(parameter, false), rule, fan));
        }
    }

    /** A layer of a recurrent network in one direction. */
    private record Place(long layer, boolean reverse, String suffix) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            int byLayer = Long.compare(layer, other.layer);
            return byLayer != 0 ? byLayer : Boolean.compare(reverse, other.reverse);
        }
    }

    /** Per layer, per direction, in the order of the state dict. */
    static List<List<TorchDraw>> recurrent(Map<String, Parameter> own) {
        TreeSet<Place> places = new TreeSet<>();
        List<TorchDraw> draws = new ArrayList<>();
        for (Map.Entry<String, Parameter> entry : own.entrySet()) {
            Matcher name = RECURRENT.matcher(entry.getKey());
            if (name.matches()) {
                String layer = name.group(3);
                String suffix = layer == null ? "" : "_l" + layer + (name.group(4) == null ? "" : "_reverse");
                places.add(new Place(layer == null ? 0 : Long.parseLong(layer), name.group(4) != null, suffix));
            } else {
                draws.add(TorchDraw.unknown(new TorchTarget(entry.getValue(), false)));
            }
        }
        for (Place place : places) {
            long hidden = hidden(own, place.suffix());
            TorchRule rule = rule(own, place.suffix(), hidden);
            for (String tensor : GATE_TENSORS) {
                add(draws, own.get(tensor + place.suffix()), rule, Math.max(1, hidden));
            }
        }
        return List.of(draws);
    }

    private static long hidden(Map<String, Parameter> own, String suffix) {
        Parameter projection = own.get("weight_hr" + suffix);
        Parameter recurrent = projection == null ? own.get("weight_hh" + suffix) : projection;
        TensorShape shape = recurrent == null ? TensorShape.of() : recurrent.shape();
        return shape.rank() == 2 ? shape.dim(1) : 1;
    }

    private static TorchRule rule(Map<String, Parameter> own, String suffix, long hidden) {
        Parameter input = own.get("weight_ih" + suffix);
        long gates = input == null || hidden == 0 ? 0 : input.shape().rows() / hidden;
        return gates == 1 ? TorchRule.RNN : gates == 3 ? TorchRule.GRU : TorchRule.LSTM;
    }
}
