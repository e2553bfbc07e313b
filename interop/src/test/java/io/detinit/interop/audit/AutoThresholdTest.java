package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.noise.NoiseLayer;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.statistics.NormalTail;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AutoThresholdTest {

    private static final int ROWS = 300;
    private static final int COLS = 500;
    private static final TensorShape SHAPE = TensorShape.of(ROWS, COLS);
    private static final InitPlan PLAN = new InitPlan(3, List.of(new PlannedTensor("w", SHAPE, 0, Scheme.HE)));

    /** Rows and columns of very different noise; the first three inputs get none. */
    private static NoiseLayer layer() {
        List<Double> rows = new ArrayList<>();
        for (int k = 0; k < ROWS; k++) {
            rows.add(0.5 + (double) k / ROWS);
        }
        List<Double> cols = new ArrayList<>();
        for (int k = 0; k < COLS; k++) {
            cols.add(k < 3 ? 0 : 0.1 + 2.0 * k / COLS);
        }
        return new NoiseLayer("w", SHAPE, 1e-3, rows, cols, 0);
    }

    private static AuditReport audit(float[] weights, double decay, int bands, double... rates) throws IOException {
        List<Threshold> thresholds = new ArrayList<>();
        for (double rate : rates) {
            thresholds.add(new Threshold(rate, Threshold.Kind.AUTO));
        }
        NoiseRecord noise = new NoiseRecord("sgd", 10, 1, decay, List.of(layer()));
        List<ArrayTensor> tensors = List.of(ArrayTensor.of("w", SHAPE, weights));
        return new Auditor(new AuditOptions(thresholds, decay, false, noise), 2, bands)
                .audit(tensors, Baseline.of(PLAN, tensors));
    }

    @Test
    void ofWeightsThatAreNoiseTheNominalShareIsFlagged() throws IOException {
        Random random = new Random(20_240_608);
        double decay = 0.9;
        float[] w0 = PLAN.init("w").toArray();
        float[] w = new float[w0.length];
        NoiseLayer layer = layer();
        for (int k = 0; k < w.length; k++) {
            w[k] = (float) ((float) decay * w0[k] + random.nextGaussian() * layer.std(k / COLS, k % COLS));
            if (k % COLS < 3) {
                w[k] = (float) (decay * w0[k]);
            }
        }
        AuditReport report = audit(w, decay, 1, 0.1, 0.01, 0.001);
        double live = (double) ROWS * (COLS - 3);
        for (int t = 0; t < 3; t++) {
            double rate = report.thresholds().get(t).value();
            double error = Math.sqrt(rate * (1 - rate) / live);
            // false-failure probability 6e-7 for each rate
            assertEquals(rate, report.movedAt(t) / live, 5 * error);
        }
        TensorAudit audit = report.tensors().get(0);
        assertEquals(3, audit.deadInputs().getAsLong());
        assertEquals(
                1e-3 * NormalTail.inverseUpper(0.05), audit.figures().limits().get(0), 1e-12);
        assertEquals(report.movedAt(0), audit(w, decay, 3, 0.1).moved(), "whatever the size of the chunks");
    }

    @Test
    void oneWeightBeyondItsOwnLimitIsFlaggedAndNoOther() throws IOException {
        float[] w = PLAN.init("w").toArray();
        NoiseLayer layer = layer();
        double z = NormalTail.inverseUpper(0.0005);
        int flagged = 200 * COLS + 17;
        w[flagged] += (float) (1.01 * z * layer.std(200, 17));
        w[5 * COLS + 400] += (float) (0.99 * z * layer.std(5, 400));
        AuditReport report = audit(w, 1, 1, 0.001);
        assertEquals(1, report.moved());
        assertEquals(ROWS - 1, report.tensors().get(0).deadUnits().getAsLong());
        assertEquals(COLS - 1, report.tensors().get(0).deadInputs().getAsLong());
    }

    @Test
    void aRecordIsNeededAndMustFit() {
        Threshold auto = new Threshold(0.001, Threshold.Kind.AUTO);
        IllegalArgumentException none = assertThrows(IllegalArgumentException.class, () -> AuditOptions.of(auto));
        assertTrue(String.valueOf(none.getMessage()).contains("noise record"), none.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Threshold(0, Threshold.Kind.AUTO));
        assertThrows(IllegalArgumentException.class, () -> new Threshold(1, Threshold.Kind.AUTO));
        NoiseLayer other = new NoiseLayer("v", TensorShape.of(2), 1, List.of(1.0, 1.0), List.of(1.0), 0);
        NoiseLayer turned = new NoiseLayer("w", TensorShape.of(1, 2), 1, List.of(1.0), List.of(1.0, 1.0), 0);
        List<ArrayTensor> tensors =
                List.of(ArrayTensor.of("w", SHAPE, PLAN.init("w").toArray()));
        for (NoiseLayer layer : List.of(other, turned)) {
            NoiseRecord record = new NoiseRecord("sgd", 1, 1, 1, List.of(layer));
            Auditor auditor = new Auditor(new AuditOptions(List.of(auto), 1, false, record), 1);
            assertThrows(IllegalArgumentException.class, () -> auditor.audit(tensors, Baseline.of(PLAN, tensors)));
        }
    }

    @Test
    void quantilesOfTheNormalDistribution() {
        assertEquals(1.959963984540054, NormalTail.inverseUpper(0.025), 1e-9);
        assertEquals(3.290526731491926, NormalTail.inverseUpper(0.0005), 1e-9);
        assertEquals(0, NormalTail.inverseUpper(0.5), 1e-9);
        assertEquals(1e-30, NormalTail.upper(NormalTail.inverseUpper(1e-30)), 1e-38);
        assertThrows(IllegalArgumentException.class, () -> NormalTail.inverseUpper(0));
    }
}
