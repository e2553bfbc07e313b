package io.detinit.interop.identify;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A sample that is compared with the initial weights that seeds have at its addresses.
 *
 * <p>The statistic of a tensor is linear in w0: z = sum of x w0 / std, x being w less its mean, scaled to length 1. w0 of a wrong
 * seed is independent of w and has the mean 0 and a known std, so z is standard normal (exactly so for normal schemes, whatever
 * w is); for the right seed it is about r sqrt(n). Tensors are pooled with the weights sqrt(n_t / n), which makes z that of the
 * mean correlation weighted by size.
 *
 * <p>Immutable; safe for use by many threads, each with a buffer of {@link SeedRuns#LENGTH} floats.
 */
final class SeedSample implements Serializable {

    private static final long serialVersionUID = 1L;

    private final ArrayList<Part> parts;
    private final long weights;

    private SeedSample(List<SeedPart> parts) {
        this.parts = new ArrayList<>(parts.stream().map(Part::new).toList());
        this.weights = parts.stream().mapToLong(part -> part.weights).sum();
    }

    /** Takes a sample of about so many weights. */
    static SeedSample of(List<SeedTensor> tensors, long size) throws IOException {
        return new SeedSample(SeedPart.of(tensors, size));
    }

    /** The sample of one tensor. */
    private static final class Part implements Serializable {

        private static final long serialVersionUID = 1L;

        private final long layer;
        private final TensorShape shape;
        private final Scheme scheme;
        private final double std;
        private final ArrayList<SeedRuns.Run> runs;
        private final double root;

        Part(SeedPart part) {
            this.layer = part.tensor.planned().layer();
            this.shape = part.tensor.planned().shape();
            this.scheme = part.tensor.screenedScheme();
            this.std = scheme.std(shape);
            this.runs = new ArrayList<>(part.runs);
            this.root = Math.sqrt((double) part.weights);
        }

        double z(long seed, long layerId, float[] buffer) {
            TensorInit init = new TensorInit(seed, layerId, shape, scheme);
            double sum = 0;
            for (SeedRuns.Run run : runs) {
                init.fill(run.from, buffer, 0, run.weights.length);
                sum += dot(run.weights, buffer);
            }
            return sum / std;
        }

        private static double dot(float[] a, float[] b) {
            double sum = 0;
            for (int k = 0; k < a.length; k++) {
                sum += (double) a[k] * b[k];
            }
            return sum;
        }
    }

    /** How many weights are compared. */
    long weights() {
        return weights;
    }

    /** z of all tensors together under one layer id. */
    double z(long seed, long layer, float[] buffer) {
        double sum = 0;
        for (Part part : parts) {
            sum += part.root * part.z(seed, layer, buffer);
        }
        return pooled(sum);
    }

    /** The largest z of all tensors together and of each alone, with their own layer ids. */
    double largestZ(long seed, float[] buffer) {
        double sum = 0;
        double largest = Double.NEGATIVE_INFINITY;
        for (Part part : parts) {
            double z = part.z(seed, part.layer, buffer);
            largest = Math.max(largest, z);
            sum += part.root * z;
        }
        return Math.max(largest, pooled(sum));
    }

    private double pooled(double sum) {
        return weights == 0 ? 0 : sum / Math.sqrt((double) weights);
    }
}
