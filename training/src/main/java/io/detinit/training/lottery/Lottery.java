package io.detinit.training.lottery;

import io.detinit.generator.SplitMix64;
import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Looks for lottery tickets (Frankle and Carbin 2019): trains, prunes a fraction of the weights that are left, puts the others back to what
 * they were, trains again. Every training has the same number of steps. The initial weights are regenerated from the seed, those of a late
 * rewind by replaying the dense steps before it, so a ticket is a seed and masks.
 *
 * <p>On one CPU, with one number of threads, the results are a function of configuration and data alone. Stateless, but DJL's engine
 * seed is global: one lottery at a time.
 */
public final class Lottery {

    /** Keeps the seeds of REINIT apart from the bits of weights and orders: "reini" in ASCII, far above any layer id. */
    private static final long REINIT_DOMAIN = 0x7265696E69L;

    private final LotteryConfig config;
    private final LotteryStore store;
    private final LotteryListener listener;
    private final RoundTrainer trainer;
    private final TicketMasks selector;
    private final Set<RoundResult.Key> done;
    private final int trainings;
    private final long stepsToDo;
    private int training;
    private long stepsDone;

    private Lottery(LotteryConfig config, LotteryData data, LotteryStore store, LotteryListener listener) {
        this.config = config;
        this.store = store;
        this.listener = listener;
        this.trainer = new RoundTrainer(config, data);
        this.selector = new TicketMasks(config);
        this.done = store.results().stream().map(RoundResult::key).collect(Collectors.toSet());
        List<RoundResult.Key> all = keys(config);
        this.trainings = all.size();
        this.stepsToDo = trainer.steps()
                * all.stream().filter(key -> !done.contains(key)).count();
        if (config.rewind() >= trainer.steps()) {
            throw new IllegalArgumentException("rewind step " + config.rewind() + " must lie before the last of the "
                    + trainer.steps() + " steps of a training");
        }
    }

    /**
     * Runs a lottery in memory.
     *
     * @param config how
     * @param data the samples
     * @param listener is told how it goes on
     * @return a result for each training: by seed, round and variant
     * @throws IllegalArgumentException if samples, layer rates or the rewind step do not fit the model
     * @throws IOException if the listener fails
     */
    public static List<RoundResult> run(LotteryConfig config, LotteryData data, LotteryListener listener)
            throws IOException {
        return new Lottery(config, data, LotteryStore.inMemory(), listener).run();
    }

    /**
     * Runs a lottery, or what is left of it, and keeps every training that is done.
     *
     * @param config how; the one that the folder was opened with
     * @param data the samples; those that the folder was opened with
     * @param folder where results and masks are kept
     * @param listener is told how it goes on; of trainings that were done before it hears nothing
     * @return a result for each training of the configuration: by seed, round and variant
     * @throws IllegalArgumentException if samples, layer rates or the rewind step do not fit the model
     * @throws IOException if the folder cannot be read or written, or the listener fails
     */
    public static List<RoundResult> run(
            LotteryConfig config, LotteryData data, LotteryFolder folder, LotteryListener listener) throws IOException {
        return new Lottery(config, data, folder, listener).run();
    }

    private static List<RoundResult.Key> keys(LotteryConfig config) {
        List<RoundResult.Key> keys = new ArrayList<>();
        for (long seed : config.seeds()) {
            for (int round = 0; round <= config.rounds(); round++) {
                for (Variant variant : config.variants(round)) {
                    keys.add(new RoundResult.Key(seed, round, variant));
                }
            }
        }
        return keys;
    }

    private List<RoundResult> run() throws IOException {
        List<RoundResult.Key> keys = keys(config);
        for (RoundResult.Key key : keys) {
            training++;
            if (!done.contains(key)) {
                train(key);
            }
        }
        Map<RoundResult.Key, RoundResult> found = new LinkedHashMap<>();
        store.results().forEach(result -> found.put(result.key(), result));
        return keys.stream().map(found::get).toList();
    }

    private void train(RoundResult.Key key) throws IOException {
        Map<String, Mask> masks = key.round() == 0 ? Map.of() : store.masks(key.seed(), key.round());
        if (key.variant() == Variant.SHUFFLE) {
            masks = TicketMasks.shuffled(masks, key.seed());
        }
        long weightsSeed = key.variant() == Variant.REINIT ? reinitSeed(key.seed()) : key.seed();
        RoundTrainer.Trained trained = trainer.train(weightsSeed, masks, () -> step(key));
        if (key.variant() == Variant.TICKET) {
            TicketMasks.Found next =
                    selector.next(trained.plan(), trained.tensors(), trained.masks(), key.seed(), key.round() + 1);
            store.keep(key.seed(), key.round() + 1, next);
        }
        RoundResult result = result(key, weightsSeed, trained);
        store.keep(result);
        listener.onRound(result, trained.masks());
    }

    /**
     * The seed of the weights of {@link Variant#REINIT}.
     *
     * @param seed the seed of a replicate
     * @return another one, a function of it
     */
    public static long reinitSeed(long seed) {
        return SplitMix64.bits(seed, REINIT_DOMAIN);
    }

    private void step(RoundResult.Key key) {
        stepsDone++;
        listener.onStep(
                new LotteryProgress(key.seed(), key.round(), key.variant(), training, trainings, stepsDone, stepsToDo));
    }

    private static RoundResult result(RoundResult.Key key, long weightsSeed, RoundTrainer.Trained trained) {
        Map<String, Long> layers = new LinkedHashMap<>();
        trained.masks().forEach((name, mask) -> layers.put(name, mask.kept()));
        long prunable = trained.masks().values().stream().mapToLong(Mask::size).sum();
        return new RoundResult(
                key.seed(),
                key.round(),
                key.variant(),
                weightsSeed,
                layers,
                prunable,
                trained.earlyStop(),
                trained.end());
    }
}
