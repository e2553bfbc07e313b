package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** N:M sparsity against a sort inside each group. */
class PatternMasksTest {

    private static Selection selection(Criterion criterion, String pattern) {
        return new Selection(
                criterion, Selection.Pattern.parse(pattern), Selection.Scope.GLOBAL, Candidates.MATRICES, 5);
    }

    @ParameterizedTest
    @EnumSource
    void everyCriterionRanksInsideTheGroups(Criterion criterion) throws IOException {
        for (DType dtype : List.of(DType.F32, DType.F16, DType.F64)) {
            RankedModel model = new RankedModel(
                    dtype,
                    TensorShape.of(9, 41),
                    TensorShape.of(5, 10, 3, 3),
                    TensorShape.of(7, 1, 3, 3),
                    TensorShape.of(3, 6, 5));
            Selection selection = selection(criterion, "2:4");
            Map<String, Mask> expected = model.reference(selection);
            for (int threads : new int[] {1, 2, 5}) {
                assertEquals(expected, model.select(selection, threads).masks(), criterion + " " + dtype);
            }
        }
    }

    /** Many rows to a piece, many pieces to a row, and kernels larger than a chunk. */
    @ParameterizedTest
    @ValueSource(strings = {"2:4", "1:16", "200:256"})
    void piecesDoNotShow(String pattern) throws IOException {
        RankedModel model = new RankedModel(
                DType.F32,
                TensorShape.of(520, 130),
                TensorShape.of(1, 70001),
                TensorShape.of(1, 700, 10, 10),
                TensorShape.of(1, 6, 129, 128));
        Selection selection = selection(Criterion.MOVEMENT, pattern);
        Map<String, Mask> expected = model.reference(selection);
        for (int threads : new int[] {1, 5}) {
            Selected selected = model.select(selection, threads);
            assertEquals(expected, selected.masks(), pattern);
            assertEquals(Map.of(), selected.cuts());
        }
    }

    @Test
    void halfOfEveryFourIsKeptAndTheShortGroupKeepsNoMore() throws IOException {
        TensorShape shape = TensorShape.of(6, 11);
        Mask mask = new RankedModel(DType.F32, shape)
                .select(selection(Criterion.MAGNITUDE, "2:4"), 1)
                .masks()
                .values()
                .iterator()
                .next();
        for (int row = 0; row < 6; row++) {
            for (int group = 0; group < 11; group += 4) {
                long kept = 0;
                for (int col = group; col < Math.min(11, group + 4); col++) {
                    kept += mask.keeps(row * 11L + col) ? 1 : 0;
                }
                assertEquals(2, kept);
            }
        }
    }

    /** A matrix that lies inputs first, as ONNX's MatMul has it: the pattern runs along the inputs all the same. */
    @Test
    void storedTransposedThePatternRunsAlongTheInputs() throws IOException {
        TensorShape logical = TensorShape.of(6, 8);
        InitPlan plan = new InitPlan(1, List.of(new PlannedTensor("w", logical, 0, Scheme.HE, StoredOrder.IN_OUT)));
        float[] upright = new float[48];
        float[] turned = new float[48];
        for (int k = 0; k < 48; k++) {
            upright[k] = (k * 29 % 48) / 10f;
            turned[k % 8 * 6 + k / 8] = upright[k];
        }
        List<TensorView> stored = List.of(ArrayTensor.of("w", TensorShape.of(8, 6), turned));
        Baseline baseline = Baseline.of(plan, stored);
        Map<String, Mask> masks = new Selector(baseline, 2).select(stored, selection(Criterion.MAGNITUDE, "2:4"));
        Mask inFile =
                StoredMasks.of(masks, baseline).masks().values().iterator().next();
        assertEquals(TensorShape.of(8, 6), inFile.shape());
        for (int out = 0; out < 6; out++) {
            for (int group = 0; group < 8; group += 4) {
                int kept = 0;
                for (int in = group; in < group + 4; in++) {
                    if (inFile.keeps(in * 6L + out)) {
                        kept++;
                        assertTrue(isAmongTheLargestTwo(upright, out, group, in), out + " " + in);
                    }
                }
                assertEquals(2, kept);
            }
        }
    }

    private static boolean isAmongTheLargestTwo(float[] w, int out, int group, int in) {
        int larger = 0;
        for (int other = group; other < group + 4; other++) {
            larger += w[out * 8 + other] > w[out * 8 + in] ? 1 : 0;
        }
        return larger < 2;
    }

    @Test
    void patternsAreNOfM() {
        assertEquals(new Selection.Pattern(2, 4), Selection.Pattern.parse("2:4"));
        assertEquals("2:4", Selection.Pattern.parse("2:4").id());
        for (String wrong :
                List.of("4:2", "4:4", "0:4", "-1:4", "2", "2:4:8", "a:b", "", ":", "2:257", "2:99999999999")) {
            assertTrue(
                    assertThrows(IllegalArgumentException.class, () -> Selection.Pattern.parse(wrong), wrong)
                            .getMessage()
                            .contains("must be N:M"),
                    wrong);
        }
        Candidates vectors = new Candidates(NameFilter.ALL, true, false, false);
        Selection.Pattern pattern = new Selection.Pattern(2, 4);
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> new Selection(Criterion.MOVEMENT, pattern, Selection.Scope.GLOBAL, vectors, 0))
                .getMessage()
                .contains("vectors"));
    }
}
