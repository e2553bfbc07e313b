package io.detinit.interop.export;

import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import java.util.List;
import java.util.Map;

/** What a {@link BlockConverter} adds nodes, constants and initializers with. Not thread-safe; valid during the call alone. */
public final class ConversionContext {

    private final Tracer tracer;

    ConversionContext(Tracer tracer) {
        this.tracer = tracer;
    }

    /** {@return the operator set of the model, 13 to 21} */
    public int opset() {
        return tracer.graph().opset();
    }

    /** {@return where the Block stands, such as {@code 02SequentialBlock/01Conv2d}; empty for the model itself} */
    public String place() {
        return tracer.place();
    }

    /**
     * Adds a node of one output.
     *
     * @param operator of the ONNX operator set, such as {@code Relu}
     * @param attributes by name: Integer or Long (INT), Float or Double (FLOAT), String, Boolean (INT 0 or 1), long[], float[]
     * @param inputs names of values; "" for an optional input that is left out
     * @return the name of the output
     */
    public String node(String operator, Map<String, ?> attributes, String... inputs) {
        return tracer.graph().node(operator, attributes, inputs);
    }

    /**
     * Adds a node of several outputs.
     *
     * @param outputs how many, >= 1
     * @param operator as {@link #node}
     * @param attributes as {@link #node}
     * @param inputs as {@link #node}
     * @return the names of the outputs
     */
    public List<String> nodes(int outputs, String operator, Map<String, ?> attributes, String... inputs) {
        return tracer.graph().nodes(outputs, operator, attributes, inputs);
    }

    /**
     * Adds a parameter of the Block as an initializer, once however often it is asked for.
     *
     * @param parameter an initialised parameter
     * @return the name of the value, which is the parameter's stable name
     */
    public String parameter(Parameter parameter) {
        return tracer.parameter(parameter).value();
    }

    /**
     * Adds a scalar constant.
     *
     * @param type its dtype
     * @param value its value
     * @return the name of the value, of shape ()
     */
    public String scalar(DataType type, double value) {
        return tracer.scalar(type, value);
    }

    /**
     * Adds an int64 constant of one axis, such as a shape or the axes of a reduction.
     *
     * @param values its elements
     * @return the name of the value
     */
    public String longs(long... values) {
        return tracer.graph().constant(OnnxTypes.longs(values));
    }
}
