package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.detinit.generator.PlannedTensor;
import io.detinit.models.AddressedInitializer;
import io.detinit.training.TrainingRun;

/**
 * Initial weights of a run as NDArrays, regenerated from its plan: nothing is stored.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class InitialArrays {

    private InitialArrays() {}

    /**
     * Regenerates the initial values of a parameter.
     *
     * @param run the run
     * @param name the parameter's stable name
     * @param manager owns the array, and names its device
     * @return float32, of the parameter's shape
     * @throws IllegalArgumentException if the run has no such parameter
     */
    public static NDArray of(TrainingRun run, String name, NDManager manager) {
        PlannedTensor planned = run.plan()
                .find(name)
                .orElseThrow(() -> new IllegalArgumentException("the model has no parameter '" + name + "'"));
        AddressedInitializer initializer =
                new AddressedInitializer(name, run.config().seed(), planned.layer(), planned.scheme());
        return initializer.initialize(manager, new Shape(planned.shape().dims()), DataType.FLOAT32);
    }
}
