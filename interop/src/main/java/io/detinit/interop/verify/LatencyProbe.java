package io.detinit.interop.verify;

import java.io.IOException;

/** Something that can be run again and again, and says how long it took. */
@FunctionalInterface
public interface LatencyProbe {

    /**
     * One run.
     *
     * @param run its number; negative while warming up
     * @return how long it took, in nanoseconds; what prepares the run is not counted
     * @throws IOException if it fails
     */
    long nanos(int run) throws IOException;
}
