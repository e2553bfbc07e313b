package io.detinit.training.lottery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TicketMasksTest {

    private static final TensorShape A = TensorShape.of(20, 30);
    private static final TensorShape B = TensorShape.of(10, 20);

    private static final InitPlan PLAN = new InitPlan(
            5,
            List.of(
                    new PlannedTensor("a.weight", A, 0, Scheme.HE),
                    new PlannedTensor("a.bias", TensorShape.of(20), PlannedTensor.NO_LAYER, Scheme.ZEROS),
                    new PlannedTensor("b.weight", B, 1, Scheme.HE)));

    /** Weights that moved by what another seed gives, so that some changed sign. */
    private static List<ArrayTensor> trained() {
        InitPlan other = new InitPlan(6, PLAN.tensors());
        List<ArrayTensor> tensors = new ArrayList<>();
        for (PlannedTensor planned : PLAN.tensors()) {
            float[] values = PLAN.init(planned.name()).toArray();
            float[] steps = other.init(planned.name()).toArray();
            for (int k = 0; k < values.length; k++) {
                values[k] += 0.6f * steps[k];
            }
            tensors.add(ArrayTensor.of(planned.name(), planned.shape(), values));
        }
        return tensors;
    }

    private static float[] values(List<ArrayTensor> tensors, String name) throws IOException {
        for (ArrayTensor tensor : tensors) {
            if (tensor.info().name().equals(name)) {
                float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
                tensor.readFloats(0, values, 0, values.length);
                return values;
            }
        }
        throw new AssertionError(name);
    }

    /** What is pruned first has the lowest; weights that changed sign have less than all others where that counts. */
    private static double score(Criterion criterion, double w, double w0) {
        if (criterion.isSameSign()) {
            double base = score(Criterion.parse(criterion.id().replace("_same_sign", "")), w, w0);
            return w * w0 < 0 ? base - 1000 : base;
        }
        return switch (criterion) {
            case MOVEMENT -> Math.abs((float) w - (float) w0);
            case MAGNITUDE -> Math.abs(w);
            case LARGE_INIT -> Math.abs(w0);
            case LARGE_INIT_LARGE_FINAL -> Math.min(Math.abs(w), Math.abs(w0));
            case SMALL_INIT -> -Math.abs(w0);
            case SMALL_FINAL -> -Math.abs(w);
            case SMALL_INIT_SMALL_FINAL -> -Math.max(Math.abs(w), Math.abs(w0));
            case MAGNITUDE_INCREASE -> Math.abs((float) w) - Math.abs((float) w0);
            default -> throw new AssertionError(criterion);
        };
    }

    private static LotteryConfig.Builder lottery() {
        return LotteryConfig.builder(FewDigits.training(0.1));
    }

    @ParameterizedTest
    @EnumSource(Criterion.class)
    void ofTheWeightsThatAreLeftTheLowestGo(Criterion criterion) throws IOException {
        TicketMasks masks = new TicketMasks(lottery().criterion(criterion).build());
        List<ArrayTensor> trained = trained();
        Map<String, Mask> before = Map.of(
                "a.weight", Mask.of(A, k -> k % 3 != 0),
                "b.weight", Mask.of(B, k -> k % 4 != 1));
        Map<String, Mask> after =
                masks.next(PLAN, trained, ordered(before), 5, 1).masks();
        assertEquals(List.of("a.weight", "b.weight"), List.copyOf(after.keySet()));
        assertEquals(400 - 80, after.get("a.weight").kept());
        assertEquals(150 - 15, after.get("b.weight").kept());
        for (String name : after.keySet()) {
            Mask old = before.get(name);
            Mask now = after.get(name);
            assertEquals(now, now.and(old), "nested");
            if (criterion != Criterion.RANDOM && criterion != Criterion.RANDOM_SAME_SIGN) {
                float[] w = values(trained, name);
                float[] w0 = PLAN.init(name).toArray();
                double pruned = Double.NEGATIVE_INFINITY;
                double kept = Double.POSITIVE_INFINITY;
                for (int k = 0; k < w.length; k++) {
                    double score = score(criterion, w[k], w0[k]);
                    pruned = old.keeps(k) && !now.keeps(k) ? Math.max(pruned, score) : pruned;
                    kept = now.keeps(k) ? Math.min(kept, score) : kept;
                }
                assertTrue(pruned <= kept, pruned + " pruned, " + kept + " kept");
            }
        }
    }

    private static Map<String, Mask> ordered(Map<String, Mask> masks) {
        Map<String, Mask> ordered = new java.util.LinkedHashMap<>();
        masks.keySet().stream().sorted().forEach(name -> ordered.put(name, masks.get(name)));
        return ordered;
    }

    @Test
    void globalRanksLayersOfTheSameRateTogether() throws IOException {
        List<ArrayTensor> trained = trained();
        Map<String, Mask> dense = TicketMasks.dense(PLAN, trained);
        assertEquals(List.of("a.weight", "b.weight"), List.copyOf(dense.keySet()));
        TicketMasks global =
                new TicketMasks(lottery().scope(Selection.Scope.GLOBAL).build());
        Map<String, Mask> masks = global.next(PLAN, trained, dense, 5, 1).masks();
        long pruned = 800 - masks.get("a.weight").kept() - masks.get("b.weight").kept();
        assertEquals(160, pruned);
        double highest = 0;
        double lowest = 9;
        for (String name : masks.keySet()) {
            float[] w = values(trained, name);
            for (int k = 0; k < w.length; k++) {
                if (masks.get(name).keeps(k)) {
                    lowest = Math.min(lowest, Math.abs(w[k]));
                } else {
                    highest = Math.max(highest, Math.abs(w[k]));
                }
            }
        }
        assertTrue(highest <= lowest, "one cut for both");
        TicketMasks apart = new TicketMasks(
                lottery().scope(Selection.Scope.GLOBAL).lastRate(0.1).build());
        Map<String, Mask> own = apart.next(PLAN, trained, dense, 5, 1).masks();
        assertEquals(480, own.get("a.weight").kept());
        assertEquals(180, own.get("b.weight").kept());
    }

    @Test
    void randomDependsOnSeedAndRound() throws IOException {
        TicketMasks random =
                new TicketMasks(lottery().criterion(Criterion.RANDOM).build());
        List<ArrayTensor> trained = trained();
        Map<String, Mask> dense = TicketMasks.dense(PLAN, trained);
        Map<String, Mask> one = random.next(PLAN, trained, dense, 5, 1).masks();
        assertEquals(one, random.next(PLAN, trained, dense, 5, 1).masks());
        assertNotEquals(one, random.next(PLAN, trained, dense, 5, 2).masks());
        assertNotEquals(one, random.next(PLAN, trained, dense, 6, 1).masks());
    }

    @Test
    void aLayerWithoutWeightsLeftStaysEmpty() throws IOException {
        TicketMasks masks = new TicketMasks(lottery().rate(0.9).build());
        Map<String, Mask> before =
                ordered(Map.of("a.weight", Mask.of(A, k -> false), "b.weight", Mask.of(B, k -> k == 3)));
        Map<String, Mask> after = masks.next(PLAN, trained(), before, 5, 1).masks();
        assertEquals(before, after);
        Map<String, Mask> shuffled = TicketMasks.shuffled(after, 5);
        assertEquals(0, shuffled.get("a.weight").kept());
        assertEquals(1, shuffled.get("b.weight").kept());
    }
}
