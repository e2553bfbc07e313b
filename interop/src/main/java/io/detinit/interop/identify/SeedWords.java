package io.detinit.interop.identify;

import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.SplitMix64;
import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A sample that is compared with the hashes from which seeds make their initial weights, not with the weights: one of the two
 * words of an address costs less than the weight. A normal weight is R cos(2 pi u2); a triangle wave of u2, that is of the second
 * word, correlates with it by 0.88. A uniform weight is linear in u1, the first word, and with that the sign of a signed constant
 * correlates by 0.87.
 *
 * <p>z is standard normal for a wrong seed, as that of {@link SeedSample}; all sums are integers.
 *
 * <p>Immutable; safe for use by many threads, each with a buffer of {@link SeedRuns#LENGTH} longs.
 */
final class SeedWords implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The constants of {@link SplitMix64#hash}. */
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private static final long MIX_1 = 0xBF58476D1CE4E5B9L;
    private static final long MIX_2 = 0x94D049BB133111EBL;

    private static final long FIRST_WORD = SplitMix64.hash(0);
    private static final long SECOND_WORD = SplitMix64.hash(1);

    /** Half the range of the 16 bits of a word that are used. */
    private static final long HALF = 1 << 15;

    private static final double TRIANGLE_STD = HALF / 2 / Math.sqrt(3);
    private static final double LINEAR_STD = HALF / Math.sqrt(3);

    /** The largest trained weight as an integer: 2^20 times 2^15 times 2^28 weights do not overflow. */
    private static final double LARGEST = 1 << 20;

    private final ArrayList<Part> parts;
    private final double root;

    private SeedWords(List<SeedPart> parts) {
        this.parts = new ArrayList<>(parts.stream().map(Part::new).toList());
        this.root = Math.sqrt(
                (double) parts.stream().mapToLong(part -> part.weights).sum());
    }

    /** Takes a sample of about so many weights. */
    static SeedWords of(List<SeedTensor> tensors, long size) throws IOException {
        return new SeedWords(SeedPart.of(tensors, size));
    }

    /** z of all tensors together, with their own layer ids; 0 where all are constant. */
    double z(long seed, long[] buffer) {
        double sum = 0;
        for (Part part : parts) {
            sum += part.z(seed, buffer);
        }
        return parts.isEmpty() ? 0 : sum / root;
    }

    /** The sample of one tensor. */
    private static final class Part implements Serializable {

        private static final long serialVersionUID = 1L;

        private final long hashedLayer;
        private final boolean triangle;
        private final ArrayList<Run> runs = new ArrayList<>();
        private final double factor;

        Part(SeedPart part) {
            PlannedTensor planned = part.tensor.planned();
            hashedLayer = SplitMix64.hash(planned.layer());
            triangle = switch (planned.scheme().kind()) {
                case HE, XAVIER, LECUN, CUSTOM, ORTHOGONAL, ORTHOGONAL_BLOCKS -> true;
                default -> false;
            };
            boolean descending = planned.scheme().kind() == Scheme.Kind.SIGNED_CONSTANT;
            double largest = part.runs.stream().mapToDouble(Part::largest).max().orElse(1);
            double scale = LARGEST / largest * (descending ? -1 : 1);
            double squares = 0;
            for (SeedRuns.Run run : part.runs) {
                Run made = new Run(planned.shape(), run, scale);
                for (long x : made.weights) {
                    squares += (double) x * x;
                }
                runs.add(made);
            }
            double std = triangle ? TRIANGLE_STD : LINEAR_STD;
            factor = Math.sqrt((double) part.weights) / (std * Math.sqrt(squares));
        }

        private static double largest(SeedRuns.Run run) {
            double largest = 0;
            for (float weight : run.weights) {
                largest = Math.max(largest, Math.abs(weight));
            }
            return largest;
        }

        /** z times the root of the number of weights. */
        double z(long seed, long[] buffer) {
            long layerState = SplitMix64.hash(seed ^ hashedLayer);
            long sum = 0;
            for (Run run : runs) {
                int count = run.weights.length;
                run.addresses(layerState, buffer);
                firstMix(buffer, count);
                secondMix(buffer, count);
                nextWord(buffer, count, triangle ? SECOND_WORD : FIRST_WORD);
                secondMix(buffer, count);
                sum += triangle ? triangleDot(run.weights, buffer) : linearDot(run.weights, buffer);
            }
            return sum * factor;
        }
    }

    /** A run: the weights as integers, and the hashed indices of their addresses. */
    private static final class Run implements Serializable {

        private static final long serialVersionUID = 1L;

        private final long[] weights;
        private final long[] hashedCols;
        private final long[] hashedRows;
        private final int[] rowEnds;

        Run(TensorShape shape, SeedRuns.Run run, double scale) {
            int count = run.weights.length;
            long firstRow = run.from / shape.cols();
            int rows = (int) ((run.from + count - 1) / shape.cols() - firstRow + 1);
            weights = new long[count];
            hashedCols = new long[count];
            hashedRows = new long[rows];
            rowEnds = new int[rows];
            for (int k = 0; k < count; k++) {
                int row = (int) ((run.from + k) / shape.cols() - firstRow);
                weights[k] = Math.round(run.weights[k] * scale);
                hashedCols[k] = SplitMix64.hash((run.from + k) % shape.cols());
                hashedRows[row] = SplitMix64.hash(firstRow + row);
                rowEnds[row] = k + 1;
            }
        }

        /** What is hashed at each address of the run. */
        void addresses(long layerState, long[] words) {
            int k = 0;
            for (int row = 0; row < rowEnds.length; row++) {
                long prefix = SplitMix64.hash(layerState ^ hashedRows[row]);
                for (; k < rowEnds[row]; k++) {
                    words[k] = prefix ^ hashedCols[k];
                }
            }
        }
    }

    // SplitMix64.hash in steps, each a loop that is short enough for the JIT compiler to vectorise.

    private static void firstMix(long[] words, int count) {
        for (int k = 0; k < count; k++) {
            long x = words[k] + GAMMA;
            words[k] = (x ^ (x >>> 30)) * MIX_1;
        }
    }

    private static void secondMix(long[] words, int count) {
        for (int k = 0; k < count; k++) {
            long x = words[k];
            words[k] = (x ^ (x >>> 27)) * MIX_2;
        }
    }

    /** The end of one hash and the beginning of the next. */
    private static void nextWord(long[] words, int count, long hashedIndex) {
        for (int k = 0; k < count; k++) {
            long x = words[k];
            x = ((x ^ (x >>> 31)) ^ hashedIndex) + GAMMA;
            words[k] = (x ^ (x >>> 30)) * MIX_1;
        }
    }

    private static long triangleDot(long[] weights, long[] words) {
        long sum = 0;
        for (int k = 0; k < weights.length; k++) {
            long x = words[k];
            x ^= x >>> 31;
            sum += weights[k] * (Math.abs((x >>> 48) - HALF) - HALF / 2);
        }
        return sum;
    }

    private static long linearDot(long[] weights, long[] words) {
        long sum = 0;
        for (int k = 0; k < weights.length; k++) {
            long x = words[k];
            x ^= x >>> 31;
            sum += weights[k] * ((x >>> 48) - HALF);
        }
        return sum;
    }
}
