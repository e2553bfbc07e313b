package io.detinit.interop.mask;

import java.io.IOException;
import java.util.Objects;

/**
 * Counts rank keys of ranges of tensors, wherever they run: what {@link DividedSelection} finds its cuts by. Holds about 1 MB, twice
 * that for F64.
 *
 * <p>Not thread-safe; each thread has its own.
 */
public final class RangeRanker {

    private final ScoreChunk scores;

    /**
     * A ranker.
     *
     * @param selection how weights are ranked
     */
    public RangeRanker(Selection selection) {
        this.scores = new ScoreChunk(selection);
    }

    /**
     * Counts for a histogram.
     *
     * @param tensor the tensor
     * @param first the first chunk, in the order of the file
     * @param end the chunk after the last
     * @param request what is counted
     * @param counts added to
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such chunks
     */
    public void count(RankedTensor tensor, long first, long end, GroupRequest request, GroupCounts counts)
            throws IOException {
        Objects.checkFromToIndex(first, end, tensor.chunks());
        for (long chunk = first; chunk < end; chunk++) {
            int count = read(tensor.prunable(), chunk);
            scores.keys().addTo(counts.of(request), count);
        }
    }

    /**
     * Counts weights with a key.
     *
     * @param number the tensor's number
     * @param tensor the tensor
     * @param first the first chunk, in the logical order, outputs first
     * @param end the chunk after the last
     * @param key the key
     * @return the counts
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such chunks
     */
    public TieCounts ties(int number, RankedTensor tensor, long first, long end, long key) throws IOException {
        Objects.checkFromToIndex(first, end, tensor.chunks());
        Prunable logical = tensor.logical();
        int[] counts = new int[Math.toIntExact(end - first)];
        long[] above = new long[ScoreChunk.SIZE / Long.SIZE];
        long[] equal = new long[ScoreChunk.SIZE / Long.SIZE];
        for (long chunk = first; chunk < end; chunk++) {
            int count = read(logical, chunk);
            counts[(int) (chunk - first)] = scores.keys().compare(key, count, above, equal);
        }
        return new TieCounts(number, first, counts);
    }

    /**
     * Finds a weight with a key.
     *
     * @param tensor the tensor
     * @param chunk the chunk that it lies in, in the logical order
     * @param key the key
     * @param rank how many weights with that key lie before it in the chunk
     * @return its place in the tensor, row-major, outputs first
     * @throws IOException if reading fails
     * @throws IllegalStateException if there are not so many
     */
    long tie(RankedTensor tensor, long chunk, long key, long rank) throws IOException {
        int count = read(tensor.logical(), chunk);
        long rest = rank;
        for (int k = 0; k < count; k++) {
            if (scores.keys().get(k) == key && rest-- == 0) {
                return chunk * ScoreChunk.SIZE + k;
            }
        }
        throw new IllegalStateException(tensor.name() + ": the file changed while it was read");
    }

    private int read(Prunable one, long chunk) throws IOException {
        long from = chunk * ScoreChunk.SIZE;
        int count = (int) Math.min(ScoreChunk.SIZE, one.elements() - from);
        scores.readKeys(one, from, count);
        return count;
    }
}
