package io.detinit.interop.verify;

import io.detinit.interop.tensor.TensorInfo;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One tensor of two checkpoints.
 *
 * @param name its name
 * @param outcome what was found
 * @param first what it is in the first checkpoint, null where it is not there
 * @param second what it is in the second checkpoint, null where it is not there
 * @param differing the elements whose bits differ; 0 unless the outcome is DIFFERENT
 * @param maxAbsDifference the largest |first - second|, in double. 0 where only signs of zero or the bits of NaNs differ,
 *     infinite where exactly one of two elements is a NaN, NaN where the dtype is not compared by value (complex, 8-bit
 *     floats); 0 unless the outcome is DIFFERENT
 */
public record TensorComparison(
        String name,
        Outcome outcome,
        @Nullable TensorInfo first,
        @Nullable TensorInfo second,
        long differing,
        double maxAbsDifference) {

    /** What a comparison found. */
    public enum Outcome {
        /** Same dtype, shape and bits. */
        IDENTICAL,
        /** Same dtype and shape, some bits differ. */
        DIFFERENT,
        /** The dtypes differ; elements were not compared. */
        DTYPE_MISMATCH,
        /** The shapes differ; elements were not compared. */
        SHAPE_MISMATCH,
        /** Only the first checkpoint has it. */
        ONLY_IN_FIRST,
        /** Only the second checkpoint has it. */
        ONLY_IN_SECOND
    }

    /** {@return the elements of the tensor in the first checkpoint that has it} */
    public long elements() {
        return Optional.ofNullable(first)
                .or(() -> Optional.ofNullable(second))
                .map(info -> info.shape().elements())
                .orElse(0L);
    }
}
