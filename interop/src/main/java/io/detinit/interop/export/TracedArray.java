package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.DataType;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An array of a {@link Tracer}'s run: computes with the engine's array behind it and notes what it does as nodes. */
final class TracedArray implements InvocationHandler {

    private static final Object[] NONE = {};

    private final Tracer tracer;
    private final NDArray proxy;
    private final NDArrayEx extension;
    private int index;
    private NDArray real;
    private String value;
    /** Those that share elements with this one. */
    private List<TracedArray> views = new ArrayList<>(List.of(this));
    /** Why it may not be changed in place; empty where it may. */
    private String fixed = "";

    private boolean stale;
    private boolean zeros;

    TracedArray(Tracer tracer, NDArray real, String value, int index) {
        this.tracer = tracer;
        this.real = real;
        this.value = value;
        this.index = index;
        ClassLoader loader = TracedArray.class.getClassLoader();
        this.proxy = (NDArray) Proxy.newProxyInstance(loader, new Class<?>[] {NDArray.class}, this);
        this.extension = (NDArrayEx) Proxy.newProxyInstance(
                loader, new Class<?>[] {NDArrayEx.class}, (p, method, args) -> call(p, method, args, true));
    }

    /** The traced array behind a proxy; null for an array of an engine. */
    static @Nullable TracedArray of(NDArray array) {
        return Proxy.isProxyClass(array.getClass()) && Proxy.getInvocationHandler(array) instanceof TracedArray traced
                ? traced
                : null;
    }

    NDArray proxy() {
        return proxy;
    }

    NDArray real() {
        return real;
    }

    int index() {
        return index;
    }

    DataType type() {
        return real.getDataType();
    }

    /** The name of its value in the graph. */
    String value() {
        if (stale) {
            throw tracer.unsupported("its forward changes an array in place and goes on with a view of the old one");
        }
        return value;
    }

    boolean isZeros() {
        return zeros;
    }

    TracedArray zeros() {
        zeros = true;
        return this;
    }

    /** From now on a change in place is an error that names what this is. */
    TracedArray fix(String what) {
        fixed = what;
        return this;
    }

    /** This is a view of another one. */
    TracedArray viewOf(TracedArray other) {
        views = other.views;
        views.add(this);
        fixed = other.fixed;
        zeros = other.zeros;
        return this;
    }

    /** Takes the place of this array's elements, as a change in place does. */
    void become(TracedArray changed) {
        if (!fixed.isEmpty()) {
            throw tracer.unsupported("its forward changes " + fixed + " in place");
        }
        for (TracedArray view : views) {
            view.stale = view != this;
        }
        views = new ArrayList<>(List.of(this));
        real = changed.real;
        index = changed.index;
        value = changed.value();
        zeros = false;
    }

    @Override
    public @Nullable Object invoke(Object self, Method method, Object @Nullable [] args) throws Throwable {
        Object[] given = args == null ? NONE : args;
        return switch (method.getName()) {
            case "getShape", "getDataType", "getDevice", "getUid", "getName", "getSparseFormat" ->
                method.invoke(real, given);
            case "getManager" -> tracer.manager();
            case "getNDArrayInternal" -> extension;
            case "isReleased", "hasGradient", "isSparse" -> false;
            case "close", "attach", "tempAttach", "detach", "returnResource", "setRequiresGradient", "setName" -> null;
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> given[0] == proxy;
            case "toString" -> "traced " + real.getShape();
            default -> call(self, method, args, false);
        };
    }

    private @Nullable Object call(Object self, Method method, Object @Nullable [] args, boolean extended)
            throws Throwable {
        Object[] given = args == null ? NONE : args;
        if (extended && method.getName().equals("getArray")) {
            return proxy;
        }
        Call call = new Call(tracer, this, method, given, extended);
        try {
            Operations.Operation operation = Operations.find(call);
            if (operation != null) {
                tracer.event(method.getName());
                return operation.apply(call);
            }
            if (method.isDefault()) {
                return InvocationHandler.invokeDefault(self, method, given);
            }
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
        throw Operations.readsValues(method.getName())
                ? tracer.unsupported("its forward reads the values of an array (" + method.getName()
                        + "), so that it may do something else for other values")
                : tracer.unsupported("its forward uses " + (extended ? "NDArrayEx." : "NDArray.") + method.getName()
                        + ", which has no ONNX form here");
    }
}
