package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An audit that is put together from parts. */
class DividedAuditTest {

    private final SplittableRandom random = new SplittableRandom(7);

    /** Rows, columns and pictures, too, of ranges that begin and end anywhere; rows may be longer than a range. */
    @ParameterizedTest
    @ValueSource(longs = {711, 65_536, 900_001})
    void theFiguresDoNotDependOnTheRanges(long cols) throws IOException {
        TensorShape shape = TensorShape.of(Math.max(2, 2_600_000 / cols), cols);
        float[] weights = new float[(int) shape.elements()];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = random.nextInt() * 0x1p-34f;
        }
        TensorView tensor = ArrayTensor.of("w", shape, weights);
        PlannedTensor planned = new PlannedTensor("w", shape, 0, Scheme.HE, StoredOrder.OUT_IN);
        Baseline baseline = Baseline.of(new InitPlan(5, List.of(planned)), List.of(tensor));
        AuditOptions options = AuditOptions.of(Threshold.DEFAULT).withLines();
        AuditReport whole = new Auditor(options, 2).audit(List.of(tensor), baseline);

        DividedAudit audit = DividedAudit.of(List.of(tensor), Map.of(), baseline, options);
        AuditedTensor audited = audit.tensors().get(0);
        List<PartialAudit> parts = new ArrayList<>();
        RangeAuditor auditor = new RangeAuditor();
        auditor.audit(0, audited, 0, 1); // thrown away: the parts do not rely on what it saw
        for (long from = 0; from < audited.chunks(); ) {
            long end = Math.min(audited.chunks(), from + 1 + random.nextInt(4));
            PartialAudit part = auditor.audit(0, audited, from, end, Lines.ALL);
            assertTrue(part.pictures().size() <= 8, "of 16 bands");
            parts.add(part);
            from = end;
        }
        assertTrue(parts.size() > 2);
        assertEquals(whole, audit.report(parts));
    }
}
