package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One call of an NDArray's method while a Block is followed. */
final class Call {

    private final Tracer tracer;
    private final TracedArray self;
    private final Method method;
    private final Object[] args;
    private final boolean extended;

    /**
     * A call.
     *
     * @param tracer the run
     * @param self the array
     * @param method the method of NDArray or of NDArrayEx
     * @param args its arguments
     * @param extended whether it is NDArrayEx's
     */
    Call(Tracer tracer, TracedArray self, Method method, Object[] args, boolean extended) {
        this.tracer = tracer;
        this.self = self;
        this.method = method;
        this.args = args;
        this.extended = extended;
    }

    Tracer tracer() {
        return tracer;
    }

    TracedArray self() {
        return self;
    }

    Method method() {
        return method;
    }

    Object[] args() {
        return args;
    }

    boolean extended() {
        return extended;
    }

    String name() {
        return method.getName();
    }

    OnnxGraph graph() {
        return tracer.graph();
    }

    Shape shape() {
        return self.real().getShape();
    }

    int rank() {
        return shape().dimension();
    }

    /** The engine's result of this very call. */
    Object run() {
        try {
            return method.invoke(extended ? self.real().getNDArrayInternal() : self.real(), real(args));
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    NDArray array() {
        return (NDArray) run();
    }

    NDList list() {
        return (NDList) run();
    }

    private static Object[] real(Object[] args) {
        Object[] real = args.clone();
        for (int k = 0; k < real.length; k++) {
            if (real[k] instanceof NDArray array) {
                real[k] = real(array);
            } else if (real[k] instanceof NDList list) {
                NDList arrays = new NDList(list.size());
                list.forEach(one -> arrays.add(real(one)));
                real[k] = arrays;
            }
        }
        return real;
    }

    static NDArray real(NDArray array) {
        TracedArray traced = TracedArray.of(array);
        return traced == null ? array : traced.real();
    }

    /** An array argument; null where null was given. */
    @Nullable
    TracedArray optional(int index) {
        return args[index] == null ? null : tracer.traced((NDArray) args[index]);
    }

    TracedArray traced(int index) {
        return tracer.traced((NDArray) args[index]);
    }

    List<TracedArray> arrays(int index) {
        List<TracedArray> arrays = new ArrayList<>();
        for (NDArray array : (NDList) args[index]) {
            arrays.add(tracer.traced(array));
        }
        return arrays;
    }

    int integer(int index) {
        return ((Number) args[index]).intValue();
    }

    double number(int index) {
        return ((Number) args[index]).doubleValue();
    }

    boolean flag(int index) {
        return (Boolean) args[index];
    }

    long[] dims(int index) {
        return ((Shape) args[index]).getShape();
    }

    /** An axis counted from the front. */
    int axis(int axis) {
        return axis < 0 ? axis + rank() : axis;
    }

    String node(String operator, String... inputs) {
        return graph().node(operator, inputs);
    }

    String node(String operator, Map<String, ?> attributes, String... inputs) {
        return graph().node(operator, attributes, inputs);
    }

    /** This array's value as a dtype. */
    String self(DataType type) {
        return cast(self, type);
    }

    String cast(TracedArray array, DataType type) {
        return array.type() == type || tracer.modelType(array.type()) == tracer.modelType(type)
                ? array.value()
                : node("Cast", Map.of("to", tracer.typeCode(type)), array.value());
    }

    /** An argument that is a number or an array, as a dtype. */
    String operand(int index, DataType type) {
        return args[index] instanceof Number number
                ? tracer.scalar(type, number.doubleValue())
                : cast(traced(index), type);
    }

    NDArray result(NDArray real, String value) {
        tracer.typeCode(real.getDataType());
        return tracer.value(real, value).proxy();
    }

    NDArray view(NDArray real, String value) {
        return tracer.value(real, value).viewOf(self).proxy();
    }

    NDList results(NDList real, String value) {
        return new NDList(result(real.singletonOrThrow(), value));
    }
}
