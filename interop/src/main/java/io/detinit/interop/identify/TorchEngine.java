package io.detinit.interop.identify;

import java.io.IOException;

/**
 * Does the long part of a search for seeds of PyTorch: on threads here, or on other machines. It can be divided anywhere, and the outcome is
 * the same bits however it was.
 */
public interface TorchEngine {

    /**
     * Looks for the first batch of seeds with a proof: {@link TorchScan#scan} of parts that cover all batches, put together by
     * {@link TorchPart#first}.
     *
     * @param scan what is looked for
     * @param from the first block of positions of each stream
     * @param to the block after the last
     * @param progress may be told how many seeds are done, counted from 0 in each call
     * @return the outcome of all batches
     * @throws IOException if a machine fails
     */
    TorchPart scan(TorchScan scan, long from, long to, TorchSearch.Progress progress) throws IOException;

    /**
     * Threads of this process.
     *
     * @param count how many, >= 1
     * @return the engine
     * @throws IllegalArgumentException if there is none
     */
    static TorchEngine threads(int count) {
        return new TorchThreads(count);
    }
}
