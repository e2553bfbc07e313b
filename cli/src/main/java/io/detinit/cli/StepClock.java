package io.detinit.cli;

import io.detinit.cli.report.Text;
import java.util.function.LongSupplier;

/**
 * How fast steps are made and how long the rest takes. The time of a step is a moving mean over the last few seconds, so the slow first
 * steps (class loading, compilation, the engine's warm-up) are soon forgotten; what lies between epochs (tests, audits, checkpoints) is
 * counted apart, as often as it is still to come. Not thread-safe.
 */
final class StepClock {

    /** Seconds after which an old step's weight has fallen to 1 / e. */
    private static final double MEMORY = 5;

    /** Seconds and steps before which nothing is said. */
    private static final double SILENCE = 0.5;

    private static final int SILENT_STEPS = 10;

    private final LongSupplier nanos;
    private long last;
    private boolean begun;
    private int seen;
    private double elapsed;
    private double sumOfSeconds;
    private double sumOfSteps;
    private double pause;
    private double left;

    StepClock(LongSupplier nanos) {
        this.nanos = nanos;
        this.last = nanos.getAsLong();
    }

    /** A step is done. */
    void step(int epoch, int epochs, int step, int steps) {
        long now = nanos.getAsLong();
        double seconds = (now - last) * 1e-9;
        last = now;
        if (begun && step > 1) {
            double kept = Math.exp(-seconds / MEMORY);
            sumOfSeconds = sumOfSeconds * kept + seconds;
            sumOfSteps = sumOfSteps * kept + 1;
            elapsed += seconds;
            seen++;
        } else if (begun) {
            pause = Math.max(0, seconds - secondsOfStep());
        }
        begun = true;
        long stepsLeft = (long) (epochs - epoch) * steps + (steps - step);
        left = stepsLeft * secondsOfStep() + (epochs - epoch) * pause;
    }

    private double secondsOfStep() {
        return sumOfSteps == 0 ? 0 : sumOfSeconds / sumOfSteps;
    }

    /** Seconds until the last step is done. */
    double secondsLeft() {
        return left;
    }

    /** Steps a second; 0 before there is a figure. */
    double stepsPerSecond() {
        return sumOfSeconds == 0 ? 0 : sumOfSteps / sumOfSeconds;
    }

    /** For the progress line; empty before the figures mean anything. */
    String text() {
        if (elapsed < SILENCE || seen < SILENT_STEPS) {
            return "";
        }
        return Text.format("  %.0f steps/s  %s left", stepsPerSecond(), duration(left));
    }

    /** As {@code 42 s}, {@code 3 min 05 s} or {@code 2 h 07 min}. */
    static String duration(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600
                ? Text.format("%d min %02d s", whole / 60, whole % 60)
                : Text.format("%d h %02d min", whole / 3600, whole % 3600 / 60);
    }
}
