package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pruned weights pruned: they get their fill before the first step and hold it, bit for bit, after every step. A weight that is
 * kept is trained as without masks.
 *
 * <p>Where only the optimizer changes weights, the gradients of pruned weights are made 0 in every step, and so is their optimizer state
 * where it comes from elsewhere: no optimizer moves a weight then (w - rate * 0 = w). Weight decay does not move zeros, but it moves
 * initial values; there, and beside hooks of other kinds, the fill is put back after every update instead. A gradient that is NaN
 * or infinite makes its weight NaN, pruned or not.
 *
 * <p>Hooks that change weights ({@link SleepRule}, {@link PullRule}, {@link StartingWeights}) come before this one. The arrays belong
 * to the run, four bytes a weight of a masked parameter, eight for initial values as the fill. One rule serves one run. Not
 * thread-safe.
 */
public final class MaskRule implements StepHook {

    private static final List<String> STATES = List.of("momentum.", "mean.", "variance.");

    private final Map<String, Mask> masks;
    private final Fill fill;
    private final Map<String, Masked> arrays = new LinkedHashMap<>();
    private final Map<String, NDArray> cleanStates = new LinkedHashMap<>();
    private @Nullable TrainingRun run;
    private boolean gradientsSuffice;

    /** 1 where a weight is kept; the fill elsewhere, null for zeros. */
    private record Masked(NDArray keep, @Nullable NDArray fill) {}

    /**
     * Makes a rule.
     *
     * @param masks by the parameters' stable names; a parameter without a mask is free
     * @param fill ZERO or INIT
     * @throws IllegalArgumentException for another fill
     */
    public MaskRule(Map<String, Mask> masks, Fill fill) {
        if (fill == Fill.INIT_OR_ZERO) {
            throw new IllegalArgumentException("masked training fills with zero or init, not " + fill.id());
        }
        this.masks = Map.copyOf(masks);
        this.fill = fill;
    }

    /**
     * Puts the fill into the pruned weights.
     *
     * @throws IllegalArgumentException if a mask fits no parameter, or a hook after this one changes weights
     */
    @Override
    public void begin(TrainingRun begun) {
        arrays.clear();
        cleanStates.clear();
        run = begun;
        gradientsSuffice = gradientsSuffice(begun);
        masks.forEach((name, mask) -> {
            Parameter parameter = begun.parameters().get(name);
            if (parameter == null) {
                throw new IllegalArgumentException("the masks have '" + name + "', which the model has not; it has "
                        + String.join(", ", begun.parameters().keySet()));
            }
            Shape shape = parameter.getArray().getShape();
            if (!Arrays.equals(shape.getShape(), mask.shape().dims())) {
                throw new IllegalArgumentException(
                        "the mask of '" + name + "' has the shape " + mask.shape() + ", the parameter " + shape);
            }
            if (mask.kept() < mask.size()) {
                Masked masked = masked(begun, name, mask, shape);
                enforce(parameter.getArray(), masked);
                arrays.put(name, masked);
            }
        });
    }

    private Masked masked(TrainingRun begun, String name, Mask mask, Shape shape) {
        float[] keep = new float[Math.toIntExact(mask.size())];
        for (int k = 0; k < keep.length; k++) {
            keep[k] = mask.keeps(k) ? 1 : 0;
        }
        NDArray keeps = begun.manager().create(keep, shape);
        if (fill == Fill.ZERO) {
            return new Masked(keeps, null);
        }
        NDArray filled = InitialArrays.of(begun, name, begun.manager());
        try (NDArray pruned = keeps.eq(0);
                NDArray inverse = pruned.toType(DataType.FLOAT32, false)) {
            filled.muli(inverse);
        }
        return new Masked(keeps, filled);
    }

    /** Whether a weight without gradient and state stays what it is. */
    private boolean gradientsSuffice(TrainingRun begun) {
        List<StepHook> hooks = begun.hooks();
        boolean alone = true;
        boolean after = false;
        for (StepHook hook : hooks) {
            after |= hook == this;
            if (after && (hook instanceof SleepRule || hook instanceof PullRule || hook instanceof StartingWeights)) {
                throw new IllegalArgumentException("masks come after the hooks that change weights, found "
                        + hook.getClass().getSimpleName() + " behind them");
            }
            alone &= hook.onlyLooks() || hook instanceof MaskRule || hook instanceof StartingWeights;
        }
        return alone && (fill == Fill.ZERO || begun.config().optimizer().weightDecay() == 0);
    }

    @Override
    public void beforeUpdate(Step step) {
        if (!gradientsSuffice) {
            return;
        }
        for (TrainedWeight weight : step.weights()) {
            Masked masked = arrays.get(weight.name());
            if (masked != null) {
                weight.gradient().muli(masked.keep());
                cleanState(weight.name(), masked);
            }
        }
    }

    /** State that was restored may move pruned weights; that of this run cannot. */
    private void cleanState(String name, Masked masked) {
        if (run == null || run.optimizer().state().isEmpty()) {
            return;
        }
        Map<String, NDArray> states = run.optimizer().state();
        for (String kind : STATES) {
            String key = kind + name;
            NDArray state = states.get(key);
            if (state != null && cleanStates.get(key) != state) {
                state.muli(masked.keep());
                cleanStates.put(key, state);
            }
        }
    }

    @Override
    public void afterUpdate(Step step) {
        if (gradientsSuffice) {
            return;
        }
        for (TrainedWeight weight : step.weights()) {
            Masked masked = arrays.get(weight.name());
            if (masked != null) {
                enforce(weight.values(), masked);
            }
        }
    }

    private static void enforce(NDArray values, Masked masked) {
        values.muli(masked.keep());
        if (masked.fill() != null) {
            values.addi(masked.fill());
        } else {
            values.addi(0f); // -0 becomes 0
        }
    }

    @Override
    public boolean changesFirstWeights() {
        return fill == Fill.ZERO;
    }

    @Override
    public Map<String, Object> describe() {
        long all = masks.values().stream().mapToLong(Mask::size).sum();
        long kept = masks.values().stream().mapToLong(Mask::kept).sum();
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("fill", fill.id());
        described.put("pruned", all - kept);
        described.put("of", all);
        described.put("parameters", masks.keySet().stream().sorted().toList());
        described.put("sha256", sha256());
        return Map.of("masks", described);
    }

    /** Of names and bits, so that other masks are known to be others. */
    private String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            masks.keySet().stream().sorted().forEach(name -> {
                Mask mask = Objects.requireNonNull(masks.get(name), name);
                digest.update(name.getBytes(StandardCharsets.UTF_8));
                ByteBuffer words = ByteBuffer.allocate(Math.toIntExact((mask.size() + 63) / 64 * 8));
                for (long from = 0; from < mask.size(); from += 64) {
                    words.putLong(mask.bits(from));
                }
                digest.update(words.flip());
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
