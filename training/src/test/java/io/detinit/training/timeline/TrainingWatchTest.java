package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Threshold;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Each rule on a sequence that breaks it and on one that just does not. */
class TrainingWatchTest {

    private static final double STD = 0.05;
    private static final long ROWS = 100;
    private static final long COLS = 200;
    private static final long ELEMENTS = ROWS * COLS;

    /** A matrix that lies r standard deviations from its initial values. */
    private static TensorMovement at(String name, double r) {
        return at(name, r, 0, 0, 0);
    }

    private static TensorMovement at(String name, double r, long units, long inputs, long notFinite) {
        return new TensorMovement(
                name,
                TensorShape.of(ROWS, COLS),
                List.of(r == 0 ? 0 : ELEMENTS),
                r == 0 ? ELEMENTS : 0,
                notFinite,
                r * STD,
                STD,
                OptionalDouble.of(r),
                3 * r * STD,
                OptionalDouble.of(1 / (1 + r)),
                OptionalLong.of(units),
                OptionalLong.of(inputs));
    }

    private static TrainingWatch watch() {
        return new TrainingWatch(Threshold.DEFAULT);
    }

    private static List<String> kinds(List<TrainingWarning> warnings) {
        return warnings.stream().map(w -> w.kind() + " " + w.tensor()).toList();
    }

    /** One matrix through a training, another beside it that moves as a healthy one does; a point each 100 steps. */
    private static List<String> run(double... r) {
        TrainingWatch watch = watch();
        List<String> found = new ArrayList<>();
        for (int k = 0; k < r.length; k++) {
            List<TensorMovement> point = List.of(at("a", r[k]), at("b", 0.2 * Math.sqrt(k)));
            for (String kind : kinds(watch.observe(100L * k, point))) {
                found.add(k + " " + kind);
            }
        }
        return found;
    }

    @Test
    void aHealthyTrainingIsLeftAlone() {
        assertEquals(List.of(), run(0, 0.1, 0.15, 0.2, 0.22, 0.23));
        assertEquals(List.of(), run(0, 3, 5, 8, 12, 19.9), "far, but not explosive");
    }

    @Test
    void aLayerThatHardlyMovesSleepsAtTheThirdPointAndOnce() {
        assertEquals(List.of("3 SLEEPS a"), run(0, 1e-5, 5e-4, 9e-4, 9.1e-4));
        assertEquals(List.of(), run(0, 1e-5, 5e-4, 1.1e-3, 1.2e-3));
        assertEquals(List.of("3 SLEEPS a", "7 SLEEPS a"), run(0, 1e-5, 2e-5, 3e-5, 2e-3, 1e-5, 2e-5, 3e-5));
    }

    @Test
    void nobodySleepsWhileAllAreSlow() {
        TrainingWatch watch = watch();
        for (int k = 0; k < 6; k++) {
            assertEquals(List.of(), watch.observe(100L * k, List.of(at("a", 1e-5 * k), at("b", 9e-3 * k / 5))));
        }
    }

    @Test
    void explosionsAreSeenByTheirSizeAndByTheirGrowth() {
        assertEquals(List.of("2 EXPLODES a"), run(0, 19.9, 20, 25));
        assertEquals(List.of("1 EXPLODES a"), run(0, 20));
        assertEquals(List.of("2 EXPLODES a"), run(0, 0.15, 1.5));
        assertEquals(List.of(), run(0, 0.15, 1.4), "grown less than 10 times");
        assertEquals(List.of(), run(0, 0.05, 0.9), "grown, but still small");
    }

    @Test
    void notANumberIsSaidAtOnce() {
        List<TrainingWarning> warnings = watch().observe(1, List.of(at("a", 0.1, 0, 0, 3)));
        assertEquals(List.of("NOT_FINITE a"), kinds(warnings));
        assertTrue(warnings.get(0).text().startsWith("a is not finite: 3 of 20,000 weights"), warnings.toString());
    }

    @Test
    void aLayerWithoutAnyChangeIsFrozenAfterTenSteps() {
        assertEquals(List.of("1 FROZEN a"), run(0, 0, 0, 0));
        assertEquals(List.of("2 FROZEN a"), run(0, 0.1, 0.1, 0.1));
        TrainingWatch watch = watch();
        for (int step = 0; step < 10; step++) {
            assertEquals(List.of(), watch.observe(step, List.of(at("a", 0), at("b", 0.01 * step))));
        }
        assertEquals(List.of("FROZEN a"), kinds(watch.observe(10, List.of(at("a", 0), at("b", 0.1)))));
    }

    @Test
    void aModelWithoutAnyChangeIsOneWarning() {
        TrainingWatch watch = watch();
        assertEquals(List.of(), watch.observe(0, List.of(at("a", 0), at("b", 0))));
        List<TrainingWarning> found = watch.observe(10, List.of(at("a", 0), at("b", 0)));
        assertEquals(List.of("FROZEN "), kinds(found));
        assertTrue(found.get(0).text().startsWith("the model is frozen: no parameter has changed since step 0"));
    }

    @Test
    void unitsAndInputsThatNeverMoveAreSaidAtTheThirdPoint() {
        TrainingWatch watch = watch();
        List<String> found = new ArrayList<>();
        for (int k = 0; k < 5; k++) {
            double r = 0.1 * Math.sqrt(k);
            List<TensorMovement> point = List.of(at("a", r, k, 150, 0), at("b", r, 10, 20, 0), at("c", r, 9, 19, 0));
            for (String kind : kinds(watch.observe(100L * k, point))) {
                found.add(k + " " + kind);
            }
        }
        assertEquals(List.of("3 UNITS_SLEEP b", "3 INPUTS_SLEEP b"), found);
    }

    @Test
    void aCoarseThresholdTellsNothingOfUnits() {
        for (Threshold coarse : List.of(new Threshold(1e-2), new Threshold(0.1, Threshold.Kind.STD))) {
            TrainingWatch watch = new TrainingWatch(coarse);
            for (int k = 0; k < 5; k++) {
                double r = 0.1 * Math.sqrt(k);
                assertEquals(List.of(), watch.observe(100L * k, List.of(at("a", r), at("b", r, 50, 50, 0))));
            }
        }
    }

    @Test
    void weightsThatDifferBeforeTheFirstStepWereNotSeeded() {
        assertEquals(List.of("NOT_SEEDED b"), kinds(watch().observe(0, List.of(at("a", 0), at("b", 1e-6)))));
        assertEquals(List.of(), watch().observe(1, List.of(at("a", 1e-6), at("b", 1e-6))));
    }
}
