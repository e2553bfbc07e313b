package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks that boxes cover a tensor: each inside, no two overlapping, together as many elements as the tensor has. Not safe for
 * use by several threads; one object checks a whole checkpoint, whose work it limits.
 */
final class ChunkCover {

    /** Far beyond any grid of chunks; only a file made to cost time needs more. */
    private static final long MAX_COMPARISONS = 1L << 28;

    private final long limit;
    private long comparisons;

    ChunkCover() {
        this(MAX_COMPARISONS);
    }

    /** With another limit of work, in comparisons of boxes. */
    ChunkCover(long limit) {
        this.limit = limit;
    }

    /**
     * Checks the boxes of one tensor.
     *
     * @param file for messages
     * @param where the tensor, for messages
     * @param sizes the tensor's shape
     * @param boxes none of them empty
     * @throws MalformedFileException if they do not cover it exactly, or have another rank
     */
    void check(String file, String where, List<Long> sizes, List<Box> boxes) throws MalformedFileException {
        try {
            long left = product(sizes);
            for (Box box : boxes) {
                if (box.offsets().size() != sizes.size() || box.sizes().size() != sizes.size()) {
                    throw MalformedFileException.of(
                            file, where, "a chunk of rank " + box.sizes().size(), "rank " + sizes.size());
                }
                for (int axis = 0; axis < sizes.size(); axis++) {
                    if (Math.addExact(box.begin(axis), box.sizes().get(axis)) > sizes.get(axis)) {
                        throw MalformedFileException.of(
                                file,
                                where,
                                "a chunk of " + box.sizes() + " at " + box.offsets(),
                                "one inside the shape " + sizes);
                    }
                }
                left = Math.subtractExact(left, product(box.sizes()));
            }
            refuseOverlaps(file, where, boxes);
            if (left != 0) {
                throw MalformedFileException.of(
                        file, where, "chunks that leave " + left + " elements out", "all of " + sizes);
            }
        } catch (ArithmeticException e) {
            throw MalformedFileException.of(file, where, "sizes whose product exceeds 2^63", "fewer elements");
        }
    }

    private static long product(List<Long> sizes) {
        long product = 1;
        for (long size : sizes) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }

    /** A sweep along the axis with most cuts; only chunks that share a place on it are compared. */
    private void refuseOverlaps(String file, String where, List<Box> boxes) throws MalformedFileException {
        if (boxes.size() < 2) {
            return;
        }
        int rank = boxes.get(0).sizes().size();
        if (rank == 0) {
            throw MalformedFileException.of(file, where, boxes.size() + " chunks of a scalar", "one");
        }
        int axis = 0;
        int most = 0;
        for (int candidate = 0; candidate < rank; candidate++) {
            Set<Long> cuts = new HashSet<>();
            for (Box box : boxes) {
                cuts.add(box.begin(candidate));
            }
            if (cuts.size() > most) {
                most = cuts.size();
                axis = candidate;
            }
        }
        int along = axis;
        List<Box> sorted = new ArrayList<>(boxes);
        sorted.sort(Comparator.comparingLong(box -> box.begin(along)));
        List<Box> active = new ArrayList<>();
        for (Box box : sorted) {
            comparisons += active.size();
            if (comparisons > limit) {
                throw MalformedFileException.of(file, where, "chunks in too great disorder", "a grid of chunks");
            }
            active.removeIf(before -> before.end(along) <= box.begin(along));
            for (Box before : active) {
                if (before.overlaps(box)) {
                    throw MalformedFileException.of(
                            file,
                            where,
                            "overlapping chunks at " + before.offsets() + " and " + box.offsets(),
                            "each element once");
                }
            }
            active.add(box);
        }
    }
}
