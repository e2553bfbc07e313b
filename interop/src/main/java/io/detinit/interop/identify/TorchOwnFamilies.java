package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.StreamPosition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Tells by which call of {@code torch.nn.init} a model drew its weights where training left none of them as it was: training also changes their scale, so
 * that one tensor alone does not tell; all of them together do, since a model draws its weights by the same call.
 *
 * <p>Mutable; for one thread.
 */
final class TorchOwnFamilies {

    /** The closest that a scale is taken to be known, as a logarithm. */
    private static final double CLOSEST = 0.02;

    /** By how much the squares of the best call have to be less than those of any other. */
    private static final double MARGIN = 2;

    /** What a number that the model chose has to make up for, beside a call without one. */
    private static final double NUMBER = 2;

    /** What a gain that is seldom asked for has to make up for. */
    private static final double SELDOM = 6;

    private final List<Layer> layers = new ArrayList<>();

    /**
     * A weight that was drawn anew.
     *
     * @param target the weight
     * @param draw its draw
     * @param start its first draw
     * @param stop its module
     * @param scale the scale that it was drawn with, as far as the weights tell
     * @param known the rule, where its bits have told it
     */
    record Layer(
            TorchTarget target,
            TorchDraw draw,
            StreamPosition start,
            TorchRoute.Stop stop,
            TorchRuleChoice.Scale scale,
            Optional<TorchDraw.Rule> known) {

        TensorShape shape() {
            return target.shape();
        }
    }

    /** One call for all weights, and what speaks against it from the start. */
    private record Family(Function<TensorShape, TorchDraw.Rule> rule, double doubt) {

        double std(TensorShape shape) {
            return TorchOwnRules.std(rule.apply(shape), shape);
        }
    }

    /** Adds a weight, or puts it in the place of what was added under its name. */
    void add(Layer layer) {
        layers.removeIf(other -> other.target().name().equals(layer.target().name()));
        layers.add(layer);
    }

    /** The rules of those that are not known, where one call explains all weights that were drawn uniform, or normal. */
    Map<Layer, TorchDraw.Rule> decide() {
        Map<Layer, TorchDraw.Rule> decided = new HashMap<>();
        for (boolean normal : new boolean[] {false, true}) {
            List<Layer> alike = layers.stream()
                    .filter(layer -> layer.draw().isNormal() == normal)
                    .toList();
            best(alike, families(alike, normal)).ifPresent(family -> {
                for (Layer layer : alike) {
                    if (layer.known().isEmpty()) {
                        decided.put(layer, family.rule().apply(layer.shape()));
                    }
                }
            });
        }
        return decided;
    }

    private static Optional<Family> best(List<Layer> layers, List<Family> families) {
        List<Layer> open =
                layers.stream().filter(layer -> layer.known().isEmpty()).toList();
        if (open.isEmpty()) {
            return Optional.empty();
        }
        List<Family> ranked = families.stream()
                .filter(family -> layers.stream().allMatch(layer -> Math.abs(misfit(family, layer)) <= 2))
                .sorted(Comparator.comparingDouble(family -> total(family, layers)))
                .toList();
        if (ranked.isEmpty()) {
            return Optional.empty();
        }
        Family best = ranked.get(0);
        for (Family other : ranked) {
            boolean same = open.stream()
                    .allMatch(layer -> Math.abs(Math.log(other.std(layer.shape()) / best.std(layer.shape()))) < 1e-9);
            if (!same && total(other, layers) < total(best, layers) + MARGIN) {
                return Optional.empty();
            }
        }
        return Optional.of(best);
    }

    private static double total(Family family, List<Layer> layers) {
        double sum = family.doubt();
        for (Layer layer : layers) {
            double misfit = misfit(family, layer);
            sum += misfit * misfit;
        }
        return sum;
    }

    /** In halves of what the scale may be off. */
    private static double misfit(Family family, Layer layer) {
        return Math.log(layer.scale().std() / family.std(layer.shape()))
                / (Math.max(CLOSEST, layer.scale().tolerance()) / 2);
    }

    private static List<Family> families(List<Layer> layers, boolean normal) {
        List<Family> families = new ArrayList<>();
        for (TorchOwnRules.Call call : TorchOwnRules.calls(normal)) {
            families.add(new Family(call.rule(), call.isSeldom() ? SELDOM : 0));
        }
        layers.stream()
                .flatMap(layer -> TorchOwnRules.digits(
                        TorchOwnRules.spread(normal) * layer.scale().std())
                        .stream())
                .distinct()
                .forEach(number -> families.add(new Family(shape -> TorchOwnRules.number(normal, number), NUMBER)));
        return families;
    }
}
