package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows and columns at rest, where the audit need not look at every element any more: after all columns have moved. */
class DeadLinesTest {

    private static final float LIMIT = 1e-3f;

    /** Audits a matrix whose weights moved beyond the limit where a predicate says so, and a little elsewhere. */
    private static void check(int rows, int cols, IntPredicate moves) throws IOException {
        check(TensorShape.of(rows, cols), rows, cols, moves);
    }

    private static void check(TensorShape shape, int rows, int cols, IntPredicate moves) throws IOException {
        PlannedTensor planned = new PlannedTensor("w", shape, 3, Scheme.custom(0.05), StoredOrder.OUT_IN);
        InitPlan plan = new InitPlan(5, List.of(planned));
        float[] w = plan.init("w").toArray();
        boolean[] rowMoved = new boolean[rows];
        boolean[] colMoved = new boolean[cols];
        long moved = 0;
        for (int k = 0; k < w.length; k++) {
            w[k] += k % 2 == 0 ? LIMIT / 2 : 0;
            if (moves.test(k)) {
                w[k] = k % 7 == 0 ? Float.NaN : w[k] + 3 * LIMIT;
                rowMoved[k / cols] = true;
                colMoved[k % cols] = true;
                moved++;
            }
        }
        ArrayTensor tensor = ArrayTensor.of("w", shape, w);
        for (int threads : new int[] {1, 3}) {
            TensorAudit audit = new Auditor(AuditOptions.of(new Threshold(LIMIT)), threads)
                    .audit(List.of(tensor), Baseline.of(plan, List.of(tensor)))
                    .tensors()
                    .get(0);
            assertEquals(List.of(moved), audit.figures().movedAt());
            if (shape.rank() > 1) {
                assertEquals(count(rowMoved), audit.deadUnits().orElseThrow(), "rows");
                assertEquals(count(colMoved), audit.deadInputs().orElseThrow(), "columns");
            }
        }
        assertEquals(moved, movedByRow(tensor, plan));
    }

    /** What the rows say that moved, looked at one by one after the whole was audited. */
    private static long movedByRow(ArrayTensor tensor, InitPlan plan) throws IOException {
        AuditedTensor audited = DividedAudit.of(
                        List.of(tensor),
                        Map.of(),
                        Baseline.of(plan, List.of(tensor)),
                        AuditOptions.of(new Threshold(LIMIT)))
                .tensors()
                .get(0);
        RangeAuditor auditor = new RangeAuditor();
        auditor.audit(0, audited, 0, audited.chunks());
        long[] moved = {0};
        auditor.rows(audited, 0, audited.rows(), row -> moved[0] += row.moved());
        return moved[0];
    }

    private static long count(boolean[] moved) {
        long dead = 0;
        for (boolean line : moved) {
            dead += line ? 0 : 1;
        }
        return dead;
    }

    @ParameterizedTest
    @CsvSource({"512, 512", "700, 391", "3, 200000", "2000, 130", "40000, 7", "262144, 1", "1, 300000", "5000, 512"})
    void rowsDieAfterAllColumnsMoved(int rows, int cols) throws IOException {
        boolean[] dead = new boolean[rows];
        Random random = new Random(rows);
        for (int i = 0; i < rows; i++) {
            dead[i] = random.nextInt(i < rows / 2 ? 200 : 3) == 0;
        }
        check(rows, cols, k -> !dead[k / cols] && k % 3 != 0);
    }

    @Test
    void aRowMovesInItsLastElementAlone() throws IOException {
        check(600, 600, k -> k / 600 < 150 || k % 600 == 599);
    }

    @Test
    void aVectorIsOneRow() throws IOException {
        check(TensorShape.of(300_001), 1, 300_001, k -> k % 5 == 0);
    }

    @Test
    void oneColumnNeverMoves() throws IOException {
        check(700, 512, k -> k % 512 != 77);
    }

    @Test
    void everythingMovesAndNothingDoes() throws IOException {
        check(600, 512, k -> true);
        check(600, 512, k -> false);
    }

    @Test
    void aColumnMovesLateForTheFirstTime() throws IOException {
        boolean[] late = new boolean[5000];
        Arrays.fill(late, 4790, 4800, true);
        check(5000, 512, k -> k % 512 != 300 || late[k / 512]);
    }
}
