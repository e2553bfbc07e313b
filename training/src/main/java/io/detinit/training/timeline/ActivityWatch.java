package io.detinit.training.timeline;

import io.detinit.training.timeline.TrainingWarning.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Looks for gradients that vanish or explode and for units that are dead, from one point to the next. Gradients are judged of matrices
 * and kernels (rank 2 or more) by the mean of their norms over the sampled steps.
 *
 * <ul>
 *   <li>gradient vanishes: its norm is below {@value #FADED} of that of a parameter later in state-dict order, and below {@value #SMALL}
 *       of its own weights' norm, at {@value #POINTS} points in a row;
 *   <li>gradient explodes: it was NaN or infinite at a sampled step; or its norm is at least {@value #GROWTH} times the largest of all
 *       points before, and at least {@value #LARGE} of its own weights' norm;
 *   <li>updates explode: the mean update-to-weight ratio is at least {@value #UPDATE};
 *   <li>units dead: at least {@value #DEAD} of a layer's units never fire on the probed samples.
 * </ul>
 *
 * <p>Not thread-safe.
 */
final class ActivityWatch {

    static final double FADED = 1e-3;
    static final double SMALL = 1e-4;
    static final int POINTS = 3;
    static final double GROWTH = 10;
    static final double LARGE = 0.1;
    static final double UPDATE = 0.1;
    static final double DEAD = 0.5;

    private final Map<String, Integer> faded = new HashMap<>();
    private final Map<String, Double> largest = new HashMap<>();

    /** What holds at a point. */
    List<TrainingWarning> observe(List<TensorMovement> tensors, Activity activity) {
        Map<String, Integer> ranks = new HashMap<>();
        tensors.forEach(tensor -> ranks.put(tensor.name(), tensor.shape().rank()));
        List<TrainingWarning> found = new ArrayList<>();
        List<TensorGradient> gradients = activity.gradients();
        for (int k = 0; k < gradients.size(); k++) {
            TensorGradient gradient = gradients.get(k);
            if (gradient.notFinite() > 0) {
                found.add(warning(
                        Kind.GRADIENT_EXPLODES,
                        gradient,
                        "NaN or infinite at %d of %d sampled steps; a lower learning rate or clipping may help",
                        gradient.notFinite(),
                        gradient.steps()));
            } else if (ranks.getOrDefault(gradient.tensor(), 0) >= 2) {
                vanishes(gradient, gradients.subList(k + 1, gradients.size())).ifPresent(found::add);
                explodes(gradient).ifPresent(found::add);
                updates(gradient).ifPresent(found::add);
            }
        }
        activity.units().forEach(units -> dead(units).ifPresent(found::add));
        return found;
    }

    private Optional<TrainingWarning> vanishes(TensorGradient gradient, List<TensorGradient> later) {
        double norm = gradient.meanNorm().orElse(0);
        double weights = gradient.weightNorm().orElse(0);
        Optional<TensorGradient> strongest = later.stream()
                .filter(other -> other.meanNorm().isPresent())
                .max(java.util.Comparator.comparingDouble(
                        other -> other.meanNorm().getAsDouble()));
        double highest = strongest.map(other -> other.meanNorm().orElse(0)).orElse(0.0);
        boolean low = norm < FADED * highest && norm < SMALL * weights;
        int points = low ? faded.merge(gradient.tensor(), 1, Integer::sum) : 0;
        if (!low) {
            faded.remove(gradient.tensor());
        }
        return points < POINTS
                ? Optional.empty()
                : Optional.of(warning(
                        Kind.GRADIENT_VANISHES,
                        gradient,
                        "its norm is %.2g at %d points in a row: %.1g of that of %s (bound %.2g) and %.1g of its weights' (bound %.2g)",
                        norm,
                        points,
                        norm / highest,
                        strongest.map(TensorGradient::tensor).orElse(""),
                        FADED,
                        norm / weights,
                        SMALL));
    }

    private Optional<TrainingWarning> explodes(TensorGradient gradient) {
        double norm = gradient.meanNorm().orElse(0);
        double before = largest.getOrDefault(gradient.tensor(), Double.POSITIVE_INFINITY);
        boolean grown =
                norm >= GROWTH * before && norm >= LARGE * gradient.weightNorm().orElse(Double.POSITIVE_INFINITY);
        largest.merge(gradient.tensor(), norm, Math::max);
        return grown
                ? Optional.of(warning(
                        Kind.GRADIENT_EXPLODES,
                        gradient,
                        "its norm is %.3g, and was %.3g at most before (bound %.3g times); a lower learning rate or clipping may help",
                        norm,
                        before,
                        GROWTH))
                : Optional.empty();
    }

    private static Optional<TrainingWarning> updates(TensorGradient gradient) {
        double ratio = gradient.meanUpdateRatio().orElse(0);
        return ratio >= UPDATE
                ? Optional.of(warning(
                        Kind.UPDATES_EXPLODE,
                        gradient,
                        "a step changes the weights by %.2g of their norm (bound %.2g); a lower learning rate may help",
                        ratio,
                        UPDATE))
                : Optional.empty();
    }

    private static Optional<TrainingWarning> dead(UnitActivity units) {
        return units.share() >= DEAD
                ? Optional.of(new TrainingWarning(
                        Kind.UNITS_DEAD,
                        units.layer(),
                        format(
                                "%,d of %,d units never fire on %,d samples (bound %.0f %%); they get no gradient",
                                units.neverFire(), units.units(), units.samples(), 100 * DEAD)))
                : Optional.empty();
    }

    private static TrainingWarning warning(Kind kind, TensorGradient gradient, String pattern, Object... values) {
        return new TrainingWarning(kind, gradient.tensor(), format(pattern, values));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
