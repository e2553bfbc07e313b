package io.detinit.generator.torch;

import java.util.ArrayList;
import java.util.List;

/**
 * The draws of one seed from any position on.
 *
 * <p>MT19937 runs forward only. This keeps up to {@value #MOST} of its states, spread over what was asked for, and starts
 * from the nearest one before a position; readers that come back with {@link #keep} what they have read on from there make the
 * next position free. 2.5 KB a state.
 *
 * <p>Safe for use by many threads; a state is passed over outside the lock.
 */
public final class TorchStream {

    private static final int MOST = 32;

    private final long seed;

    /** In the order of their positions; the first one is at draw 0. */
    private final List<Mt19937> states = new ArrayList<>();

    /**
     * The stream right after {@code torch.manual_seed(seed)}.
     *
     * @param seed the seed; only its low 32 bits matter
     */
    public TorchStream(long seed) {
        this.seed = seed;
        states.add(new Mt19937(seed));
    }

    /** {@return the seed} */
    public long seed() {
        return seed;
    }

    /**
     * A generator at a position.
     *
     * @param draw the number of draws before it, >= 0
     * @return a generator of the caller's own; 0.6 ns for each draw since the nearest kept state
     * @throws IllegalArgumentException if the draw is negative
     */
    public Mt19937 at(long draw) {
        if (draw < 0) {
            throw new IllegalArgumentException("draw " + draw + " is negative; the stream begins at 0");
        }
        Mt19937 state = nearest(draw);
        state.skip(draw - state.position());
        return state;
    }

    private synchronized Mt19937 nearest(long draw) {
        return states.get(after(draw) - 1).copy();
    }

    /** How many states are at a draw or before it. */
    private int after(long draw) {
        int low = 0;
        int high = states.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (states.get(middle).position() <= draw) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * Remembers a state for those who ask for its position or one after it.
     *
     * @param state a generator of this seed; it is copied
     */
    public synchronized void keep(Mt19937 state) {
        int place = after(state.position());
        if (states.get(place - 1).position() == state.position()) {
            return;
        }
        states.add(place, state.copy());
        if (states.size() > MOST) {
            states.remove(nearestToItsNeighbours(place));
        }
    }

    /** The state whose loss costs least: neither the first, nor the last, nor the one that has just come. */
    private int nearestToItsNeighbours(int fresh) {
        int best = -1;
        long least = Long.MAX_VALUE;
        for (int k = 1; k < states.size() - 1; k++) {
            long gap = states.get(k + 1).position() - states.get(k - 1).position();
            if (k != fresh && gap < least) {
                least = gap;
                best = k;
            }
        }
        return best;
    }
}
