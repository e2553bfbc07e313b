package io.detinit.training.timeline;

import io.detinit.interop.audit.Threshold;
import io.detinit.training.timeline.TrainingWarning.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for layers that sleep or explode, from one audit of the live parameters to the next.
 *
 * <p>r is the root of the mean of (w - w0)^2 in standard deviations of the layer's initial values. It does not exist where those are
 * constant, as those of biases are: such parameters are watched for NaN, infinity and standstill only. A warning is given when its
 * condition becomes true, and again only if it was false in between.
 *
 * <ul>
 *   <li>not seeded: before the first step not every weight has the bits of its initial value;
 *   <li>not finite: a weight is NaN or infinite;
 *   <li>explodes: r is at least {@value #FAR}; or it is at least {@value #GROWN_FROM} and {@value #GROWTH} times that of the point
 *       before, which is after the first step;
 *   <li>frozen: no figure of a layer has changed for {@value #FROZEN_STEPS} steps while another layer's did, or none of any layer;
 *   <li>sleeps: r is below {@value #SLEEPING} at {@value #POINTS} points in a row, while that of another layer is at least {@value
 *       #AWAKE};
 *   <li>sleeping units, sleeping inputs: in at least {@value #LINES} of the rows, or of the columns, nothing has moved at {@value
 *       #POINTS} points in a row. Judged where the first threshold comes to {@value #SLEEPING} initial standard deviations at most.
 *       The inputs of the first matrix are left out: an input that never moves there is a feature that is always zero.
 * </ul>
 *
 * <p>{@link ActivityWatch} does the same for gradients, updates and units. What is remembered follows from the points alone, so the
 * watch of a run that is continued is made from its earlier points.
 *
 * <p>Sleep is not judged before step {@value #SLEEP_STEPS}. Not thread-safe.
 */
final class TrainingWatch {

    static final double FAR = 20;
    static final double GROWN_FROM = 1;
    static final double GROWTH = 10;
    static final int FROZEN_STEPS = 10;
    static final double SLEEPING = 1e-3;
    static final double AWAKE = 1e-2;
    static final double LINES = 0.1;
    static final int POINTS = 3;
    static final int SLEEP_STEPS = 100;

    private final Threshold first;
    private final ActivityWatch activity = new ActivityWatch();
    private final Map<String, Layer> layers = new HashMap<>();
    private Set<String> active = new HashSet<>();
    private boolean elsewhere;

    /** What is remembered of a layer. */
    private static final class Layer {
        private @Nullable TensorMovement before;
        private long stepBefore;
        private long unchangedSince;
        private int sleeping;
        private int unitsAsleep;
        private int inputsAsleep;
    }

    /** Watches audits whose first threshold this is. */
    TrainingWatch(Threshold first) {
        this.first = first;
    }

    /** The first weights are not the initial ones, and are not meant to be. */
    void startsElsewhere() {
        elsewhere = true;
    }

    /** What is new at a point of which the movement alone is known. */
    List<TrainingWarning> observe(long step, List<TensorMovement> tensors) {
        return observe(step, tensors, Activity.NONE);
    }

    /** What is new at a point. */
    List<TrainingWarning> observe(long step, List<TensorMovement> tensors, Activity measured) {
        List<TrainingWarning> found = new ArrayList<>();
        double farthest = tensors.stream()
                .mapToDouble(t -> t.relativeRms().orElse(0))
                .max()
                .orElse(0);
        String firstMatrix = tensors.stream()
                .filter(t -> t.shape().rank() >= 2)
                .map(TensorMovement::name)
                .findFirst()
                .orElse("");
        tensors.forEach(tensor -> change(step, tensor));
        boolean anyChanged = tensors.stream().anyMatch(t -> layer(t).unchangedSince == step);
        for (TensorMovement tensor : tensors) {
            Layer layer = layer(tensor);
            seeded(step, tensor).ifPresent(found::add);
            finite(tensor).ifPresent(found::add);
            explodes(layer, tensor).ifPresent(found::add);
            boolean still = step - layer.unchangedSince >= FROZEN_STEPS && tensor.notFinite() == 0;
            if (still && anyChanged) {
                found.add(frozen(step, layer, tensor));
            }
            asleep(step, layer, tensor, !still, farthest).ifPresent(found::add);
            lines(step, layer, tensor, !still, firstMatrix, found);
            layer.before = tensor;
            layer.stepBefore = step;
        }
        standstill(step, tensors, anyChanged).ifPresent(found::add);
        found.addAll(activity.observe(tensors, measured));
        return onlyNew(found);
    }

    private Layer layer(TensorMovement tensor) {
        return layers.computeIfAbsent(tensor.name(), name -> new Layer());
    }

    private void change(long step, TensorMovement tensor) {
        Layer layer = layer(tensor);
        TensorMovement before = layer.before;
        boolean same = before == null ? tensor.isInitial() : tensor.hasFiguresOf(before);
        if (!same) {
            layer.unchangedSince = step;
        }
    }

    private List<TrainingWarning> onlyNew(List<TrainingWarning> found) {
        Set<String> now = new HashSet<>();
        List<TrainingWarning> fresh = new ArrayList<>();
        for (TrainingWarning warning : found) {
            String key = warning.kind() + " " + warning.tensor();
            now.add(key);
            if (!active.contains(key)) {
                fresh.add(warning);
            }
        }
        active = now;
        return fresh;
    }

    private Optional<TrainingWarning> seeded(long step, TensorMovement tensor) {
        long others = tensor.elements() - tensor.bitIdentical();
        return elsewhere || step > 0 || others == 0
                ? Optional.empty()
                : warning(
                        Kind.NOT_SEEDED,
                        tensor,
                        "%,d of %,d weights differ from their initial values before the first step; the block was not seeded by "
                                + "this plan, or changed since",
                        others,
                        tensor.elements());
    }

    private static Optional<TrainingWarning> finite(TensorMovement tensor) {
        return tensor.notFinite() == 0
                ? Optional.empty()
                : warning(
                        Kind.NOT_FINITE,
                        tensor,
                        "%,d of %,d weights are NaN or infinite; a lower learning rate may help",
                        tensor.notFinite(),
                        tensor.elements());
    }

    private static Optional<TrainingWarning> explodes(Layer layer, TensorMovement tensor) {
        double r = tensor.relativeRms().orElse(0);
        if (r >= FAR) {
            return warning(
                    Kind.EXPLODES,
                    tensor,
                    "rms of w - w0 is %.3g standard deviations of the initial weights (bound %.3g); a lower learning rate may "
                            + "help",
                    r,
                    FAR);
        }
        TensorMovement before = layer.before;
        double last = before == null || layer.stepBefore == 0
                ? Double.POSITIVE_INFINITY
                : before.relativeRms().orElse(Double.POSITIVE_INFINITY);
        return r >= GROWN_FROM && r >= GROWTH * last
                ? warning(
                        Kind.EXPLODES,
                        tensor,
                        "rms of w - w0 went from %.3g to %.3g standard deviations of the initial weights since step %d (bound "
                                + "%.3g times); a lower learning rate may help",
                        last,
                        r,
                        layer.stepBefore,
                        GROWTH)
                : Optional.empty();
    }

    private static TrainingWarning frozen(long step, Layer layer, TensorMovement tensor) {
        String since = tensor.isInitial() && layer.unchangedSince == 0
                ? "every weight still has the bits of its initial value"
                : "nothing has changed since step " + layer.unchangedSince;
        return new TrainingWarning(
                Kind.FROZEN,
                tensor.name(),
                format(
                        "%s after step %d, while other layers change; is it meant to be, or does no gradient reach it?",
                        since, step));
    }

    private Optional<TrainingWarning> standstill(long step, List<TensorMovement> tensors, boolean anyChanged) {
        long since = tensors.stream()
                .mapToLong(tensor -> layer(tensor).unchangedSince)
                .max()
                .orElse(step);
        boolean finite = tensors.stream().allMatch(tensor -> tensor.notFinite() == 0);
        return anyChanged || !finite || step - since < FROZEN_STEPS
                ? Optional.empty()
                : Optional.of(new TrainingWarning(
                        Kind.FROZEN,
                        "",
                        format(
                                "no parameter has changed since step %d; is the learning rate 0, or too small for the weights' "
                                        + "precision?",
                                since)));
    }

    private static Optional<TrainingWarning> asleep(
            long step, Layer layer, TensorMovement tensor, boolean moving, double farthest) {
        OptionalDouble r = tensor.relativeRms();
        boolean sleeps = step > 0 && moving && r.isPresent() && r.getAsDouble() < SLEEPING && farthest >= AWAKE;
        layer.sleeping = sleeps ? layer.sleeping + 1 : 0;
        return layer.sleeping < POINTS || step < SLEEP_STEPS
                ? Optional.empty()
                : warning(
                        Kind.SLEEPS,
                        tensor,
                        "rms of w - w0 is %.2g standard deviations of the initial weights (bound %.2g) at %d points in a row, while "
                                + "another layer's is %.2g",
                        r.orElse(0),
                        SLEEPING,
                        layer.sleeping,
                        farthest);
    }

    private void lines(
            long step,
            Layer layer,
            TensorMovement tensor,
            boolean moving,
            String firstMatrix,
            List<TrainingWarning> found) {
        boolean judged = step > 0 && moving && isFine(tensor);
        long units = judged ? tensor.deadUnits().orElse(0) : 0;
        long rows = tensor.shape().rows();
        layer.unitsAsleep = isMuch(units, rows) ? layer.unitsAsleep + 1 : 0;
        if (layer.unitsAsleep >= POINTS && step >= SLEEP_STEPS) {
            found.add(lines(Kind.UNITS_SLEEP, tensor, units, rows, "units", layer.unitsAsleep));
        }
        long inputs = judged && !tensor.name().equals(firstMatrix)
                ? tensor.deadInputs().orElse(0)
                : 0;
        long cols = tensor.shape().cols();
        layer.inputsAsleep = isMuch(inputs, cols) ? layer.inputsAsleep + 1 : 0;
        if (layer.inputsAsleep >= POINTS && step >= SLEEP_STEPS) {
            found.add(lines(Kind.INPUTS_SLEEP, tensor, inputs, cols, "inputs", layer.inputsAsleep));
        }
    }

    private static boolean isMuch(long lines, long all) {
        return lines > 0 && lines >= LINES * all;
    }

    /** Whether the first threshold is fine enough for what lies below it to be called asleep. */
    private boolean isFine(TensorMovement tensor) {
        return switch (first.kind()) {
            case ABS -> first.value() <= SLEEPING * tensor.initStd();
            case STD -> first.value() <= SLEEPING;
            case ULP, QUANTILE -> first.value() == 0;
            case AUTO -> false;
        };
    }

    private TrainingWarning lines(Kind kind, TensorMovement tensor, long lines, long all, String what, int points) {
        return new TrainingWarning(
                kind,
                tensor.name(),
                format(
                        "nothing has moved (threshold %s %.3g) in %,d of %,d %s at %d points in a row (bound %.0f %%); dead "
                                + "activations get no gradient",
                        first.kind().id(), first.value(), lines, all, what, points, 100 * LINES));
    }

    private static Optional<TrainingWarning> warning(
            Kind kind, TensorMovement tensor, String pattern, Object... values) {
        return Optional.of(new TrainingWarning(kind, tensor.name(), format(pattern, values)));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
