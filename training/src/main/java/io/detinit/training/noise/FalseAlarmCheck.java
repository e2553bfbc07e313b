package io.detinit.training.noise;

import ai.djl.nn.Parameter;
import io.detinit.interop.noise.NoiseLayer;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.statistics.NormalTail;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How often the automatic threshold cries wolf: a model is trained on samples with noise features appended, and the weights beyond the
 * threshold are counted among those that are known to get no signal, those that get no gradient, and the others.
 *
 * @param data how the samples were prepared
 * @param rates the nominal false-alarm rates, each in (0, 1)
 * @param noise what was predicted
 * @param trainLoss the mean loss over the training
 * @param groups what was counted
 */
public record FalseAlarmCheck(
        ControlData data, List<Double> rates, NoiseRecord noise, double trainLoss, List<Group> groups) {

    /** Copies the lists. */
    public FalseAlarmCheck {
        rates = List.copyOf(rates);
        groups = List.copyOf(groups);
    }

    /** Which weights of a parameter. */
    public enum Kind {
        /** Behind noise features: no signal. */
        NOISE,
        /** Behind features that are 0 in every sample: no gradient. */
        DEAD,
        /** The others. */
        OTHER;

        /** {@return the name in reports} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Some weights of one parameter.
     *
     * @param parameter its name
     * @param kind which weights
     * @param weights how many
     * @param rms root of the mean square of (w - w0) in units of its predicted standard deviation, over weights whose prediction is not
     *     0; 1 where there is no signal and the prediction is right
     * @param flagged the share beyond the threshold, one for each rate
     * @param flaggedByLayer the same with one standard deviation for the whole layer, for comparison
     */
    public record Group(
            String parameter, Kind kind, long weights, double rms, List<Double> flagged, List<Double> flaggedByLayer) {

        /** Copies the lists. */
        public Group {
            flagged = List.copyOf(flagged);
            flaggedByLayer = List.copyOf(flaggedByLayer);
        }
    }

    /**
     * Trains a model and counts.
     *
     * @param config how to train, one epoch; the model takes {@code noiseFeatures} more inputs than the samples have
     * @param samples the samples without noise features
     * @param data how they are prepared
     * @param rates the nominal false-alarm rates, each in (0, 1)
     * @param every steps between two measurements of the noise, >= 2
     * @return what was found
     * @throws IllegalArgumentException if samples and model do not fit, or the optimizer has no prediction
     */
    public static FalseAlarmCheck of(
            TrainConfig config, Samples samples, ControlData data, List<Double> rates, int every) {
        GradientNoise gradients = new GradientNoise(every);
        Samples prepared = data.of(samples, config.seed());
        try (TrainingRun run = TrainingRun.begin(config, prepared, List.of(gradients))) {
            while (!run.isDone()) {
                run.step();
            }
            NoiseRecord noise = gradients
                    .record()
                    .orElseThrow(() -> new IllegalArgumentException("no noise record: " + gradients.reason()));
            Kind[] kinds = kinds(samples, data.noiseFeatures());
            List<Group> groups = new ArrayList<>();
            boolean first = true;
            for (NoiseLayer layer : noise.layers()) {
                boolean inputs = first && layer.cols().size() == kinds.length;
                first &= !inputs;
                Parameter parameter = run.parameters().get(layer.name());
                float[] w =
                        parameter == null ? new float[0] : parameter.getArray().toFloatArray();
                float[] w0 = run.plan().init(layer.name()).toArray();
                groups.addAll(groups(layer, inputs ? kinds : new Kind[0], w, w0, (float) noise.decay(), rates));
            }
            return new FalseAlarmCheck(data, rates, noise, run.trainLoss(), groups);
        }
    }

    /** What each input is. */
    private static Kind[] kinds(Samples samples, int noise) {
        int width = samples.width();
        Kind[] kinds = new Kind[width + noise];
        java.util.Arrays.fill(kinds, Kind.DEAD);
        float[] features = samples.features();
        for (int k = 0; k < features.length; k++) {
            if (features[k] != 0) {
                kinds[k % width] = Kind.OTHER;
            }
        }
        java.util.Arrays.fill(kinds, width, width + noise, Kind.NOISE);
        return kinds;
    }

    private static List<Group> groups(
            NoiseLayer layer, Kind[] kinds, float[] w, float[] w0, float decay, List<Double> rates) {
        Map<Kind, Counts> counts = new LinkedHashMap<>();
        int cols = layer.cols().size();
        for (int k = 0; k < w.length; k++) {
            Kind kind = kinds.length == 0 ? Kind.OTHER : kinds[k % cols];
            counts.computeIfAbsent(kind, key -> new Counts(rates))
                    .add(Math.abs(w[k] - decay * w0[k]), layer.std(k / cols, k % cols), layer.std());
        }
        return counts.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> entry.getValue().group(layer.name(), entry.getKey()))
                .toList();
    }

    /** Counts over some weights. */
    private static final class Counts {
        private final double[] quantiles;
        private final long[] own;
        private final long[] byLayer;
        private long weights;
        private long predicted;
        private double squares;

        Counts(List<Double> rates) {
            quantiles = rates.stream()
                    .mapToDouble(rate -> NormalTail.inverseUpper(rate / 2))
                    .toArray();
            own = new long[quantiles.length];
            byLayer = new long[quantiles.length];
        }

        void add(double movement, double std, double layerStd) {
            weights++;
            if (std > 0) {
                predicted++;
                squares += movement * movement / (std * std);
            }
            for (int r = 0; r < quantiles.length; r++) {
                own[r] += movement <= quantiles[r] * std ? 0 : 1;
                byLayer[r] += movement <= quantiles[r] * layerStd ? 0 : 1;
            }
        }

        Group group(String parameter, Kind kind) {
            return new Group(
                    parameter,
                    kind,
                    weights,
                    predicted == 0 ? 0 : Math.sqrt(squares / predicted),
                    shares(own),
                    shares(byLayer));
        }

        private List<Double> shares(long[] hits) {
            return java.util.Arrays.stream(hits)
                    .mapToObj(hit -> (double) hit / weights)
                    .toList();
        }
    }
}
