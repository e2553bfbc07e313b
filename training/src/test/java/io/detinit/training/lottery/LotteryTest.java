package io.detinit.training.lottery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.training.DeviceSamples;
import io.detinit.training.Score;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.rule.MaskRule;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LotteryTest {

    private static final Set<Variant> BOTH = EnumSet.of(Variant.REINIT, Variant.SHUFFLE);

    private static long remaining(long weights, int rounds, double rate) {
        long left = weights;
        for (int k = 0; k < rounds; k++) {
            left -= Math.round(rate * left);
        }
        return left;
    }

    @Test
    void everyRoundPrunesExactlyItsPartOfEachLayerAndMasksAreNested() throws IOException {
        FewDigits.Heard heard = FewDigits.run(
                FewDigits.lottery().rounds(4).rate(0.3).controls(BOTH).build());
        assertEquals(1 + 4 * 3, heard.results.size());
        for (int round = 0; round <= 4; round++) {
            for (Variant variant : round == 0 ? EnumSet.of(Variant.TICKET) : EnumSet.allOf(Variant.class)) {
                RoundResult result = heard.result(round, variant);
                long fc1 = remaining(784 * 6, round, 0.3);
                long fc2 = remaining(6 * 10, round, 0.15);
                assertEquals(Map.of("fc1.weight", fc1, "fc2.weight", fc2), result.layers());
                assertEquals(fc1 + fc2, result.kept());
                assertEquals(784 * 6 + 60, result.prunable());
                Map<String, Mask> masks = heard.masks(round, variant);
                masks.forEach((name, mask) -> assertEquals(result.layers().get(name), mask.kept()));
                if (round > 1) {
                    Map<String, Mask> before = heard.masks(round - 1, variant);
                    masks.forEach((name, mask) -> assertEquals(mask, mask.and(before.get(name)), "nested"));
                }
            }
        }
        assertEquals(heard.masks(3, Variant.TICKET), heard.masks(3, Variant.REINIT));
        assertNotEquals(heard.masks(3, Variant.TICKET), heard.masks(3, Variant.SHUFFLE));
        assertEquals(13 * 30, heard.steps.size());
        LotteryProgress last = heard.steps.get(heard.steps.size() - 1);
        assertEquals(1, last.fraction());
        assertEquals(13, last.training());
        assertEquals(13, last.trainings());
    }

    /** The whole protocol of a round by hand: weights of a seed, masks from the first step on, scored every 4 steps. */
    private static void assertIsRound(RoundResult result, long seed, List<MaskRule> rules) {
        TrainConfig config = FewDigits.training(0.01).toBuilder().seed(seed).build();
        try (TrainingRun run = TrainingRun.begin(config, FewDigits.DATA.train(), List.copyOf(rules));
                DeviceSamples validation = run.upload(FewDigits.DATA.validation());
                DeviceSamples test = run.upload(FewDigits.DATA.test())) {
            double best = Double.POSITIVE_INFINITY;
            Evaluation stop = null;
            Evaluation end = null;
            while (!run.isDone()) {
                run.step();
                if (run.steps() % 4 == 0 || run.isDone()) {
                    Score score = run.score(validation);
                    end = new Evaluation(run.steps(), score, run.score(test));
                    if (score.loss() < best) {
                        best = score.loss();
                        stop = end;
                    }
                }
            }
            assertEquals(stop, result.earlyStop());
            assertEquals(end, result.end());
        }
    }

    @Test
    void everyRoundBeginsAtTheInitialWeightsAndTheControlAtThoseOfAnotherSeed() throws IOException {
        FewDigits.Heard heard = FewDigits.run(FewDigits.lottery().controls(BOTH).build());
        assertIsRound(heard.result(0, Variant.TICKET), 7, List.of());
        for (int round = 1; round <= 2; round++) {
            Map<String, Mask> masks = heard.masks(round, Variant.TICKET);
            assertIsRound(heard.result(round, Variant.TICKET), 7, List.of(new MaskRule(masks, Fill.ZERO)));
            RoundResult reinit = heard.result(round, Variant.REINIT);
            assertNotEquals(7, reinit.weightsSeed());
            assertIsRound(reinit, reinit.weightsSeed(), List.of(new MaskRule(masks, Fill.ZERO)));
            Map<String, Mask> shuffled = heard.masks(round, Variant.SHUFFLE);
            assertIsRound(heard.result(round, Variant.SHUFFLE), 7, List.of(new MaskRule(shuffled, Fill.ZERO)));
        }
    }

    @Test
    void theEarlyStopIsTheFirstLowestValidationLoss() throws IOException {
        LotteryConfig config = LotteryConfig.builder(FewDigits.training(0.2))
                .rounds(1)
                .evalEvery(3)
                .build();
        FewDigits.Heard heard = FewDigits.run(config);
        assertTrue(heard.results.stream()
                .anyMatch(result -> result.earlyStop().step() < result.end().step()));
        for (RoundResult result : heard.results) {
            assertTrue(result.earlyStop().validation().loss()
                    <= result.end().validation().loss());
            assertEquals(0, result.earlyStop().step() % 3);
            assertEquals(30, result.end().step());
        }
    }

    @Test
    void theSameSeedGivesTheSameResultsAndReplicatesDiffer() throws IOException {
        LotteryConfig config = FewDigits.lottery()
                .rounds(1)
                .seeds(List.of(7L, 8L))
                .controls(BOTH)
                .build();
        FewDigits.Heard first = FewDigits.run(config);
        FewDigits.Heard second = FewDigits.run(config);
        assertEquals(first.results, second.results);
        assertEquals(first.masks, second.masks);
        List<RoundResult> eight =
                first.results.stream().filter(result -> result.seed() == 8).toList();
        assertEquals(4, eight.size());
        assertNotEquals(
                first.results.get(0).end().test().loss(),
                eight.get(0).end().test().loss());
        // a replicate is the same whether others are trained with it or not
        FewDigits.Heard alone = FewDigits.run(
                FewDigits.lottery().rounds(1).seeds(List.of(8L)).controls(BOTH).build());
        assertEquals(eight, alone.results);
    }

    @Test
    void otherCriteriaScopesAndFillsFindOtherTickets() throws IOException {
        FewDigits.Heard usual = FewDigits.run(FewDigits.lottery().build());
        for (Criterion criterion : List.of(Criterion.MOVEMENT, Criterion.LARGE_INIT_SAME_SIGN, Criterion.RANDOM)) {
            FewDigits.Heard other =
                    FewDigits.run(FewDigits.lottery().criterion(criterion).build());
            assertEquals(
                    usual.result(2, Variant.TICKET).layers(),
                    other.result(2, Variant.TICKET).layers());
            assertNotEquals(usual.masks(2, Variant.TICKET), other.masks(2, Variant.TICKET));
        }
        FewDigits.Heard global =
                FewDigits.run(FewDigits.lottery().scope(Selection.Scope.GLOBAL).build());
        long all = 784 * 6 + 60;
        assertEquals(remaining(all, 2, 0.2), global.result(2, Variant.TICKET).kept());
        assertNotEquals(
                remaining(60, 2, 0.2), global.result(2, Variant.TICKET).layers().get("fc2.weight"));
        FewDigits.Heard init = FewDigits.run(FewDigits.lottery().fill(Fill.INIT).build());
        assertIsRound(
                init.result(1, Variant.TICKET), 7, List.of(new MaskRule(init.masks(1, Variant.TICKET), Fill.INIT)));
        assertNotEquals(
                usual.result(1, Variant.TICKET).end(),
                init.result(1, Variant.TICKET).end());
    }

    @Test
    void aLateRewindIsADifferentTicketAndMustLieBeforeTheEnd() throws IOException {
        FewDigits.Heard early = FewDigits.run(FewDigits.lottery().build());
        FewDigits.Heard late = FewDigits.run(FewDigits.lottery().rewind(9).build());
        assertEquals(
                early.result(0, Variant.TICKET).end(),
                late.result(0, Variant.TICKET).end());
        assertEquals(early.masks(1, Variant.TICKET), late.masks(1, Variant.TICKET));
        assertNotEquals(
                early.result(1, Variant.TICKET).end(),
                late.result(1, Variant.TICKET).end());
        assertTrue(late.results.stream().allMatch(r -> r.earlyStop().step() > 9));
        LotteryConfig beyond = FewDigits.lottery().rewind(30).build();
        String message = assertThrows(IllegalArgumentException.class, () -> FewDigits.run(beyond))
                .getMessage();
        assertTrue(message.contains("30") && message.contains("last"), message);
    }

    @Test
    void aTrainingThatExplodesIsKeptWithoutALoss() throws IOException {
        LotteryConfig config = LotteryConfig.builder(FewDigits.training(1e30))
                .rounds(1)
                .evalEvery(10)
                .build();
        List<RoundResult> results = FewDigits.run(config).results;
        assertFalse(Double.isFinite(results.get(1).end().validation().loss()));
        assertEquals(remaining(784 * 6, 1, 0.2), results.get(1).layers().get("fc1.weight"));
    }

    @Test
    void layersCanHaveRatesOfTheirOwn() throws IOException {
        LotteryConfig config = FewDigits.lottery()
                .rounds(1)
                .layerRates(List.of(PruneRates.Rule.parse("fc1*=0.5"), PruneRates.Rule.parse("fc2.weight=0")))
                .build();
        assertEquals(
                Map.of("fc1.weight", 784L * 3, "fc2.weight", 60L),
                FewDigits.run(config).result(1, Variant.TICKET).layers());
        LotteryConfig slip = FewDigits.lottery()
                .layerRates(List.of(PruneRates.Rule.parse("conv*=0.5")))
                .build();
        FewDigits.Heard heard = new FewDigits.Heard();
        String message = assertThrows(IllegalArgumentException.class, () -> Lottery.run(slip, FewDigits.DATA, heard))
                .getMessage();
        assertTrue(message.contains("conv*") && message.contains("fc1.weight, fc2.weight"), message);
        assertEquals(List.of(), heard.steps, "before the first step");
        for (String text : List.of("fc1", "fc1=x", "fc1=1", "=0.1", "fc1=-0.1")) {
            assertThrows(IllegalArgumentException.class, () -> PruneRates.Rule.parse(text), text);
        }
    }

    @Test
    void wrongValuesAreRefused() {
        List<LotteryConfig.Builder> wrong = List.of(
                FewDigits.lottery().rounds(0),
                FewDigits.lottery().rate(0),
                FewDigits.lottery().rate(1),
                FewDigits.lottery().rate(Double.NaN),
                FewDigits.lottery().lastRate(1),
                FewDigits.lottery().seeds(List.of()),
                FewDigits.lottery().seeds(List.of(1L, 1L)),
                FewDigits.lottery().rewind(-1),
                FewDigits.lottery().evalEvery(0),
                FewDigits.lottery().fill(Fill.INIT_OR_ZERO),
                FewDigits.lottery().controls(Set.of(Variant.TICKET)),
                FewDigits.lottery()
                        .layerRates(List.of(new PruneRates.Rule("a", 0.1)))
                        .rate(2));
        wrong.forEach(builder -> assertThrows(IllegalArgumentException.class, builder::build));
        assertThrows(IllegalArgumentException.class, () -> Variant.parseControl("ticket"));
    }

    @Test
    void theLastTrainingSamplesAreHeldOut() {
        ImageData digits = ProceduralDigits.generate();
        LotteryData data = LotteryData.of(digits, Normalization.NONE, 1000);
        int all = digits.trainCount();
        assertEquals(all - 1000, data.train().count());
        assertEquals(1000, data.validation().count());
        assertEquals(digits.testCount(), data.test().count());
        assertEquals(digits.train().labels()[all - 1001], data.train().labels()[all - 1001]);
        assertEquals(digits.train().labels()[all - 1000], data.validation().labels()[0]);
        float[] features = digits.trainSamples(Normalization.NONE).features();
        assertEquals(features[features.length - 400], data.validation().features()[1000 * 784 - 400]);
        assertEquals(5000, LotteryData.usualValidation(60_000));
        assertEquals(500, LotteryData.usualValidation(3000));
        assertThrows(IllegalArgumentException.class, () -> LotteryData.of(digits, Normalization.NONE, all));
        assertThrows(IllegalArgumentException.class, () -> LotteryData.of(digits, Normalization.NONE, 0));
    }
}
