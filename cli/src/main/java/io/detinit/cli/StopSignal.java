package io.detinit.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Ctrl-C (SIGINT) and SIGTERM while something goes on that can end in good order: the JVM waits until it has. A second Ctrl-C changes
 * nothing; SIGKILL ends the process at once.
 */
final class StopSignal implements AutoCloseable {

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "detinit-stop");
    private volatile boolean asked;

    private StopSignal() {}

    /** Begins to listen; close it when what goes on has ended. */
    static StopSignal listen() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    private void stop() {
        asked = true;
        boolean waiting = true;
        while (waiting) {
            try {
                done.await();
                waiting = false;
            } catch (InterruptedException e) {
                // the work is not done: the JVM has to wait on
            }
        }
    }

    /** Whether it is to end. */
    boolean asked() {
        return asked;
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is ending
        }
    }
}
