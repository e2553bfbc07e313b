package io.detinit.generator.quality;

import java.util.List;

/** A test on the words of one order, fed chunk by chunk. */
interface WordStatistic {

    /** Words of a chunk; every test may rely on it. */
    int CHUNK = 1 << 16;

    /** The next chunk, {@link #CHUNK} words. */
    void accept(long[] words);

    /** {@return what the test says of the words so far} */
    List<Result> results(String order);
}
