package io.detinit.interop.export;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Follows a Block's forward: it is run with arrays that compute with the engine and note every operation as ONNX nodes. A Block
 * is followed twice, with batches of 2 and of 3 samples; the second run compares itself with the first and makes the numbers
 * that grow with the batch depend on the batch axis. Not thread-safe.
 */
final class Tracer {

    /** What a run leaves for the next one to compare with. */
    static final class Run {
        final long batch;
        final List<Shape> shapes = new ArrayList<>();
        final List<long[]> longs = new ArrayList<>();
        final List<String> events = new ArrayList<>();

        Run(long batch) {
            this.batch = batch;
        }
    }

    /** The index of a parameter, which never grows with the batch. */
    private static final int PARAMETER = -1;

    private final OnnxGraph graph;
    private final Initializers initializers;
    private final NDManager engine;
    private final NDManager manager;
    private final DataType floatType;
    private final Run own;
    private final @Nullable Run first;
    private final IdentityHashMap<Parameter, TracedArray> parameters = new IdentityHashMap<>();
    private @Nullable String batchValue;
    private String place = "";

    /**
     * A run.
     *
     * @param engine holds the arrays of the run; closed by the caller after it
     * @param floatType what float32 becomes
     * @param own receives what this run does
     * @param first what the first run did; null in that run
     */
    Tracer(
            OnnxGraph graph,
            Initializers initializers,
            NDManager engine,
            DataType floatType,
            Run own,
            @Nullable Run first) {
        this.graph = graph;
        this.initializers = initializers;
        this.engine = engine;
        this.floatType = floatType;
        this.own = own;
        this.first = first;
        this.manager = (NDManager) Proxy.newProxyInstance(
                Tracer.class.getClassLoader(), new Class<?>[] {NDManager.class}, new TracedManager(this));
    }

    OnnxGraph graph() {
        return graph;
    }

    /** The manager that followed code sees. */
    NDManager manager() {
        return manager;
    }

    /** The manager of the arrays behind. */
    NDManager engine() {
        return engine;
    }

    boolean isFirstRun() {
        return first == null;
    }

    String place() {
        return place;
    }

    void enter(String newPlace) {
        place = newPlace;
    }

    UnsupportedBlockException unsupported(String what) {
        return new UnsupportedBlockException(place, what, UnsupportedBlockException.REGISTER);
    }

    /** The dtype that a dtype of the run has in the model. */
    DataType modelType(DataType type) {
        return type == DataType.FLOAT32 ? floatType : type;
    }

    int typeCode(DataType type) {
        int code = OnnxTypes.code(modelType(type));
        if (code == 0) {
            throw unsupported("its forward makes values of dtype " + type + ", which ONNX has not");
        }
        return code;
    }

    String scalar(DataType type, double value) {
        return graph.constant(OnnxTypes.filled(modelType(type), value));
    }

    /** An array of the run that stands for a value of the graph. */
    TracedArray value(NDArray real, String name) {
        own.shapes.add(real.getShape());
        return new TracedArray(this, real, name, own.shapes.size() - 1);
    }

    /** Notes an operation, which the first run must have met in the same place. */
    void event(String what) {
        own.events.add(what);
        if (first != null) {
            int index = own.events.size() - 1;
            String before = index < first.events.size() ? first.events.get(index) : "nothing";
            if (!before.equals(what)) {
                throw unsupported("its forward does " + before + " for a batch of " + first.batch + " and " + what
                        + " for one of " + own.batch + ", or uses random numbers");
            }
        }
    }

    /** A value's shape with -1 on the axes that grow with the batch. In the first run none is known to. */
    Shape shape(TracedArray array) {
        long[] dims = array.real().getShape().getShape().clone();
        Shape before = first == null || array.index() == PARAMETER ? null : first.shapes.get(array.index());
        for (int axis = 0; before != null && axis < dims.length; axis++) {
            if (before.dimension() != dims.length) {
                throw unsupported("its forward gives values of " + before.dimension() + " axes for a batch of 2 and of "
                        + dims.length + " for one of 3");
            }
            if (before.get(axis) != dims[axis]) {
                dims[axis] = -1;
            }
        }
        return new Shape(dims);
    }

    /** How many samples' worth a number is. */
    private long factor(long before, long now, Run record) {
        if (before % record.batch != 0 || before / record.batch * own.batch != now) {
            throw unsupported("its forward has the number " + before + " for a batch of " + record.batch + " and " + now
                    + " for one of " + own.batch + ", which does not grow in proportion");
        }
        return before / record.batch;
    }

    /** The elements of the first run; null in that run. */
    private long @Nullable [] firstLongs(long[] values) {
        own.longs.add(values.clone());
        if (first == null) {
            return null;
        }
        long[] before = first.longs.get(own.longs.size() - 1);
        if (before.length != values.length) {
            throw unsupported("its forward takes other steps for another batch size");
        }
        return before;
    }

    /** An int64 value of one axis; elements that grow with the batch are computed from it. */
    String longs(long... values) {
        long[] before = firstLongs(values);
        return before == null ? graph.constant(OnnxTypes.longs(values)) : grown(before, values);
    }

    private String grown(long[] before, long[] values) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int k = 0; k < values.length; k++) {
            if (before[k] != values[k] && first != null) {
                if (k > from) {
                    parts.add(graph.constant(OnnxTypes.longs(Arrays.copyOfRange(values, from, k))));
                }
                long factor = factor(before[k], values[k], first);
                parts.add(factor == 1 ? batch() : graph.node("Mul", batch(), graph.constant(OnnxTypes.longs(factor))));
                from = k + 1;
            }
        }
        if (from < values.length) {
            parts.add(graph.constant(OnnxTypes.longs(Arrays.copyOfRange(values, from, values.length))));
        }
        return parts.size() == 1 ? parts.get(0) : graph.node("Concat", Map.of("axis", 0), parts.toArray(String[]::new));
    }

    /** The target of a Reshape: -1 where one axis grows with the batch, computed where several do. */
    String reshapeTarget(long... dims) {
        long[] before = firstLongs(dims);
        if (before == null) {
            return graph.constant(OnnxTypes.longs(dims));
        }
        long[] target = dims.clone();
        int growing = 0;
        for (int k = 0; k < dims.length; k++) {
            if (before[k] != dims[k]) {
                target[k] = -1;
                growing++;
            }
        }
        return growing > 1 ? grown(before, dims) : graph.constant(OnnxTypes.longs(target));
    }

    /** The batch size as an int64 value of one element. */
    private String batch() {
        if (batchValue == null) {
            throw unsupported("its forward needs the batch size, and no input has a batch axis");
        }
        return batchValue;
    }

    /** The input whose axis is the batch. */
    void batchFrom(String input, int axis) {
        String shape = graph.node("Shape", input);
        batchValue = graph.node("Gather", Map.of("axis", 0), shape, graph.constant(OnnxTypes.longs(axis)));
    }

    /** A parameter's value; the same object however often it is asked for. */
    TracedArray parameter(Parameter parameter) {
        TracedArray known = parameters.get(parameter);
        if (known == null) {
            String name = initializers.add(parameter, place);
            known = new TracedArray(this, shadow(parameter), name, PARAMETER);
            known.fix(Initializers.label(parameter, place));
            parameters.put(parameter, known);
        }
        return known;
    }

    /** A parameter's array as the run computes with it: on the CPU, float32 for float16, and the run's own handle on it. */
    private NDArray shadow(Parameter parameter) {
        NDArray array = parameter.getArray();
        NDArray own = array.getDevice().isGpu() ? array.toDevice(Device.cpu(), true) : array.reshape(array.getShape());
        own.attach(engine);
        return own.toType(DataType.FLOAT32, false);
    }

    /** Gives followed Blocks their parameters as values of the graph. */
    ParameterStore store() {
        return new ParameterStore(manager, false) {
            @Override
            public NDArray getValue(Parameter parameter, Device device, boolean training) {
                return parameter == null ? nothing() : parameter(parameter).proxy();
            }
        };
    }

    /** Gives Blocks that are only run their parameters. */
    ParameterStore realStore() {
        return new ParameterStore(engine, false) {
            @Override
            public NDArray getValue(Parameter parameter, Device device, boolean training) {
                return parameter == null ? nothing() : parameter(parameter).real();
            }
        };
    }

    /** What a Block without a bias gets for it. */
    @SuppressWarnings("NullAway")
    private static NDArray nothing() {
        return null;
    }

    /** The traced array of an argument; an array from elsewhere is a constant. */
    TracedArray traced(NDArray array) {
        TracedArray traced = TracedArray.of(array);
        return traced == null ? constant(array) : traced;
    }

    TracedArray constant(NDArray array) {
        byte[] bytes = OnnxTypes.littleEndian(array);
        event("a constant of hash " + Arrays.hashCode(bytes) + " and shape " + array.getShape());
        typeCode(array.getDataType());
        return value(array, graph.constant(OnnxTypes.array(array, modelType(array.getDataType()))));
    }

    NDList proxies(List<TracedArray> arrays) {
        NDList list = new NDList(arrays.size());
        arrays.forEach(array -> list.add(array.proxy()));
        return list;
    }
}
