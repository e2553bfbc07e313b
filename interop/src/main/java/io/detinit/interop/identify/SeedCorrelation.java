package io.detinit.interop.identify;

import io.detinit.generator.TensorInit;
import io.detinit.interop.tensor.ElementReader;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Pearson's correlation of a whole tensor with its initial values, over the weights that are finite. Sums are formed chunk by
 * chunk and merged in order: the same bits for any number of threads and machines. Not thread-safe.
 */
public final class SeedCorrelation {

    /** The elements of a chunk. */
    public static final int CHUNK = 1 << 16;

    private static final int SUMS = 5;

    private long weights;
    private double sumW;
    private double sumW0;
    private double sumWW;
    private double sumW0W0;
    private double sumWW0;

    private SeedCorrelation() {}

    /** The arrays of a thread, 512 KiB. */
    public static final class Reader {
        private final ElementReader elements = new ElementReader();
        private final float[] trained = new float[CHUNK];
        private final float[] initial = new float[CHUNK];

        /** Makes the arrays. */
        public Reader() {}
    }

    /**
     * The sums of consecutive chunks of a tensor, 48 bytes each, small enough to be sent.
     */
    public static final class Part implements Serializable {

        private static final long serialVersionUID = 1L;

        private final long[] weights;
        private final double[] sums;

        private Part(int chunks) {
            weights = new long[chunks];
            sums = new double[SUMS * chunks];
        }
    }

    /**
     * How many chunks a tensor has.
     *
     * @param tensor the tensor
     * @return the number
     */
    public static long chunks(SeedTensor tensor) {
        return (tensor.elements() + CHUNK - 1) / CHUNK;
    }

    /**
     * Compares consecutive chunks of a tensor with their initial values.
     *
     * @param reader the arrays of this thread
     * @param tensor the tensor
     * @param seed the seed of the initial values
     * @param first the first chunk
     * @param end the chunk after the last
     * @return the sums
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such chunks
     */
    public static Part part(Reader reader, SeedTensor tensor, long seed, long first, long end) throws IOException {
        Objects.checkFromToIndex(first, end, chunks(tensor));
        TensorView view = tensor.view();
        TensorInit init = tensor.init(seed);
        Part part = new Part(Math.toIntExact(end - first));
        for (long chunk = first; chunk < end; chunk++) {
            long from = chunk * CHUNK;
            int count = (int) Math.min(CHUNK, tensor.elements() - from);
            reader.elements.floats(view, from, reader.trained, 0, count);
            init.fill(from, reader.initial, 0, count);
            add(reader.trained, reader.initial, count, part, (int) (chunk - first));
        }
        return part;
    }

    private static void add(float[] trained, float[] initial, int count, Part part, int chunk) {
        long weights = 0;
        double sumW = 0;
        double sumW0 = 0;
        double sumWW = 0;
        double sumW0W0 = 0;
        double sumWW0 = 0;
        for (int k = 0; k < count; k++) {
            double w = trained[k];
            double w0 = initial[k];
            if (Double.isFinite(w)) {
                weights++;
                sumW += w;
                sumW0 += w0;
                sumWW += w * w;
                sumW0W0 += w0 * w0;
                sumWW0 += w * w0;
            }
        }
        part.weights[chunk] = weights;
        double[] sums = {sumW, sumW0, sumWW, sumW0W0, sumWW0};
        System.arraycopy(sums, 0, part.sums, SUMS * chunk, SUMS);
    }

    /**
     * Puts a tensor together.
     *
     * @param parts its chunks, all of them and in order
     * @return the correlation
     */
    public static SeedCorrelation of(List<Part> parts) {
        SeedCorrelation total = new SeedCorrelation();
        for (Part part : parts) {
            for (int chunk = 0; chunk < part.weights.length; chunk++) {
                int at = SUMS * chunk;
                total.weights += part.weights[chunk];
                total.sumW += part.sums[at];
                total.sumW0 += part.sums[at + 1];
                total.sumWW += part.sums[at + 2];
                total.sumW0W0 += part.sums[at + 3];
                total.sumWW0 += part.sums[at + 4];
            }
        }
        return total;
    }

    SeedEvidence evidence(double tried) {
        return SeedEvidence.of(value(), weights, tried);
    }

    /** The correlation; NaN where one side is constant. */
    private double value() {
        double n = weights;
        double varW = sumWW - sumW * sumW / n;
        double varW0 = sumW0W0 - sumW0 * sumW0 / n;
        if (weights < 2 || !(varW > 0) || !(varW0 > 0)) {
            return Double.NaN;
        }
        double r = (sumWW0 - sumW * sumW0 / n) / (Math.sqrt(varW) * Math.sqrt(varW0));
        return Math.max(-1, Math.min(1, r));
    }
}
