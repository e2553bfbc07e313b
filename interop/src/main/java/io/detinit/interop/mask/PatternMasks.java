package io.detinit.interop.mask;

import io.detinit.interop.parallel.Parallel;
import java.io.IOException;
import java.util.Arrays;

/**
 * N:M sparsity: in each group of consecutive inputs, the weights with the highest keys are kept, of equal ones the later.
 *
 * <p>Used by one thread, which may run others; the same masks for any number of them.
 */
final class PatternMasks {

    private final Selection selection;
    private final Selection.Pattern pattern;
    private final int threads;
    private final Progress work;

    PatternMasks(Selection selection, Selection.Pattern pattern, int threads, Progress work) {
        this.selection = selection;
        this.pattern = pattern;
        this.threads = threads;
        this.work = work;
    }

    Mask of(Prunable one) throws IOException {
        Mask mask = new Mask(one.tensor().info().shape());
        PatternLayout layout = PatternLayout.of(mask.shape(), pattern.group());
        Parallel.run(threads, layout.pieces(), () -> new Worker(selection, pattern), (worker, number) -> {
            PatternLayout.Piece piece = layout.piece(number);
            worker.read(one, piece);
            worker.keep(piece);
            worker.write(mask, piece, 0);
            work.add((long) piece.runs() * piece.runLength());
            return number;
        });
        return mask;
    }

    /** Ranks the groups of one piece. Not thread-safe. */
    static final class Worker {

        /** Bits of a rank that hold the place in the group, below the key. */
        private static final int MEMBER_BITS = 16;

        private static final int MEMBER = (1 << MEMBER_BITS) - 1;

        /** So many are sorted by insertion, without a call. */
        private static final int FEW = 16;

        private final Selection.Pattern pattern;
        private final ScoreChunk scores;
        private final long[] keys = new long[ScoreChunk.SIZE];
        private final long[] bits = new long[ScoreChunk.SIZE / Long.SIZE];
        private final long[] ranks;

        Worker(Selection selection, Selection.Pattern pattern) {
            this.pattern = pattern;
            this.scores = new ScoreChunk(selection);
            this.ranks = new long[pattern.group()];
        }

        void read(Prunable one, PatternLayout.Piece piece) throws IOException {
            for (int run = 0; run < piece.runs(); run++) {
                scores.readKeys(one, piece.from() + run * piece.runStep(), piece.runLength());
                scores.keys().copy(keys, run * piece.stride(), piece.runLength());
            }
        }

        void keep(PatternLayout.Piece piece) {
            Arrays.fill(bits, 0);
            int row = piece.inputs() * piece.stride();
            for (int start = 0; start < piece.rows() * row; start += row) {
                for (int input = 0; input < piece.inputs(); input += pattern.group()) {
                    int members = Math.min(pattern.group(), piece.inputs() - input);
                    for (int place = 0; place < piece.places(); place++) {
                        keep(start + input * piece.stride() + place, piece.stride(), members);
                    }
                }
            }
        }

        private void keep(int first, int stride, int members) {
            for (int k = 0; k < members; k++) {
                long rank = (keys[first + k * stride] << MEMBER_BITS) | k;
                if (members <= FEW) {
                    insert(rank, k);
                } else {
                    ranks[k] = rank;
                }
            }
            if (members > FEW) {
                Arrays.sort(ranks, 0, members);
            }
            for (int k = Math.max(0, members - pattern.kept()); k < members; k++) {
                int member = (int) ranks[k] & MEMBER;
                int element = first + member * stride;
                bits[element >>> 6] |= 1L << element;
            }
        }

        /** Puts a rank in its place among the first ones. */
        private void insert(long rank, int count) {
            int at = count;
            for (; at > 0 && ranks[at - 1] > rank; at--) {
                ranks[at] = ranks[at - 1];
            }
            ranks[at] = rank;
        }

        /** Writes into a mask whose first weight is another than that of the parameter. */
        void write(Mask mask, PatternLayout.Piece piece, long first) {
            for (int run = 0; run < piece.runs(); run++) {
                int word = (run * piece.stride()) >>> 6;
                int words = (piece.runLength() + Long.SIZE - 1) / Long.SIZE;
                mask.or(piece.from() + run * piece.runStep() - first, bits, word, words);
            }
        }
    }
}
