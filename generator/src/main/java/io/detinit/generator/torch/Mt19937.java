package io.detinit.generator.torch;

/**
 * The Mersenne Twister MT19937 with the one-word seeding that PyTorch's CPU generator uses.
 *
 * <p>Source: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
 * generator" (ACM TOMACS 8, 1998); seeding by their revision of 2002 (Knuth, TAOCP volume 2, third edition, page 106).
 *
 * <p>Mutable: holds a position; not for use by several threads at once.
 */
public final class Mt19937 {

    private static final int WORDS = 624;
    private static final int MIDDLE = 397;
    private static final int TWIST = 0x9908B0DF;
    private static final int KNUTH = 1812433253;

    private final int[] state;
    private int index = WORDS;
    private long position;

    /**
     * A stream at draw 0.
     *
     * @param seed any 64 bits; only the low 32 matter
     */
    public Mt19937(long seed) {
        state = new int[WORDS];
        state[0] = (int) seed;
        for (int i = 1; i < WORDS; i++) {
            state[i] = KNUTH * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
        }
    }

    private Mt19937(Mt19937 other) {
        state = other.state.clone();
        index = other.index;
        position = other.position;
    }

    /** {@return a stream of its own at the same position} */
    public Mt19937 copy() {
        return new Mt19937(this);
    }

    /** {@return the next draw: 32 bits, to be read as unsigned} */
    public int next() {
        if (index == WORDS) {
            twist();
        }
        position++;
        int y = state[index++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >>> 18);
    }

    /** {@return the next two draws as 64 bits, the first one high} */
    public long next64() {
        long high = next();
        return high << 32 | (next() & 0xFFFF_FFFFL);
    }

    /**
     * Passes over draws, one after the other: half a nanosecond to one each, so that 2^32 take two to four seconds.
     *
     * @param draws how many, >= 0
     * @throws IllegalArgumentException if draws is negative
     * @throws ArithmeticException if the position exceeds 2^63-1
     */
    public void skip(long draws) {
        if (draws < 0) {
            throw new IllegalArgumentException("cannot skip " + draws + " draws; the stream runs forward only");
        }
        position = Math.addExact(position, draws);
        long left = draws;
        while (left > WORDS - index) {
            left -= WORDS - index;
            twist();
        }
        index += (int) left;
    }

    /** {@return the number of draws made or skipped so far} */
    public long position() {
        return position;
    }

    /** The next 624 words. Three stretches, so that no index wraps round inside a loop. */
    private void twist() {
        int[] s = state;
        for (int i = 0; i < WORDS - MIDDLE; i++) {
            s[i] = s[i + MIDDLE] ^ twisted(s[i], s[i + 1]);
        }
        for (int i = WORDS - MIDDLE; i < WORDS - 1; i++) {
            s[i] = s[i + MIDDLE - WORDS] ^ twisted(s[i], s[i + 1]);
        }
        s[WORDS - 1] = s[MIDDLE - 1] ^ twisted(s[WORDS - 1], s[0]);
        index = 0;
    }

    private static int twisted(int word, int next) {
        int joined = (word & 0x8000_0000) | (next & 0x7FFF_FFFF);
        return (joined >>> 1) ^ (-(joined & 1) & TWIST);
    }
}
