package io.detinit.training.timeline;

import io.detinit.interop.audit.Threshold;
import java.util.List;
import java.util.Locale;

/**
 * When live parameters are audited, and at which thresholds. Beside these points the state before the first step and the last state
 * are always audited.
 *
 * @param thresholds at least one; units and inputs in which nothing moved follow the first
 * @param unit what is counted
 * @param every how many of them lie between two audits, >= 1
 */
public record AuditSchedule(List<Threshold> thresholds, Unit unit, int every) {

    /** What is counted. */
    public enum Unit {
        /** Passes over the data. */
        EPOCH,
        /** Updates of the parameters. */
        STEP;

        /** {@return the name in a timeline} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Copies the list and checks.
     *
     * @throws IllegalArgumentException if there is no threshold, or nothing lies between two audits
     */
    public AuditSchedule {
        thresholds = List.copyOf(thresholds);
        if (thresholds.isEmpty()) {
            throw new IllegalArgumentException("an audit needs at least one threshold");
        }
        if (every < 1) {
            throw new IllegalArgumentException("an audit every " + every + " " + unit.id() + "s; at least 1 is needed");
        }
    }

    /**
     * An audit after every few epochs.
     *
     * @param every how many epochs, >= 1
     * @param thresholds at least one
     * @return the schedule
     */
    public static AuditSchedule epochs(int every, Threshold... thresholds) {
        return new AuditSchedule(List.of(thresholds), Unit.EPOCH, every);
    }

    /**
     * An audit after every few steps.
     *
     * @param every how many steps, >= 1
     * @param thresholds at least one
     * @return the schedule
     */
    public static AuditSchedule steps(int every, Threshold... thresholds) {
        return new AuditSchedule(List.of(thresholds), Unit.STEP, every);
    }

    /**
     * The steps between two audits.
     *
     * @param stepsInEpoch steps in an epoch, >= 1
     * @return how many, >= 1
     */
    public long interval(long stepsInEpoch) {
        return unit == Unit.STEP ? every : Math.multiplyExact(stepsInEpoch, every);
    }

    /**
     * Whether an audit is due after a step.
     *
     * @param steps steps done
     * @return whether this counts steps and it is
     */
    public boolean isDueAfterStep(long steps) {
        return unit == Unit.STEP && steps % every == 0;
    }

    /**
     * Whether an audit is due after an epoch.
     *
     * @param epochs epochs done
     * @return whether this counts epochs and it is
     */
    public boolean isDueAfterEpoch(long epochs) {
        return unit == Unit.EPOCH && epochs % every == 0;
    }
}
