package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Speed and rest of a training whose clock the test turns. */
class StepClockTest {

    private static final long MILLI = 1_000_000;
    private static final int STEPS = 1000;
    private static final int EPOCHS = 4;

    private final AtomicLong now = new AtomicLong();
    private final StepClock clock = new StepClock(now::get);

    private void steps(int epoch, int from, int to, long millis) {
        for (int step = from; step <= to; step++) {
            now.addAndGet(millis * MILLI);
            clock.step(epoch, EPOCHS, step, STEPS);
        }
    }

    /** The first 20 steps take 300 ms each, all others 10 ms: the mean over all would still be 16 ms at the end of the epoch. */
    @Test
    void theWarmUpIsSoonForgotten() {
        steps(1, 1, 20, 300);
        assertTrue(clock.secondsLeft() > 300, clock.secondsLeft() + " s, while steps are slow");
        steps(1, 21, STEPS, 10);
        assertEquals(3 * STEPS * 0.01, clock.secondsLeft(), 3 * STEPS * 0.01 * 0.15);
        steps(2, 1, STEPS, 10);
        assertEquals(2 * STEPS * 0.01, clock.secondsLeft(), 2 * STEPS * 0.01 * 0.02);
        assertEquals(100, clock.stepsPerSecond(), 2);
    }

    /** Two seconds of tests between epochs are no slow step, and come again after every epoch that is left. */
    @Test
    void whatLiesBetweenEpochsIsCountedApart() {
        steps(1, 1, STEPS, 10);
        now.addAndGet(2000 * MILLI);
        steps(2, 1, 500, 10);
        assertEquals(2500 * 0.01 + 2 * 2, clock.secondsLeft(), 0.1);
        assertEquals(100, clock.stepsPerSecond(), 1e-6);
    }

    @Test
    void nothingIsSaidBeforeItMeansAnything() {
        assertEquals("", clock.text());
        steps(1, 1, 10, 300);
        assertEquals("", clock.text());
        steps(1, 11, 500, 10);
        assertTrue(clock.text().matches("  \\d+ steps/s  \\d+ s left"), clock.text());
    }

    /** A run that goes on in its third epoch knows nothing of the time that the first took. */
    @Test
    void aResumedRunBeginsToMeasureAnew() {
        steps(3, 501, 800, 20);
        assertEquals((200 + 1000) * 0.02, clock.secondsLeft(), 1e-6);
        steps(4, 1, STEPS, 20);
        assertEquals(0, clock.secondsLeft());
    }

    @Test
    void durationsAreReadable() {
        assertEquals("0 s", StepClock.duration(0));
        assertEquals("59 s", StepClock.duration(59.4));
        assertEquals("1 min 00 s", StepClock.duration(59.6));
        assertEquals("59 min 59 s", StepClock.duration(3599));
        assertEquals("2 h 07 min", StepClock.duration(2 * 3600 + 7 * 60 + 20));
    }
}
