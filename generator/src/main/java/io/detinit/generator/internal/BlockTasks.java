package io.detinit.generator.internal;

import io.detinit.generator.internal.FillKernel.Scratch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Shares the elements of a fill out among the threads of the common pool, or of the pool whose task is calling, as each becomes
 * free. What is computed does not depend on it.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class BlockTasks {

    /** Weights of one task: some 20 microseconds of work. */
    private static final int TASK = 32 * FillKernel.BLOCK;

    private BlockTasks() {}

    /** Computes a range of elements. */
    @FunctionalInterface
    public interface Task {
        /**
         * Computes a range.
         *
         * @param start its first element
         * @param length how many
         * @param scratch of the thread that runs it
         */
        void run(long start, int length, Scratch scratch);
    }

    /**
     * Runs tasks that cover all elements.
     *
     * @param count how many elements, at least 1
     * @param task computes a part of them
     */
    public static void run(long count, Task task) {
        long tasks = (count + TASK - 1) / TASK;
        ForkJoinPool pool = ForkJoinTask.getPool();
        int threads = pool == null ? ForkJoinPool.getCommonPoolParallelism() + 1 : pool.getParallelism();
        AtomicLong next = new AtomicLong();
        IntStream.range(0, (int) Math.min(threads, tasks)).parallel().forEach(thread -> {
            Scratch scratch = new Scratch(Math.min(count, TASK));
            for (long t = next.getAndIncrement(); t < tasks; t = next.getAndIncrement()) {
                task.run(t * TASK, (int) Math.min(TASK, count - t * TASK), scratch);
            }
        });
    }
}
