package io.detinit.interop.identify;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Trained weights of one tensor at sampled addresses: less their mean, and all together of length 1. */
final class SeedPart {

    final SeedTensor tensor;
    final List<SeedRuns.Run> runs;
    final long weights;

    private SeedPart(SeedTensor tensor, List<SeedRuns.Run> runs, long weights) {
        this.tensor = tensor;
        this.runs = runs;
        this.weights = weights;
    }

    /**
     * Takes a sample.
     *
     * @param tensors what is compared, in file order
     * @param size about how many weights; each tensor gives as many as the others while it has them, and where there are more
     *     tensors than runs, tensors spread over the list give one each
     * @return the tensors that are not constant where they were sampled
     */
    static List<SeedPart> of(List<SeedTensor> tensors, long size) throws IOException {
        List<SeedTensor> chosen = spread(tensors, Math.max(1, size / SeedRuns.LENGTH));
        long share = share(chosen, size);
        List<SeedPart> parts = new ArrayList<>();
        for (SeedTensor tensor : chosen) {
            SeedPart part = scaled(tensor, SeedRuns.of(tensor.view(), share));
            if (part.weights > 0) {
                parts.add(part);
            }
        }
        return parts;
    }

    private static List<SeedTensor> spread(List<SeedTensor> tensors, long most) {
        if (tensors.size() <= most) {
            return tensors;
        }
        List<SeedTensor> chosen = new ArrayList<>();
        for (long k = 0; k < most; k++) {
            chosen.add(tensors.get((int) (most == 1 ? 0 : k * (tensors.size() - 1) / (most - 1))));
        }
        return chosen;
    }

    /** The largest number s such that the sum of min(s, elements) is at most the size. */
    private static long share(List<SeedTensor> tensors, long size) {
        long[] sizes = tensors.stream().mapToLong(SeedTensor::elements).sorted().toArray();
        long left = size;
        for (int k = 0; k < sizes.length; k++) {
            long even = left / (sizes.length - k);
            if (sizes[k] > even) {
                return even;
            }
            left -= sizes[k];
        }
        return Long.MAX_VALUE;
    }

    /** Weights that are not finite become 0: they tell nothing. */
    private static SeedPart scaled(SeedTensor tensor, List<SeedRuns.Run> runs) {
        long count = 0;
        double sum = 0;
        for (SeedRuns.Run run : runs) {
            for (float w : run.weights) {
                if (Float.isFinite(w)) {
                    count++;
                    sum += w;
                }
            }
        }
        double mean = sum / count;
        double squares = 0;
        for (SeedRuns.Run run : runs) {
            for (float w : run.weights) {
                squares += Float.isFinite(w) ? (w - mean) * (w - mean) : 0;
            }
        }
        if (!(squares > 0)) {
            return new SeedPart(tensor, List.of(), 0);
        }
        double factor = 1 / Math.sqrt(squares);
        for (SeedRuns.Run run : runs) {
            for (int k = 0; k < run.weights.length; k++) {
                float w = run.weights[k];
                run.weights[k] = Float.isFinite(w) ? (float) ((w - mean) * factor) : 0;
            }
        }
        return new SeedPart(tensor, runs, count);
    }
}
