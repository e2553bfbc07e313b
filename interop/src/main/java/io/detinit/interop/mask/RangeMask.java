package io.detinit.interop.mask;

import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The mask of one parameter in the order of its file, worked out as it is read; from front to back is quickest. The bits are those of
 * {@link Selector}.
 *
 * <p>It holds about 1 MB (twice that for F64); for a pattern in a file that keeps matrices inputs first, also one bit for each weight of as
 * many inputs as a group has. Not thread-safe.
 */
public final class RangeMask implements MaskBits {

    private final Prunable one;
    private final CutRule rule;
    private final ScoreChunk scores;
    private final @Nullable PatternBlocks blocks;

    /**
     * A mask.
     *
     * @param tensor the parameter
     * @param selection what is pruned
     * @param rule what that comes to in this parameter
     */
    public RangeMask(RankedTensor tensor, Selection selection, CutRule rule) {
        this.one = tensor.prunable();
        this.rule = rule;
        this.scores = new ScoreChunk(selection);
        this.blocks = rule instanceof CutRule.InGroups groups ? new PatternBlocks(one, selection, groups) : null;
    }

    @Override
    public long read(long from, int count, long[] words) throws IOException {
        Objects.checkFromIndexSize(from, count, one.elements());
        int length = (count + Long.SIZE - 1) / Long.SIZE;
        Arrays.fill(words, 0, length, 0);
        for (int at = 0; at < count; at += ScoreChunk.SIZE) {
            int some = Math.min(ScoreChunk.SIZE, count - at);
            read(from + at, some, words, at >>> 6);
        }
        long kept = 0;
        for (int word = 0; word < length; word++) {
            kept += Long.bitCount(words[word]);
        }
        return kept;
    }

    private void read(long from, int count, long[] words, int first) throws IOException {
        if (rule instanceof CutRule.Whole whole) {
            fill(words, first, whole.keeps() ? count : 0);
        } else if (rule instanceof CutRule.AtMost most) {
            long[] above = scores.above(one, from, count, most.limit());
            System.arraycopy(above, 0, words, first, above.length);
        } else if (rule instanceof CutRule.Below below) {
            below(below, from, count, words, first);
        } else {
            Objects.requireNonNull(blocks).read(from, count, words, first);
        }
    }

    private static void fill(long[] words, int first, int count) {
        Arrays.fill(words, first, first + count / Long.SIZE, -1);
        if (count % Long.SIZE != 0) {
            words[first + count / Long.SIZE] = (1L << count) - 1;
        }
    }

    private void below(CutRule.Below cut, long from, int count, long[] words, int first) throws IOException {
        int length = (count + Long.SIZE - 1) / Long.SIZE;
        long[] above = new long[length];
        long[] equal = new long[length];
        scores.readKeys(one, from, count);
        scores.keys().compare(cut.key(), count, above, equal);
        for (int word = 0; word < length; word++) {
            long kept = above[word];
            if (cut.keptFrom() != CutRule.Below.NO_TIE) {
                for (long rest = equal[word]; rest != 0; rest &= rest - 1) {
                    int bit = Long.numberOfTrailingZeros(rest);
                    boolean late = one.address(from + (long) word * Long.SIZE + bit) >= cut.keptFrom();
                    kept |= (late ? 1L : 0L) << bit;
                }
            }
            words[first + word] = kept;
        }
    }

    /** The groups of a pattern, block by block; the block last read is kept. */
    private static final class PatternBlocks {

        private final Prunable one;
        private final PatternLayout layout;
        private final PatternMasks.Worker worker;
        private PatternLayout.Block block = new PatternLayout.Block(0, 0, 0, 0);
        private Mask mask = new Mask(TensorShape.of(0));

        PatternBlocks(Prunable one, Selection selection, CutRule.InGroups groups) {
            this.one = one;
            this.layout = PatternLayout.of(one, groups.pattern().group());
            this.worker = new PatternMasks.Worker(selection, groups.pattern());
        }

        void read(long from, int count, long[] words, int first) throws IOException {
            int at = 0;
            while (at < count) {
                long element = from + at;
                if (element < block.from() || element >= block.from() + block.length()) {
                    load(layout.block(element));
                }
                long inside = element - block.from();
                int inWord = at & 63;
                int some = (int) Math.min(Math.min(Long.SIZE - inWord, count - at), block.length() - inside);
                long bits = mask.bits(inside) & (-1L >>> (Long.SIZE - some));
                words[first + (at >>> 6)] |= bits << inWord;
                at += some;
            }
        }

        private void load(PatternLayout.Block next) throws IOException {
            Mask fresh = new Mask(TensorShape.of(next.length()));
            for (long number = next.first(); number < next.first() + next.pieces(); number++) {
                PatternLayout.Piece piece = layout.piece(number);
                worker.read(one, piece);
                worker.keep(piece);
                worker.write(fresh, piece, next.from());
            }
            block = next;
            mask = fresh;
        }
    }
}
