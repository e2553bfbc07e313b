package io.detinit.interop.transfer;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.util.Optional;

/** Compares the elements of two tensors of one shape. Not thread-safe; each thread has its own. */
final class Comparer {

    /** Elements by which related tensors are told from others. */
    static final int SAMPLE = 1 << 13;

    /** Elements of the first chunk. */
    private static final int LOOK = 1 << 9;

    private static final int CHUNK = 1 << 16;

    /** A transposed tensor is gathered from all rows of its file at once: fewer, longer pieces. */
    private static final int GATHERED = 1 << 20;

    /** How many more elements than rows must agree before rows are called proportional. */
    private static final int LEAST_EVIDENCE = 8;

    /** Channels at most of a normalisation that was folded in. */
    private static final int MOST_LINES = 1 << 20;

    private double[] a = new double[0];
    private double[] b = new double[0];
    private float[] floats = new float[0];

    Comparer() {}

    /**
     * The view of a target in the order of its source.
     *
     * @param stored as its file has it
     * @param transposed whether the files keep it with its axes exchanged
     */
    static TensorView view(TensorView stored, boolean transposed) {
        return transposed ? new TransposedTensor(stored) : stored;
    }

    /** Whether the elements are the same, or the same but for rounding to a narrower dtype; empty where they are not. */
    Optional<Content> same(TensorView source, TensorView target) throws IOException {
        Rounding rounding =
                Rounding.between(source.info().dtype(), target.info().dtype());
        long elements = source.info().shape().elements();
        boolean identical = true;
        for (long from = 0; from < elements; ) {
            int count = read(source, target, from, elements);
            for (int k = 0; k < count; k++) {
                if (a[k] != b[k] && !(Double.isNaN(a[k]) && Double.isNaN(b[k]))) {
                    identical = false;
                    if (!rounding.joins(a[k], b[k])) {
                        return Optional.empty();
                    }
                }
            }
            from += count;
        }
        return Optional.of(identical ? Content.IDENTICAL : Content.ROUNDED);
    }

    /** Whether a tensor's first elements differ from one another; equal ones are in many tensors. */
    boolean varies(TensorView tensor) throws IOException {
        long elements = Math.min(SAMPLE, tensor.info().shape().elements());
        for (long from = 0; from < elements; ) {
            int count = read(tensor, tensor, from, elements);
            for (int k = 1; k < count; k++) {
                if (a[k] != a[0]) {
                    return true;
                }
            }
            from += count;
        }
        return false;
    }

    /**
     * Pearson's correlation.
     *
     * @param most the most elements to read, from the first one on
     * @return r in [-1, 1]; 0 where it is not defined
     */
    double correlation(TensorView source, TensorView target, long most) throws IOException {
        long elements = Math.min(most, source.info().shape().elements());
        double n = elements;
        double sumA = 0;
        double sumB = 0;
        double aa = 0;
        double bb = 0;
        double ab = 0;
        for (long from = 0; from < elements; ) {
            int count = read(source, target, from, elements);
            for (int k = 0; k < count; k++) {
                sumA += a[k];
                sumB += b[k];
                aa += a[k] * a[k];
                bb += b[k] * b[k];
                ab += a[k] * b[k];
            }
            from += count;
        }
        double r = (ab - sumA * sumB / n) / Math.sqrt((aa - sumA * sumA / n) * (bb - sumB * sumB / n));
        return Double.isFinite(r) ? Math.max(-1, Math.min(1, r)) : 0;
    }

    /** Whether each slice along an axis is the source's times a factor of its own, and not all factors are 1. */
    boolean scaled(TensorView source, TensorView target, int axis) throws IOException {
        TensorShape shape = source.info().shape();
        if (shape.rank() < 2 || shape.dim(axis) > MOST_LINES) {
            return false;
        }
        double tolerance =
                Rounding.between(source.info().dtype(), target.info().dtype()).ofFactors();
        long elements = shape.elements();
        long inner = 1;
        for (int k = axis + 1; k < shape.rank(); k++) {
            inner *= shape.dim(k);
        }
        ScaledLines sums = new ScaledLines((int) shape.dim(axis));
        for (long from = 0; from < elements; ) {
            int count = read(source, target, from, elements);
            for (int k = 0; k < count; k++) {
                sums.add((int) ((from + k) / inner % shape.dim(axis)), a[k], b[k]);
            }
            if (!sums.proportional(tolerance)) {
                return false;
            }
            from += count;
        }
        return sums.evidence() >= LEAST_EVIDENCE && sums.differs(tolerance);
    }

    /** Reads a chunk of both and says how many elements it has; the first ones are short, since most pairs differ at once. */
    private int read(TensorView source, TensorView target, long from, long elements) throws IOException {
        boolean gathered = source instanceof TransposedTensor || target instanceof TransposedTensor;
        long most = Math.min(gathered ? GATHERED : CHUNK, Math.max(LOOK, 3 * from));
        int count = (int) Math.min(most, elements - from);
        if (a.length < count) {
            a = new double[count];
            b = new double[count];
            floats = new float[count];
        }
        read(source, from, a, count);
        read(target, from, b, count);
        return count;
    }

    private void read(TensorView tensor, long from, double[] values, int count) throws IOException {
        if (tensor.info().dtype() == DType.F64) {
            tensor.readDoubles(from, values, 0, count);
            return;
        }
        tensor.readFloats(from, floats, 0, count);
        for (int k = 0; k < count; k++) {
            values[k] = floats[k];
        }
    }
}
