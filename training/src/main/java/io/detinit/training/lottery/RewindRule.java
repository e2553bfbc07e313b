package io.detinit.training.lottery;

import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainingRun;
import io.detinit.training.rule.MaskRule;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Trains the first steps without masks and puts them on after a step: the run then stands where the dense training of its seed stood after
 * that step, weights and optimizer state alike, less the pruned weights. For step 0 that is w0. Nothing is stored for it.
 *
 * <p>One rule serves one run. Not thread-safe.
 */
final class RewindRule implements StepHook {

    private final MaskRule masks;
    private final long rewind;
    private @Nullable TrainingRun run;

    RewindRule(Map<String, Mask> masks, Fill fill, long rewind) {
        this.masks = new MaskRule(masks, fill);
        this.rewind = rewind;
    }

    @Override
    public void begin(TrainingRun begun) {
        run = begun;
        if (rewind == 0) {
            masks.begin(begun);
        }
    }

    @Override
    public void beforeUpdate(Step step) {
        if (step.number() > rewind) {
            masks.beforeUpdate(step);
        }
    }

    @Override
    public void afterUpdate(Step step) {
        if (step.number() > rewind) {
            masks.afterUpdate(step);
        } else if (step.number() == rewind && run != null) {
            masks.begin(run);
        }
    }
}
