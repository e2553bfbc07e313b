package io.detinit.interop.regenerate;

import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.function.GeneratorFunctions;
import java.io.IOException;
import java.util.List;

/**
 * Whether a model can be of an operator set that has what the generator needs.
 *
 * @param now the version that the model has
 * @param opset the version that it would have
 * @param obstacle why it cannot, "" where it can
 */
record OpsetRaise(long now, int opset, String obstacle) {

    static OpsetRaise of(OnnxCheckpoint model) throws IOException {
        OnnxCheckpoint.OperatorSets sets = model.operatorSets();
        long now = sets.version();
        if (sets.training()) {
            return new OpsetRaise(now, 0, "the model has training information, which names initializers");
        }
        if (now >= GeneratorFunctions.OPSET) {
            return new OpsetRaise(now, Math.toIntExact(now), "");
        }
        if (sets.functions()) {
            return new OpsetRaise(now, 0, "the model has functions of its own and opset " + now + "; 18 is needed");
        }
        List<String> changed = sets.operators().stream()
                .filter(o -> !OperatorVersions.same(o, now))
                .toList();
        if (!changed.isEmpty()) {
            return new OpsetRaise(
                    now,
                    0,
                    "opset 18 is needed, the model has " + now + ", and there " + String.join(", ", changed)
                            + (changed.size() == 1 ? " means" : " mean") + " something else");
        }
        return new OpsetRaise(now, GeneratorFunctions.OPSET, "");
    }

    boolean isRaised() {
        return now < opset;
    }
}
