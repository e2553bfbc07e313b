package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Threshold;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Each rule on a sequence that breaks it and on one that just does not. */
class ActivityWatchTest {

    private static TensorMovement movement(String name, long... shape) {
        TensorShape known = TensorShape.of(shape);
        return new TensorMovement(
                name,
                known,
                List.of(known.elements()),
                0,
                0,
                0.01,
                0.05,
                OptionalDouble.of(0.2),
                0.1,
                OptionalDouble.of(0.9),
                OptionalLong.of(0),
                OptionalLong.of(0));
    }

    private static final List<TensorMovement> TENSORS =
            List.of(movement("a", 10, 20), movement("b", 10), movement("c", 5, 10));

    /** Weights of norm 10. */
    private static TensorGradient gradient(String name, double norm, double ratio, int notFinite) {
        return new TensorGradient(
                name,
                8,
                notFinite,
                OptionalDouble.of(norm),
                OptionalDouble.of(norm),
                OptionalDouble.of(10),
                OptionalDouble.of(ratio),
                OptionalDouble.of(ratio));
    }

    private static List<String> run(Activity... points) {
        TrainingWatch watch = new TrainingWatch(Threshold.DEFAULT);
        List<String> found = new ArrayList<>();
        for (int k = 0; k < points.length; k++) {
            for (TrainingWarning warning : watch.observe(k + 1, TENSORS, points[k])) {
                found.add(k + " " + warning.kind() + " " + warning.tensor());
            }
        }
        return found;
    }

    private static Activity gradients(TensorGradient... gradients) {
        return new Activity(List.of(gradients), Optional.empty(), List.of());
    }

    private static Activity norms(double a, double b, double c) {
        return gradients(gradient("a", a, 1e-3, 0), gradient("b", b, 1e-3, 0), gradient("c", c, 1e-3, 0));
    }

    @Test
    void aGradientThatHardlyReachesALayerIsSaidAtTheThirdPointAndOnce() {
        Activity faded = norms(9e-5, 0.02, 0.1);
        assertEquals(List.of("2 GRADIENT_VANISHES a"), run(faded, faded, faded, faded));
        assertEquals(List.of(), run(faded, faded, norms(0.1, 0.1, 0.1), faded, faded));
        Activity bound = norms(1.1e-4, 0.02, 0.1);
        assertEquals(List.of(), run(bound, bound, bound, bound), "a thousandth of the later one");
        Activity heavy = norms(2e-3, 0.02, 10);
        assertEquals(List.of(), run(heavy, heavy, heavy, heavy), "enough for its own weights");
        Activity first = norms(1, 1e-9, 1e-9);
        assertEquals(
                List.of(), run(first, first, first, first), "only later layers are compared, only matrices judged");
        Activity none = norms(0, 0.02, 0.1);
        assertEquals(List.of("2 GRADIENT_VANISHES a"), run(none, none, none));
    }

    @Test
    void aGradientThatGrowsTenfoldExplodes() {
        assertEquals(List.of("2 GRADIENT_EXPLODES c"), run(norms(1, 1, 0.5), norms(1, 1, 1), norms(1, 1, 10)));
        assertEquals(List.of(), run(norms(1, 1, 1), norms(1, 1, 0.1), norms(1, 1, 9.9)), "the largest before counts");
        assertEquals(List.of(), run(norms(1, 1, 0.01), norms(1, 1, 0.99)), "small beside its weights");
        assertEquals(List.of(), run(norms(100, 100, 100)), "there is nothing to compare the first with");
    }

    @Test
    void aGradientThatIsNotFiniteExplodesAtOnce() {
        Activity wild = gradients(gradient("a", 1, 1e-3, 0), gradient("b", 1, 1e-3, 3));
        assertEquals(List.of("0 GRADIENT_EXPLODES b"), run(wild, wild));
        List<TrainingWarning> found = new TrainingWatch(Threshold.DEFAULT).observe(1, TENSORS, wild);
        assertTrue(
                found.get(0).text().startsWith("b has an exploding gradient: NaN or infinite at 3 of 8"),
                found.toString());
    }

    @Test
    void updatesOfATenthOfTheWeightsExplode() {
        Activity large = gradients(gradient("a", 1, 0.1, 0), gradient("b", 1, 5, 0), gradient("c", 1, 0.099, 0));
        assertEquals(List.of("0 UPDATES_EXPLODE a"), run(large, large), "biases begin at 0: not judged");
    }

    @Test
    void halfOfTheUnitsMayNotBeDead() {
        UnitActivity half = new UnitActivity("a", 10, 5, 1000);
        UnitActivity fewer = new UnitActivity("c", 11, 5, 1000);
        Activity units = new Activity(List.of(), Optional.empty(), List.of(half, fewer));
        assertEquals(List.of("0 UNITS_DEAD a"), run(units, units));
        assertEquals(10.0 / 21, units.neverFire().getAsDouble(), 1e-15);
        assertEquals(OptionalDouble.empty(), Activity.NONE.neverFire());
    }
}
