package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of NDArray and NDArrayEx that have an ONNX form. */
final class Operations {

    /** Runs a call with the engine, adds its nodes, and returns what the method returns. */
    @FunctionalInterface
    interface Operation {
        @Nullable
        Object apply(Call call);
    }

    private static final Set<String> IN_PLACE =
            Set.of("addi", "subi", "muli", "divi", "modi", "powi", "negi", "signi", "rsubi", "rdivi", "rmodi", "rpowi");

    private static final Set<String> JOINS = Set.of("stack", "concat");

    private static final Map<String, Operation> ALL = all();

    private Operations() {}

    private static Map<String, Operation> all() {
        Map<String, Operation> all = new HashMap<>();
        ElementwiseOperations.register(all);
        ActivationOperations.register(all);
        ReductionOperations.register(all);
        ShapeOperations.register(all);
        IndexOperations.register(all);
        LayerOperations.register(all);
        PoolOperations.register(all);
        RecurrentOperations.register(all);
        return Map.copyOf(all);
    }

    /** What follows a call; null where the method is none of these. */
    static @Nullable Operation find(Call call) {
        if (IN_PLACE.contains(call.name())) {
            return Operations::inPlace;
        }
        if (!call.extended() && JOINS.contains(call.name())) {
            return null; // goes on to NDArrayEx's
        }
        Operation operation = ALL.get(key(call));
        return operation == null ? ALL.get(call.name()) : operation;
    }

    /** Overloads of one name that differ in what they do go by name and number of arguments. */
    private static String key(Call call) {
        return call.name() + "/" + call.args().length;
    }

    private static Object inPlace(Call call) {
        String name = call.name().substring(0, call.name().length() - 1);
        try {
            Method method = call.method()
                    .getDeclaringClass()
                    .getMethod(name, call.method().getParameterTypes());
            Object target = call.extended()
                    ? call.self().proxy().getNDArrayInternal()
                    : call.self().proxy();
            NDArray changed = (NDArray) method.invoke(target, call.args());
            TracedArray traced = call.tracer().traced(changed);
            call.self().become(traced);
            return call.self().proxy();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    static boolean readsValues(String name) {
        return name.equals("toByteBuffer")
                || name.equals("encode")
                || name.startsWith("contentEquals")
                || name.equals("copyTo")
                || name.equals("toStringArray");
    }
}
