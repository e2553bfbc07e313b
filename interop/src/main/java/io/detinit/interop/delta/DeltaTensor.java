package io.detinit.interop.delta;

import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;

/**
 * How a delta file holds one tensor of the model.
 *
 * @param info the tensor as the model's file has it
 * @param form where its elements come from
 * @param kept how many weights the mask keeps; 0 unless {@code form} is MASKED
 * @param values the dtype of the kept values; that of the tensor unless {@code form} is MASKED
 * @param tied the tensor that it is the same memory as; empty unless {@code form} is TIED
 */
public record DeltaTensor(TensorInfo info, Form form, long kept, DType values, String tied) {

    /** Where elements come from. */
    public enum Form {
        /** A mask, the kept values, and the initial values for the rest. */
        MASKED("masked"),
        /** The initial values. */
        INITIAL("initial"),
        /** The file: all elements as they are. */
        WHOLE("whole"),
        /** Another tensor. */
        TIED("tied");

        private final String id;

        Form(String id) {
            this.id = id;
        }

        /** {@return the name in the record} */
        public String id() {
            return id;
        }
    }

    static DeltaTensor masked(TensorInfo info, long kept, DType values) {
        return new DeltaTensor(info, Form.MASKED, kept, values, "");
    }

    static DeltaTensor initial(TensorInfo info) {
        return new DeltaTensor(info, Form.INITIAL, 0, info.dtype(), "");
    }

    static DeltaTensor whole(TensorInfo info) {
        return new DeltaTensor(info, Form.WHOLE, 0, info.dtype(), "");
    }

    static DeltaTensor tied(TensorInfo info, String first) {
        return new DeltaTensor(info, Form.TIED, 0, info.dtype(), first);
    }

    /** {@return how many elements the delta file holds: those that the mask keeps, or all} */
    public long stored() {
        return form == Form.WHOLE ? info.shape().elements() : kept;
    }

    /** {@return the name of the tensor of the delta file that holds all elements} */
    String wholeName() {
        return info.name() + ".whole";
    }

    /** {@return the name of the tensor of the delta file that holds the kept values} */
    String valuesName() {
        return info.name() + ".values";
    }

    /** {@return the name of the tensor of the delta file that holds the mask} */
    String maskName() {
        return info.name() + ".mask";
    }
}
