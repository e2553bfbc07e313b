package io.detinit.training.lottery;

import io.detinit.interop.mask.Mask;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Few digits and a tiny network, for lotteries that take a second. */
final class FewDigits {

    private static final Samples ALL = ProceduralDigits.generate().testSamples(Normalization.NONE);

    static final LotteryData DATA =
            new LotteryData(part(0, 300), part(300, 400), part(400, 600), Map.of("name", "few digits"));

    private FewDigits() {}

    private static Samples part(int from, int to) {
        int width = ALL.width();
        return new Samples(
                Arrays.copyOfRange(ALL.features(), from * width, to * width),
                Arrays.copyOfRange(ALL.labels(), from, to),
                ALL.classes());
    }

    /** 3 epochs of 10 steps. */
    static TrainConfig training(double rate) {
        return TrainConfig.builder(ModelSpec.parse("mlp:784-6-10"), 7)
                .epochs(3)
                .batch(30)
                .optimizer(OptimizerConfig.of(OptimizerKind.ADAM).withLearningRate(rate))
                .device(DeviceChoice.CPU)
                .build();
    }

    static LotteryConfig.Builder lottery() {
        return LotteryConfig.builder(training(0.01)).rounds(2).evalEvery(4);
    }

    /** What a lottery told. */
    static final class Heard implements LotteryListener {
        final List<RoundResult> results = new ArrayList<>();
        final Map<RoundResult.Key, Map<String, Mask>> masks = new LinkedHashMap<>();
        final List<LotteryProgress> steps = new ArrayList<>();

        @Override
        public void onStep(LotteryProgress progress) {
            steps.add(progress);
        }

        @Override
        public void onRound(RoundResult result, Map<String, Mask> roundMasks) {
            results.add(result);
            masks.put(result.key(), roundMasks);
        }

        Map<String, Mask> masks(int round, Variant variant) {
            return masks.get(new RoundResult.Key(7, round, variant));
        }

        RoundResult result(int round, Variant variant) {
            return results.stream()
                    .filter(result -> result.round() == round && result.variant() == variant)
                    .findFirst()
                    .orElseThrow();
        }
    }

    static Heard run(LotteryConfig config) throws IOException {
        Heard heard = new Heard();
        Lottery.run(config, DATA, heard);
        return heard;
    }
}
