package io.detinit.training.lottery;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one training brought.
 *
 * @param seed the seed of the replicate
 * @param round 0 for the dense network
 * @param variant the ticket or a control
 * @param weightsSeed the seed of the initial weights and of the sample order; another one than {@code seed} for REINIT
 * @param layers how many weights each prunable matrix keeps, in state-dict order
 * @param prunable how many weights these matrices have
 * @param earlyStop at the first evaluation with the lowest validation loss
 * @param end after the last step
 */
public record RoundResult(
        long seed,
        int round,
        Variant variant,
        long weightsSeed,
        Map<String, Long> layers,
        long prunable,
        Evaluation earlyStop,
        Evaluation end) {

    /** Copies the map. */
    public RoundResult {
        layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    }

    /** {@return how many weights are kept} */
    public long kept() {
        return layers.values().stream().mapToLong(Long::longValue).sum();
    }

    /** {@return kept / prunable, in [0, 1]} */
    public double density() {
        return (double) kept() / prunable;
    }

    /** {@return which training it is of} */
    Key key() {
        return new Key(seed, round, variant);
    }

    /** Names a training of a lottery. */
    record Key(long seed, int round, Variant variant) {}
}
