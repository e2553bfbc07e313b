package io.detinit.interop.mask;

import java.util.function.DoubleConsumer;

/** Says how far passes over weights have come. Safe for use by many threads. */
final class Progress {

    private final double total;
    private final DoubleConsumer sink;
    private double done;

    /**
     * Starts.
     *
     * @param total the weights of all passes
     * @param sink receives the part that is done, in [0, 1], never from two threads at once
     */
    Progress(double total, DoubleConsumer sink) {
        this.total = total;
        this.sink = sink;
    }

    synchronized void add(long elements) {
        done += elements;
        sink.accept(Math.min(1, done / Math.max(1, total)));
    }
}
