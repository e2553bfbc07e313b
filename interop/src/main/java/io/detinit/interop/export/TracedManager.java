package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The manager that followed code sees: what it creates is a constant of the graph, and it closes nothing. */
final class TracedManager implements InvocationHandler {

    private static final Set<String> CREATES =
            Set.of("create", "zeros", "ones", "full", "arange", "eye", "linspace", "hanningWindow");
    private static final Set<String> PASSED_ON =
            Set.of("defaultDevice", "getDevice", "getEngine", "getName", "allocateDirect");

    private final Tracer tracer;

    TracedManager(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    public @Nullable Object invoke(Object self, Method method, Object @Nullable [] args) throws Throwable {
        Object[] given = args == null ? new Object[0] : args;
        String name = method.getName();
        try {
            if (CREATES.contains(name)) {
                return create(method, given).proxy();
            }
            if (PASSED_ON.contains(name)) {
                return method.invoke(tracer.engine(), given);
            }
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
        return switch (name) {
            case "newSubManager", "getParentManager" -> self;
            case "from" ->
                given[0] == null ? null : tracer.traced((NDArray) given[0]).proxy();
            case "ret" -> given[0];
            case "isOpen" -> true;
            case "hashCode" -> System.identityHashCode(self);
            case "equals" -> given[0] == self;
            case "toString" -> "traced manager";
            case "close", "cap", "setName" -> null;
            default -> {
                if (name.startsWith("attach") || name.startsWith("tempAttach") || name.startsWith("detach")) {
                    yield null;
                }
                throw tracer.unsupported("its forward uses NDManager." + name
                        + (name.startsWith("random") || name.startsWith("truncated") || name.startsWith("sample")
                                ? ", random numbers"
                                : "")
                        + ", which has no ONNX form here");
            }
        };
    }

    private TracedArray create(Method method, Object[] given) throws ReflectiveOperationException {
        String name = method.getName();
        boolean sized = given.length > 0 && given[0] instanceof Shape && !name.equals("full");
        if (!sized) {
            NDArray array = (NDArray) method.invoke(tracer.engine(), given);
            if (name.equals("full")) {
                return filled(array, ((Number) given[1]).doubleValue());
            }
            return tracer.constant(array);
        }
        DataType type = DataType.FLOAT32;
        for (Object one : given) {
            if (one instanceof DataType given1) {
                type = given1;
            }
        }
        double value = name.equals("ones") ? 1 : 0;
        Shape shape = (Shape) given[0];
        NDArray real = value == 0
                ? tracer.engine().zeros(shape, type)
                : tracer.engine().ones(shape, type);
        return filled(real, value);
    }

    private TracedArray filled(NDArray real, double value) {
        return filled(tracer, real, value);
    }

    /** An array of one number, whatever the batch. */
    static TracedArray filled(Tracer tracer, NDArray real, double value) {
        tracer.event("full of " + value);
        DataType type = tracer.modelType(real.getDataType());
        tracer.typeCode(real.getDataType());
        String shape = tracer.longs(real.getShape().getShape());
        TracedArray array = tracer.value(
                real, tracer.graph().node("ConstantOfShape", Map.of("value", OnnxTypes.filled(type, value, 1)), shape));
        return value == 0 ? array.zeros() : array;
    }
}
