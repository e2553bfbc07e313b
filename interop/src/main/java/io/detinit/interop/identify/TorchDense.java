package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchRule;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Linear layers, convolutions, bilinear layers and embeddings.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchDense {

    private TorchDense() {}

    /** The ways to draw a weight of rank >= 2 and its bias. */
    static List<List<TorchDraw>> of(Parameter weight, Optional<Parameter> bias) throws IOException {
        List<List<TorchDraw>> options = new ArrayList<>();
        for (TorchTarget target : orientations(weight, bias)) {
            List<TorchDraw.Rule> rules = rules(target.shape(), bias);
            if (bias.isEmpty()) {
                rules.addAll(TorchOwnRules.of(target, false)); // the same draws, since no bias comes between
            }
            List<TorchDraw> drawn = new ArrayList<>(List.of(TorchDraw.of(target, rules)));
            List<TorchDraw> alone = List.copyOf(drawn);
            bias.ifPresent(b -> drawn.add(bias(target.shape(), b)));
            boolean folded = !weight.obstacle().isEmpty();
            if (folded && bias.isPresent()) {
                drawn.set(1, TorchDraw.discarded(bias.get().shape(), rule(target.shape()), fan(target.shape())));
                options.add(drawn);
                options.add(alone); // bias=False, as before a BatchNorm
            } else {
                options.add(drawn);
                if (bias.isPresent()) {
                    options.add(anew(target, uniform(target), bias));
                }
            }
            boolean embedding = weight.shape().rank() == 2 && bias.isEmpty();
            if (!embedding && TorchOwnRules.mayBeNormal(target.values(TorchTarget.MOST))) {
                List<TorchDraw.Rule> normal = TorchOwnRules.of(target, true);
                if (!normal.isEmpty()) {
                    options.add(anew(target, normal, folded ? Optional.empty() : bias));
                }
            }
            if (embedding) {
                List<TorchDraw> drawnNormal = List.of(embedding(target));
                options.add(isEmbedding(target) ? options.size() - 1 : options.size(), drawnNormal);
            }
        }
        return options;
    }

    /** Weights that code outside the module draws once more, one after the other, and biases that it clears. */
    private static List<TorchDraw> anew(TorchTarget weight, List<TorchDraw.Rule> rules, Optional<Parameter> bias) {
        List<TorchDraw> draws = new ArrayList<>(List.of(TorchDraw.of(weight, rules)));
        bias.ifPresent(b -> draws.add(TorchDraw.of(new TorchTarget(b, false), TorchRule.ZEROS, TorchRule.NO_FAN)));
        return draws;
    }

    /** The ways in which code outside the module may have drawn a weight of rank >= 2, whatever became of its bias. */
    static List<List<TorchDraw>> alone(Parameter weight) throws IOException {
        List<List<TorchDraw>> options = new ArrayList<>();
        for (TorchTarget target : orientations(weight, Optional.empty())) {
            options.add(anew(target, uniform(target), Optional.empty()));
            List<TorchDraw.Rule> normal = TorchOwnRules.of(target, true);
            if (!normal.isEmpty()) {
                options.add(anew(target, normal, Optional.empty()));
            }
        }
        return options;
    }

    private static List<TorchDraw.Rule> uniform(TorchTarget weight) throws IOException {
        List<TorchDraw.Rule> rules = new ArrayList<>();
        rules.add(TorchDraw.Rule.of(TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN));
        rules.addAll(TorchOwnRules.of(weight, false));
        rules.add(TorchDraw.Rule.of(rule(weight.shape()), fan(weight.shape())));
        return rules;
    }

    private static List<TorchTarget> orientations(Parameter weight, Optional<Parameter> bias) {
        TorchTarget straight = new TorchTarget(weight, false);
        if (weight.orderKnown() || weight.shape().rank() != 2) {
            return List.of(straight);
        }
        TorchTarget turned = new TorchTarget(weight, true);
        if (bias.isPresent() && weight.shape().dim(0) != weight.shape().dim(1)) {
            return List.of(bias.get().shape().elements() == weight.shape().dim(1) ? turned : straight);
        }
        return List.of(straight, turned);
    }

    private static TorchRule rule(TensorShape shape) {
        return shape.rank() == 2 ? TorchRule.LINEAR : TorchRule.CONV;
    }

    /** {@code size(1) * prod(kernel)}, which the transposed convolutions of PyTorch 1.0 and later take too. */
    private static long fan(TensorShape shape) {
        return shape.fanIn();
    }

    private static List<TorchDraw.Rule> rules(TensorShape shape, Optional<Parameter> bias) {
        List<TorchDraw.Rule> rules = new ArrayList<>();
        long fan = fan(shape);
        boolean transposed = shape.rank() > 2
                && bias.filter(b -> b.shape().elements() != shape.dim(0)).isPresent();
        rules.add(TorchDraw.Rule.of(transposed ? TorchRule.CONV_TRANSPOSE : rule(shape), fan));
        if (shape.rank() == 3) {
            rules.add(TorchDraw.Rule.of(TorchRule.BILINEAR, shape.dim(1)));
        }
        rules.add(TorchDraw.Rule.of(TorchRule.XAVIER_UNIFORM, TorchRule.NO_FAN));
        rules.add(TorchDraw.Rule.of(rule(shape), fan, TorchEra.V0_4));
        if (shape.rank() > 2) {
            rules.add(TorchDraw.Rule.of(TorchRule.CONV_TRANSPOSE, transposedFan(shape), TorchEra.V0_4));
        }
        return rules;
    }

    /** {@code in_channels * prod(kernel)}: before 1.0. */
    private static long transposedFan(TensorShape shape) {
        return fan(shape) / shape.dim(1) * shape.dim(0);
    }

    private static TorchDraw bias(TensorShape weight, Parameter bias) {
        List<TorchDraw.Rule> rules = new ArrayList<>();
        for (TorchDraw.Rule rule : rules(weight, Optional.of(bias))) {
            if (rule.rule() != TorchRule.XAVIER_UNIFORM) {
                rules.add(rule);
            }
        }
        return TorchDraw.of(new TorchTarget(bias, false), rules);
    }

    private static TorchDraw embedding(TorchTarget target) throws IOException {
        List<TorchDraw.Rule> rules = new ArrayList<>(List.of(TorchDraw.Rule.of(TorchRule.EMBEDDING, TorchRule.NO_FAN)));
        rules.addAll(TorchOwnRules.of(target, true));
        TorchDraw draw = TorchDraw.of(target, rules);
        int width = Math.toIntExact(Math.min(target.shape().dim(1), TorchTarget.MOST));
        float[] values = target.shape().dim(1) > width ? new float[0] : target.values(TorchTarget.MOST);
        for (int row = 0; (row + 1) * width <= values.length; row++) {
            boolean zero = true;
            for (int k = row * width; k < (row + 1) * width; k++) {
                zero &= values[k] == 0;
            }
            if (zero) {
                return draw.withZeroRow(row);
            }
        }
        return draw;
    }

    /** By its name, or because its weights are far larger than a linear layer's could be. */
    private static boolean isEmbedding(TorchTarget target) throws IOException {
        if (target.parameter().canonicalName().toLowerCase(Locale.ROOT).contains("emb")) {
            return true;
        }
        double squares = 0;
        float[] values = target.values(TorchTarget.MOST);
        for (float value : values) {
            squares += value * value;
        }
        double linear = 1 / Math.sqrt(3.0 * target.shape().dim(1));
        return Math.sqrt(squares / Math.max(1, values.length)) > Math.max(0.5, 3 * linear);
    }
}
