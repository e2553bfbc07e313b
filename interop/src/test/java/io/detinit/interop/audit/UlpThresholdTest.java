package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Thresholds in representable numbers of the file's dtype. */
class UlpThresholdTest {

    private static AuditReport audit(AuditOptions options, TensorView tensor, InitPlan plan) throws IOException {
        return new Auditor(options, 2).audit(List.of(tensor), Baseline.of(plan, List.of(tensor)));
    }

    @ParameterizedTest
    @CsvSource({"F16, 0x1p-14, 3", "F16, -0x1p-24, 3", "BF16, 1.5, 3", "F32, -0x1p-149, 3", "F64, 1.0, 3"})
    void stepsAreThoseOfTheFilesDtype(String name, String number, int steps) throws IOException {
        DType dtype = DType.valueOf(name);
        double w0 = Double.parseDouble(number);
        InitPlan constant =
                new InitPlan(0, List.of(new PlannedTensor("w", TensorShape.of(1, 4), -1, Scheme.constant(w0))));
        ByteBuffer bytes = ByteBuffer.allocate(4 * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < 4; k++) {
            int step = k == 3 ? -steps : k; // across zero where w0 is small
            switch (dtype) {
                case F16 -> bytes.putShort(walk(ReducedPrecision.toFloat16((float) w0), step));
                case BF16 -> bytes.putShort(walk(ReducedPrecision.toBfloat16((float) w0), step));
                case F32 -> bytes.putInt(walk(Float.floatToIntBits((float) w0), step));
                default -> bytes.putLong(Double.doubleToLongBits(w0) + step);
            }
        }
        TensorInfo info = new TensorInfo("w", dtype, TensorShape.of(1, 4), TensorInfo.Kind.PARAMETER);
        TensorView tensor = ArrayTensor.of(info, bytes.flip());
        AuditOptions options =
                AuditOptions.of(new Threshold(steps - 1, Threshold.Kind.ULP), new Threshold(steps, Threshold.Kind.ULP));
        TensorAudit audit = audit(options, tensor, constant).tensors().get(0);
        assertEquals(List.of(1L, 0L), audit.movedAt());
        assertEquals(3, audit.deadInputs().orElseThrow(), "the first threshold marks the columns");
    }

    private static short walk(short bits, int steps) {
        int ordered = bits < 0 ? -(bits & 0x7FFF) : bits;
        int there = ordered + steps;
        return (short) (there < 0 ? -there | 0x8000 : there);
    }

    private static int walk(int bits, int steps) {
        int ordered = bits < 0 ? -(bits & 0x7FFF_FFFF) : bits;
        int there = ordered + steps;
        return there < 0 ? -there | 0x8000_0000 : there;
    }
}
