package io.detinit.interop.parameter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class DefaultPlanTest {

    @Test
    void theDefaultPlanNumbersMatricesInFileOrder() {
        InitPlan plan = DefaultPlan.of(
                List.of(
                        tensor("bn.weight", DType.F32, 4),
                        tensor("fc2.weight", DType.F32, 2, 4),
                        tensor("bn.running_mean", DType.F32, 4),
                        tensor("bn.running_var", DType.F32, 4),
                        tensor("ids", DType.I64, 2, 2),
                        tensor("fc2.bias", DType.F32, 2),
                        tensor("fc10.weight", DType.F16, 3, 2)),
                5,
                Scheme.HE);
        assertEquals(
                List.of(
                        new PlannedTensor("bn.weight", TensorShape.of(4), -1, Scheme.ONES),
                        new PlannedTensor("fc2.weight", TensorShape.of(2, 4), 0, Scheme.HE),
                        new PlannedTensor("fc2.bias", TensorShape.of(2), -1, Scheme.ZEROS),
                        new PlannedTensor("fc10.weight", TensorShape.of(3, 2), 1, Scheme.HE)),
                plan.tensors());
    }

    private static TensorView tensor(String name, DType dtype, long... dims) {
        TensorInfo info = new TensorInfo(name, dtype, TensorShape.of(dims), TensorKinds.of(name, dtype));
        return ArrayTensor.of(info, ByteBuffer.allocate((int) info.bytes()));
    }
}
