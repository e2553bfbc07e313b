package io.detinit.training.lottery;

import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.training.TrainConfig;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * How tickets are looked for. Made by {@link #builder}.
 *
 * @param training how every round is trained; its seed is replaced by those below
 * @param seeds one replicate for each: the seed of weights and sample order; at least one, each once
 * @param rounds how often it is pruned, >= 1; round 0 is the dense training
 * @param rates which fraction of the remaining weights goes in a round
 * @param criterion by what the remaining weights are ranked, after each training
 * @param scope LAYER ranks each layer by itself; GLOBAL ranks together all layers that have the same rate
 * @param fill what stands where a weight was pruned: ZERO as in the paper, or INIT
 * @param rewind where the weights go back to: 0 for the initial weights w0, K for those after step K of the dense training
 * @param evalEvery after how many steps the validation samples are scored, >= 1
 * @param controls what else is trained in every pruned round, in this order
 */
public record LotteryConfig(
        TrainConfig training,
        List<Long> seeds,
        int rounds,
        PruneRates rates,
        Criterion criterion,
        Selection.Scope scope,
        Fill fill,
        long rewind,
        int evalEvery,
        List<Variant> controls) {

    /**
     * Checks the values and copies the lists.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public LotteryConfig {
        seeds = List.copyOf(seeds);
        controls = List.copyOf(controls);
        if (seeds.isEmpty() || new HashSet<>(seeds).size() != seeds.size()) {
            throw new IllegalArgumentException("replicates need at least one seed, each once, not " + seeds);
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds " + rounds + " must be at least 1");
        }
        if (fill == Fill.INIT_OR_ZERO) {
            throw new IllegalArgumentException("tickets are filled with zero or init, not " + fill.id());
        }
        if (rewind < 0) {
            throw new IllegalArgumentException("rewind step " + rewind + " must be 0 (w0) or more");
        }
        if (evalEvery < 1) {
            throw new IllegalArgumentException("steps between evaluations " + evalEvery + " must be at least 1");
        }
        if (!controls.stream().allMatch(Variant::isControl)
                || Set.copyOf(controls).size() != controls.size()) {
            throw new IllegalArgumentException("controls are reinit and shuffle, each once, not " + controls);
        }
    }

    /**
     * Begins with the values of Frankle and Carbin 2019: 20 % of the remaining weights a round by magnitude in each layer, half of that in
     * the output layer, back to w0, zeros; 15 rounds, one replicate with the seed of the training, scored every 500 steps, no control.
     *
     * @param training how every round is trained
     * @return the builder
     */
    public static Builder builder(TrainConfig training) {
        return new Builder(training);
    }

    /** {@return what is trained in a round: the dense network alone in round 0} */
    List<Variant> variants(int round) {
        List<Variant> variants = new ArrayList<>(List.of(Variant.TICKET));
        if (round > 0) {
            variants.addAll(controls);
        }
        return variants;
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private final TrainConfig training;
        private List<Long> seeds;
        private int rounds = 15;
        private double rate = 0.2;
        private OptionalDouble lastRate = OptionalDouble.empty();
        private List<PruneRates.Rule> rules = List.of();
        private Criterion criterion = Criterion.MAGNITUDE;
        private Selection.Scope scope = Selection.Scope.LAYER;
        private Fill fill = Fill.ZERO;
        private long rewind;
        private int evalEvery = 500;
        private Set<Variant> controls = EnumSet.noneOf(Variant.class);

        private Builder(TrainConfig training) {
            this.training = training;
            this.seeds = List.of(training.seed());
        }

        /**
         * Sets the seeds of the replicates.
         *
         * @param value at least one, each once
         * @return this
         */
        public Builder seeds(List<Long> value) {
            seeds = value;
            return this;
        }

        /**
         * Sets the number of rounds.
         *
         * @param value >= 1
         * @return this
         */
        public Builder rounds(int value) {
            rounds = value;
            return this;
        }

        /**
         * Sets the fraction of the remaining weights that goes in a round.
         *
         * @param value in (0, 1)
         * @return this
         */
        public Builder rate(double value) {
            rate = value;
            return this;
        }

        /**
         * Sets the rate of the output layer. Unless it is set it is half of the rate in the scope LAYER and the rate in the scope
         * GLOBAL.
         *
         * @param value in [0, 1)
         * @return this
         */
        public Builder lastRate(double value) {
            lastRate = OptionalDouble.of(value);
            return this;
        }

        /**
         * Sets rates of layers by their names.
         *
         * @param value the first rule that fits counts
         * @return this
         */
        public Builder layerRates(List<PruneRates.Rule> value) {
            rules = value;
            return this;
        }

        /**
         * Sets by what weights are ranked.
         *
         * @param value the criterion
         * @return this
         */
        public Builder criterion(Criterion value) {
            criterion = value;
            return this;
        }

        /**
         * Sets over what weights are ranked.
         *
         * @param value the scope
         * @return this
         */
        public Builder scope(Selection.Scope value) {
            scope = value;
            return this;
        }

        /**
         * Sets what stands where a weight was pruned.
         *
         * @param value ZERO or INIT
         * @return this
         */
        public Builder fill(Fill value) {
            fill = value;
            return this;
        }

        /**
         * Sets the step that weights are rewound to.
         *
         * @param value 0 for w0, or a step before the last one
         * @return this
         */
        public Builder rewind(long value) {
            rewind = value;
            return this;
        }

        /**
         * Sets after how many steps the validation samples are scored.
         *
         * @param value >= 1
         * @return this
         */
        public Builder evalEvery(int value) {
            evalEvery = value;
            return this;
        }

        /**
         * Sets the controls.
         *
         * @param value any of the controls
         * @return this
         */
        public Builder controls(Set<Variant> value) {
            controls = value;
            return this;
        }

        /**
         * {@return the configuration}
         *
         * @throws IllegalArgumentException if a value lies outside its interval
         */
        public LotteryConfig build() {
            double last = lastRate.orElse(scope == Selection.Scope.LAYER ? rate / 2 : rate);
            return new LotteryConfig(
                    training,
                    seeds,
                    rounds,
                    new PruneRates(rate, last, rules),
                    criterion,
                    scope,
                    fill,
                    rewind,
                    evalEvery,
                    controls.stream().sorted().toList());
        }
    }
}
