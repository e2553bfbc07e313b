package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every criterion, against scoring each weight and sorting. */
class RankingTest {

    private static final List<DType> DTYPES = List.of(DType.F32, DType.F16, DType.BF16, DType.F64);
    private static final double[] SPARSITIES = {0, 0.05, 0.6, 0.999, 1};
    private static final TensorShape A = TensorShape.of(30, 41);
    private static final TensorShape B = TensorShape.of(5, 7, 3, 3);
    private static final TensorShape C = TensorShape.of(11, 13);

    private static Selection selection(Criterion criterion, Selection.Target target, Selection.Scope scope) {
        return new Selection(criterion, target, scope, Candidates.MATRICES, 99);
    }

    @ParameterizedTest
    @EnumSource
    void aSparsityPrunesWhatASortWould(Criterion criterion) throws IOException {
        for (DType dtype : DTYPES) {
            RankedModel model = new RankedModel(dtype, A, B, C);
            for (Selection.Scope scope : Selection.Scope.values()) {
                for (double sparsity : dtype == DType.F32 ? SPARSITIES : new double[] {0.05, 0.6}) {
                    Selection selection = selection(criterion, new Selection.Sparsity(sparsity), scope);
                    Map<String, Mask> expected = model.reference(selection);
                    for (int threads : new int[] {1, 2, 5}) {
                        Selected selected = model.select(selection, threads);
                        assertEquals(expected, selected.masks(), criterion + " " + dtype + " " + sparsity);
                        assertEquals(
                                List.copyOf(expected.keySet()),
                                List.copyOf(selected.masks().keySet()));
                    }
                }
            }
        }
    }

    private static List<Double> thresholds(Criterion criterion) {
        List<Double> thresholds = new ArrayList<>(List.of(0.0));
        if (criterion.canBePositive()) {
            thresholds.addAll(List.of(0.25, 0.3));
        }
        if (criterion.canBeNegative()) {
            thresholds.addAll(List.of(-0.25, -0.1));
        }
        return thresholds;
    }

    @ParameterizedTest
    @EnumSource
    void aThresholdPrunesWhatIsAtMostThat(Criterion criterion) throws IOException {
        for (DType dtype : DTYPES) {
            RankedModel model = new RankedModel(dtype, A, B);
            for (double threshold : thresholds(criterion)) {
                Selection.Target target =
                        threshold < 0 ? new Selection.ScoreAtMost(threshold) : new Selection.AtMost(threshold);
                Selection selection = selection(criterion, target, Selection.Scope.GLOBAL);
                Selected selected = model.select(selection, 2);
                assertEquals(model.reference(selection), selected.masks(), criterion + " " + dtype + " " + threshold);
                assertEquals(Optional.of(new Cut(threshold, false)), selected.cut());
            }
        }
    }

    /** More weights than a chunk has. */
    @ParameterizedTest
    @EnumSource(names = {"MOVEMENT", "SMALL_FINAL", "RANDOM", "MAGNITUDE_INCREASE_SAME_SIGN"})
    void chunksDoNotShow(Criterion criterion) throws IOException {
        RankedModel model = new RankedModel(DType.F32, TensorShape.of(67, 1001), A, B);
        for (Selection.Scope scope : Selection.Scope.values()) {
            Selection selection = selection(criterion, new Selection.Sparsity(0.4), scope);
            Map<String, Mask> expected = model.reference(selection);
            for (int threads : new int[] {1, 2, 5}) {
                assertEquals(expected, model.select(selection, threads).masks(), criterion + " " + scope);
            }
        }
    }

    /** All scores equal: the first go, tensor by tensor and row by row. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"RANDOM", "RANDOM_SAME_SIGN"})
    void equalScoresGoByAddress(Criterion criterion) throws IOException {
        TensorShape large = TensorShape.of(3, 30000);
        InitPlan plan = new InitPlan(
                1,
                List.of(new PlannedTensor("a", large, -1, Scheme.ZEROS), new PlannedTensor("b", C, -1, Scheme.ZEROS)));
        List<ArrayTensor> tensors =
                List.of(ArrayTensor.of("a", large, halves(90000)), ArrayTensor.of("b", C, halves(143)));
        long prune = Math.round(0.75 * (90000 + 143));
        for (int threads : new int[] {1, 2, 5}) {
            Selection selection = selection(criterion, new Selection.Sparsity(0.75), Selection.Scope.GLOBAL);
            Selected selected =
                    new Selector(Baseline.of(plan, tensors), threads).selectWithCut(tensors, selection, done -> {});
            assertEquals(
                    Map.of("a", Mask.of(large, element -> element >= prune), "b", Mask.of(C, element -> true)),
                    selected.masks());
        }
    }

    private static float[] halves(int count) {
        float[] values = new float[count];
        Arrays.fill(values, 0.5f);
        return values;
    }

    @Test
    void theCutIsTheHighestScoreThatWent() throws IOException {
        float[] w = {-3, 1, 0.5f, 2, -0.25f, 4};
        TensorShape shape = TensorShape.of(2, 3);
        InitPlan plan = new InitPlan(1, List.of(new PlannedTensor("w", shape, -1, Scheme.ONES)));
        List<ArrayTensor> tensors = List.of(ArrayTensor.of("w", shape, w));
        Selector selector = new Selector(Baseline.of(plan, tensors), 1);
        Map<Criterion, Cut> halves = Map.of(
                Criterion.MAGNITUDE, new Cut(1, false),
                Criterion.SMALL_FINAL, new Cut(-2, false),
                Criterion.MAGNITUDE_INCREASE, new Cut(0, false),
                Criterion.MAGNITUDE_SAME_SIGN, new Cut(0.5, false));
        for (Map.Entry<Criterion, Cut> half : halves.entrySet()) {
            Selection selection = selection(half.getKey(), new Selection.Sparsity(0.5), Selection.Scope.GLOBAL);
            assertEquals(
                    Optional.of(half.getValue()),
                    selector.selectWithCut(tensors, selection, done -> {}).cut(),
                    half.getKey().id());
        }
        Selection third =
                selection(Criterion.MAGNITUDE_SAME_SIGN, new Selection.Sparsity(0.33), Selection.Scope.GLOBAL);
        Selected flipped = selector.selectWithCut(tensors, third, done -> {});
        assertEquals(Optional.of(new Cut(3, true)), flipped.cut());
        assertEquals(Map.of("w", Mask.of(shape, element -> w[(int) element] > 0)), flipped.masks());
        for (double trivial : new double[] {0, 1}) {
            Selection selection =
                    selection(Criterion.MAGNITUDE, new Selection.Sparsity(trivial), Selection.Scope.GLOBAL);
            assertEquals(
                    Map.of(),
                    selector.selectWithCut(tensors, selection, done -> {}).cuts());
        }
    }

    @Test
    void eachLayerHasItsCut() throws IOException {
        RankedModel model = new RankedModel(DType.F32, A, B);
        Selection selection = selection(Criterion.MAGNITUDE, new Selection.Sparsity(0.9), Selection.Scope.LAYER);
        Selected selected = model.select(selection, 2);
        assertEquals(selected.masks().keySet(), selected.cuts().keySet());
        assertEquals(Optional.empty(), selected.cut());
        Selection together = selection(Criterion.MAGNITUDE, new Selection.Sparsity(0.9), Selection.Scope.GLOBAL);
        double cut = model.select(together, 2).cut().orElseThrow().score();
        Selection limit = selection(Criterion.MAGNITUDE, new Selection.AtMost(cut), Selection.Scope.GLOBAL);
        long kept = model.select(limit, 1).masks().values().stream()
                .mapToLong(Mask::kept)
                .sum();
        assertTrue(kept <= Math.round(0.1 * (A.elements() + B.elements())), "the threshold takes all ties");
    }
}
