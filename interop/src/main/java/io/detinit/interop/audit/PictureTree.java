package io.detinit.interop.audit;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds up the pictures of consecutive bands: always two halves of a power of two, whichever bands come together. So the sums are the
 * same bits however the bands were divided, and of any range of bands about as many pictures are left as its length has binary digits.
 * Not thread-safe.
 */
final class PictureTree implements Serializable {

    private static final long serialVersionUID = 1L;

    private final ArrayList<PictureSums> sums = new ArrayList<>();

    /** Adds the next band, or the next of the {@link #sums} of a range. */
    void add(PictureSums next) {
        PictureSums sum = next;
        while (!sums.isEmpty() && sums.get(sums.size() - 1).isHalfWith(sum)) {
            sum = sums.remove(sums.size() - 1).plus(sum);
        }
        sums.add(sum);
    }

    /** What is left of the bands so far, in order. */
    List<PictureSums> sums() {
        return sums;
    }

    boolean isEmpty() {
        return sums.isEmpty();
    }

    /** The sum of all bands, which began with the first one. */
    PictureSums total() {
        PictureSums total = sums.get(sums.size() - 1);
        for (int k = sums.size() - 2; k >= 0; k--) {
            total = sums.get(k).plus(total);
        }
        return total;
    }
}
