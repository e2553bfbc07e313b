package io.detinit.training.timeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.List;

/** Euclidean norms of many arrays with one copy from the device. */
final class Norms {

    /** Outside of these the squares of single precision may underflow or overflow: the norm is formed again in double precision. */
    private static final double LOW = 1e-12;

    private static final double HIGH = 1e15;

    private Norms() {}

    /** The norms, NaN or infinite where an element is. */
    static double[] of(List<NDArray> arrays, NDManager scratch) {
        if (arrays.isEmpty()) {
            return new double[0];
        }
        NDList single = new NDList();
        for (NDArray array : arrays) {
            NDArray plain = array.getDataType() == DataType.FLOAT32
                    ? array
                    : own(array.toType(DataType.FLOAT32, true), scratch);
            single.add(own(plain.norm(), scratch));
        }
        float[] found = own(NDArrays.stack(single), scratch).toFloatArray();
        double[] norms = new double[found.length];
        for (int k = 0; k < norms.length; k++) {
            norms[k] = found[k] >= LOW && found[k] <= HIGH ? found[k] : exact(arrays.get(k), scratch);
        }
        return norms;
    }

    private static double exact(NDArray array, NDManager scratch) {
        NDArray wide = own(array.toType(DataType.FLOAT64, true), scratch);
        return Math.sqrt(own(own(wide.square(), scratch).sum(), scratch).getDouble());
    }

    private static NDArray own(NDArray array, NDManager scratch) {
        array.attach(scratch);
        return array;
    }
}
