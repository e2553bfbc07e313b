package io.detinit.benchmarks;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import java.util.ArrayList;
import java.util.List;

/** The model of 1 GiB that is audited and unpacked: 16 matrices of 4096 x 4096 float32. */
final class LargeModel {

    static final int TENSORS = 16;
    static final int SIDE = 4096;
    static final TensorShape SHAPE = TensorShape.of(SIDE, SIDE);

    private LargeModel() {}

    static InitPlan plan() {
        List<PlannedTensor> tensors = new ArrayList<>();
        for (int k = 0; k < TENSORS; k++) {
            tensors.add(new PlannedTensor("layers." + k + ".weight", SHAPE, k, Scheme.HE));
        }
        return new InitPlan(42, tensors);
    }
}
