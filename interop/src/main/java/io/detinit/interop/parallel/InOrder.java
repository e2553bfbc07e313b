package io.detinit.interop.parallel;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs numbered pieces of work on a fixed number of threads and hands each result on in the order of the numbers, as soon as
 * those before it are there. Few results are held at once, however many pieces there are.
 *
 * @param <S> a worker's own state
 * @param <R> the result
 */
public final class InOrder<S, R> {

    /** How far a thread may run ahead of the first unfinished piece, in pieces a thread. */
    private static final int AHEAD = 4;

    private final long pieces;
    private final int window;
    private final Parallel.Piece<S, R> piece;
    private final Consumer<R> sink;
    private final Map<Long, R> waiting = new HashMap<>();
    private long next;
    private long done;
    private boolean failed;

    private InOrder(long pieces, int window, Parallel.Piece<S, R> piece, Consumer<R> sink) {
        this.pieces = pieces;
        this.window = window;
        this.piece = piece;
        this.sink = sink;
    }

    /**
     * Runs all pieces.
     *
     * @param threads how many threads, >= 1
     * @param pieces how many pieces
     * @param state makes a worker's state
     * @param piece the work
     * @param sink receives the results in order, never two at once
     * @param <S> a worker's own state
     * @param <R> the result
     * @throws IOException the failure of a piece
     */
    public static <S, R> void run(
            int threads, long pieces, Supplier<S> state, Parallel.Piece<S, R> piece, Consumer<R> sink)
            throws IOException {
        int workers = (int) Math.min(threads, pieces);
        InOrder<S, R> run = new InOrder<>(pieces, AHEAD * Math.max(1, workers), piece, sink);
        Parallel.run(workers, workers, state, (own, worker) -> {
            run.work(own);
            return worker;
        });
    }

    private void work(S own) throws IOException {
        boolean finished = false;
        try {
            for (long number = take(); number >= 0; number = take()) {
                R result = piece.run(own, number);
                put(number, result);
            }
            finished = true;
        } finally {
            if (!finished) {
                fail();
            }
        }
    }

    private synchronized void fail() {
        failed = true;
        notifyAll();
    }

    /** The next piece; -1 when there is none. */
    private synchronized long take() throws IOException {
        while (!failed && next < pieces && next >= done + window) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        return failed || next >= pieces ? -1 : next++;
    }

    private synchronized void put(long number, R result) {
        waiting.put(number, result);
        @Nullable R ready = waiting.remove(done);
        while (ready != null) {
            sink.accept(ready);
            done++;
            ready = waiting.remove(done);
        }
        notifyAll();
    }
}
