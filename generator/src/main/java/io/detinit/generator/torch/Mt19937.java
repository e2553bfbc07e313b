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

    private final int[] state = new int[WORDS];
    private int index = WORDS;
    private long position;

    /**
     * A stream at draw 0.
     *
     * @param seed any 64 bits; only the low 32 matter
     */
    public Mt19937(long seed) {
        state[0] = (int) seed;
        for (int i = 1; i < WORDS; i++) {
            state[i] = KNUTH * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
        }
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
     * Passes over draws. Costs about a nanosecond a draw.
     *
     * @param draws how many, >= 0
     * @throws IllegalArgumentException if draws is negative
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

    private void twist() {
        for (int i = 0; i < WORDS; i++) {
            int joined = (state[i] & 0x8000_0000) | (state[(i + 1) % WORDS] & 0x7FFF_FFFF);
            state[i] = state[(i + MIDDLE) % WORDS] ^ (joined >>> 1) ^ ((joined & 1) == 0 ? 0 : TWIST);
        }
        index = 0;
    }
}
