package io.detinit.interop.budget;

import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures pruned candidates of one model on one set of labelled samples. Not safe for use by several threads at a time.
 */
public final class CandidateScorer {

    private final CandidateModel model;
    private final Fill fill;
    private final float[] features;
    private final int[] labels;
    private final int batch;
    private float @Nullable [] dense;

    /**
     * Makes a scorer.
     *
     * @param model the model
     * @param fill what stands where a weight was pruned
     * @param features float32 {@code [count, features]}, row-major; not copied
     * @param labels {@code [count]}, at least one; not copied
     * @param batch samples per run, >= 1
     * @throws IllegalArgumentException if there are no labels, or the features do not divide among them
     */
    public CandidateScorer(CandidateModel model, Fill fill, float[] features, int[] labels, int batch) {
        if (labels.length == 0 || features.length == 0 || features.length % labels.length != 0) {
            throw new IllegalArgumentException(features.length + " features do not divide among " + labels.length
                    + " labels, at least one of which is needed");
        }
        this.model = model;
        this.fill = fill;
        this.features = features;
        this.labels = labels;
        this.batch = batch;
    }

    /**
     * The accuracy of a candidate, a {@link MaskMeasure}.
     *
     * @param masks 1 = keep, by parameter; empty for the dense model
     * @return the fraction of the samples that it classifies as labelled, in [0, 1]
     * @throws IOException if reading fails or the model cannot be run
     */
    public double accuracy(Map<String, Mask> masks) throws IOException {
        return model.prune(
                masks,
                fill,
                scorer -> scorer.score(features, width(), labels, batch).accuracy());
    }

    /**
     * How far a candidate's outputs are from the dense model's, a {@link MaskMeasure}: the mean over the samples of
     * KL(dense || candidate) in nats, of the softmax of the outputs where they are not probabilities already.
     *
     * @param masks 1 = keep, by parameter; empty for the dense model
     * @return the mean divergence, 0 for the dense model; NaN where an output is NaN
     * @throws IOException if reading fails or the model cannot be run
     */
    public double divergence(Map<String, Mask> masks) throws IOException {
        float[] first = dense;
        if (first == null) {
            first = outputs(Map.of());
            dense = first;
        }
        return Verifier.meanDivergence(first, outputs(masks), labels.length);
    }

    private float[] outputs(Map<String, Mask> masks) throws IOException {
        return model.prune(masks, fill, scorer -> scorer.logits(features, width(), batch));
    }

    private int width() {
        return features.length / labels.length;
    }
}
