package io.detinit.interop.parallel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Runs numbered pieces of work on a fixed number of threads, each with a worker of its own, and returns the results in the
 * order of their numbers.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class Parallel {

    private Parallel() {}

    /**
     * One piece of work.
     *
     * @param <S> the worker's own state
     * @param <R> the result
     */
    @FunctionalInterface
    public interface Piece<S, R> {
        /**
         * Does the work.
         *
         * @param state the worker's own
         * @param number which piece, in [0, pieces)
         * @return the result
         * @throws IOException if reading fails
         */
        R run(S state, long number) throws IOException;
    }

    /**
     * Runs all pieces.
     *
     * @param threads how many threads, >= 1
     * @param pieces how many pieces
     * @param state makes a worker's state
     * @param piece the work
     * @param <S> the worker's own state
     * @param <R> the result
     * @return the results in order
     * @throws IOException the failure of the lowest-numbered thread that failed
     */
    public static <S, R> List<R> run(int threads, int pieces, Supplier<S> state, Piece<S, R> piece) throws IOException {
        List<R> results = new ArrayList<>();
        for (int k = 0; k < pieces; k++) {
            results.add(null);
        }
        AtomicInteger next = new AtomicInteger();
        int workers = Math.min(threads, pieces);
        if (workers <= 1) {
            work(next, pieces, state, piece, results);
            return results;
        }
        ExecutorService executor = Executors.newFixedThreadPool(workers, task -> {
            Thread thread = new Thread(task, "detinit-worker");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (int k = 0; k < workers; k++) {
                futures.add(executor.submit(() -> {
                    work(next, pieces, state, piece, results);
                    return null;
                }));
            }
            for (Future<?> future : futures) {
                await(future);
            }
        } finally {
            executor.shutdownNow();
        }
        return results;
    }

    private static <S, R> void work(
            AtomicInteger next, int pieces, Supplier<S> state, Piece<S, R> piece, List<R> results) throws IOException {
        S own = state.get();
        for (int number = next.getAndIncrement(); number < pieces; number = next.getAndIncrement()) {
            R result = piece.run(own, number);
            synchronized (results) {
                results.set(number, result);
            }
        }
    }

    private static void await(Future<?> future) throws IOException {
        try {
            future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            if (e.getCause() instanceof RuntimeException runtime) {
                throw runtime;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
