package io.detinit.generator.quality;

import java.util.List;

/** Each of the 64 x 64 pairs of a bit of a word and a bit of the next word, on one chunk of 16. */
final class CrossBits implements WordStatistic {

    private final BitCounts[] counts = BitMatrix.counts();
    private long chunks;

    @Override
    public void accept(long[] words) {
        if (chunks++ % 16 != 0) {
            return;
        }
        for (int k = 0; k < words.length; k += 2) {
            for (int turn = 0; turn < 64; turn++) {
                counts[turn].add(words[k] ^ Long.rotateLeft(words[k + 1], turn));
            }
        }
    }

    @Override
    public List<Result> results(String order) {
        return BitMatrix.results(counts, "words", order, "bit x next bit");
    }
}
