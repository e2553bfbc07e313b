package io.detinit.interop.load;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.load.LoadReport.Loaded;
import io.detinit.interop.load.LoadReport.Mismatch;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The weights of a checkpoint (PyTorch, TorchScript, safetensors, ONNX and every other format that is read), to be loaded into a DJL
 * Block, so that a net trained in PyTorch goes on in DJL:
 *
 * <pre>{@code
 * block.initialize(manager, DataType.FLOAT32, inputShape);
 * try (StateDict weights = StateDict.open(Path.of("model.pt"))) {
 *     LoadReport report = weights.into(ParameterNames.of(block));
 * }
 * }</pre>
 *
 * <p>A tensor belongs to the parameter that the caller's name map gives it; else to the one of its name, of its name without wrappers
 * ({@code module.}; gamma and beta are weight and bias), of its name's end, of its shape where no other has it; and at last those of one
 * shape and role (query or key, weight or bias) belong together in order, if there are as many on both sides: first the weights, and a
 * bias or a running statistic goes where its module's weight went. The report says which was used. Matrices that a format keeps the other way round are turned; {@code in_proj_weight} and {@code in_proj_bias} of PyTorch's
 * attention fill DJL's three projections; running statistics go with running statistics. Not loaded, with the reason, are what an exporter
 * folded a BatchNorm into (but into a Block without BatchNorm), the recurrent weights of ONNX (other gate order) and quantised ones.
 *
 * <p>Not thread-safe, and nobody may train the Block meanwhile. Load before a trainer copies the parameters to several devices.
 */
public final class StateDict implements AutoCloseable {

    private static final int CHUNK = 1 << 20;

    private final Checkpoint checkpoint;
    private final Map<String, String> names;

    private StateDict(Checkpoint checkpoint, Map<String, String> names) {
        this.checkpoint = checkpoint;
        this.names = names;
    }

    /**
     * Opens a checkpoint.
     *
     * @param path a file of any format that is read, or a folder of shards
     * @return the weights; close them
     * @throws MalformedFileException if it is no checkpoint, or breaks the rules of its format
     * @throws IOException if it cannot be read
     */
    public static StateDict open(Path path) throws IOException {
        return of(Checkpoints.open(path));
    }

    /**
     * The weights of an open checkpoint.
     *
     * @param checkpoint the checkpoint; closed with the result
     * @return the weights
     */
    public static StateDict of(Checkpoint checkpoint) {
        return new StateDict(checkpoint, Map.of());
    }

    /**
     * Says where some tensors belong, whatever they are called; the others are matched as ever.
     *
     * @param map names of parameters of the model, by the names of tensors in the file
     * @return the same open checkpoint with that map
     */
    public StateDict withNames(Map<String, String> map) {
        return new StateDict(checkpoint, new LinkedHashMap<>(map));
    }

    /**
     * Matches, and reads nothing where names, shapes and places suffice.
     *
     * @param targets the parameters of the model, in state-dict order
     * @return what belongs together and what does not
     * @throws IllegalArgumentException if two targets have one name, or the name map names a tensor that the file or a parameter
     *     that the model does not have
     * @throws IOException if reading fails
     */
    public LoadReport match(List<LoadTarget> targets) throws IOException {
        return new LoadMatching(checkpoint, targets).run(names);
    }

    /**
     * Matches the parameters of a Block, and changes nothing.
     *
     * @param parameters initialised parameters by name, in state-dict order
     * @return what belongs together and what does not
     * @throws IllegalArgumentException if a parameter is not initialised, and as {@link #match(List)}
     * @throws IOException if reading fails
     */
    public LoadReport match(Map<String, Parameter> parameters) throws IOException {
        return match(targets(parameters));
    }

    /**
     * Loads a checkpoint that is exactly the Block's: all or nothing.
     *
     * @param parameters initialised parameters by name, in state-dict order; their arrays get the values and stay where they are.
     *     float16 and bfloat16 values are exact in float32 parameters, others are rounded to the parameters' type
     * @return what was loaded
     * @throws MalformedFileException if a parameter is missing, unexpected, or of another shape or form; the message names the first,
     *     and the Block is as it was
     * @throws IllegalArgumentException as {@link #match(Map)}
     * @throws IOException if reading fails; the Block is as it was
     */
    public LoadReport into(Map<String, Parameter> parameters) throws IOException {
        LoadReport report = match(parameters);
        requireComplete(report, "the model");
        fill(report, parameters);
        return report;
    }

    /**
     * Loads what belongs to the Block, and leaves its other parameters as they are: a new head on a trained body.
     *
     * @param parameters as {@link #into}
     * @return what was loaded and what was not
     * @throws MalformedFileException if nothing at all was found
     * @throws IllegalArgumentException as {@link #match(Map)}
     * @throws IOException if reading fails; the Block is as it was
     */
    public LoadReport intoMatching(Map<String, Parameter> parameters) throws IOException {
        LoadReport report = match(parameters);
        if (report.loaded().isEmpty()) {
            throw MalformedFileException.of(
                    report.file(), "tensors", "no parameter of the model", "one of its names or shapes");
        }
        fill(report, parameters);
        return report;
    }

    /**
     * Requires that everything matched.
     *
     * @param report a report
     * @param model what the model is called in messages
     * @throws MalformedFileException if something did not; the message names the first
     */
    public static void requireComplete(LoadReport report, String model) throws MalformedFileException {
        for (Mismatch one : report.mismatched()) {
            throw MalformedFileException.of(
                    report.file(),
                    "tensor '" + one.tensor() + "'",
                    "the shape " + one.shape() + (one.otherShape() ? "" : " (" + one.reason() + ")"),
                    "'" + one.target().name() + "' " + one.target().shape() + " of " + model);
        }
        for (LoadTarget one : report.missing()) {
            List<String> left = report.unexpected().stream()
                    .map(info -> info.name() + " " + info.shape())
                    .toList();
            throw MalformedFileException.of(
                    report.file(),
                    "tensors",
                    left.isEmpty()
                            ? "no more"
                            : "besides " + String.join(", ", left.subList(0, Math.min(8, left.size()))),
                    "'" + one.name() + "' " + one.shape() + " of " + model);
        }
        for (TensorInfo one : report.unexpected()) {
            throw MalformedFileException.of(
                    report.file(),
                    "tensor '" + one.name() + "'",
                    "a parameter of shape " + one.shape(),
                    "the parameters of " + model + " alone");
        }
    }

    private static List<LoadTarget> targets(Map<String, Parameter> parameters) {
        List<LoadTarget> targets = new ArrayList<>();
        parameters.forEach((name, parameter) -> {
            if (!parameter.isInitialized()) {
                throw new IllegalArgumentException("parameter '" + name
                        + "' is not initialised; call the Block's initialize with its input shapes");
            }
            boolean statistic = switch (parameter.getType()) {
                case RUNNING_MEAN, RUNNING_VAR -> true;
                default -> false;
            };
            TensorShape shape = TensorShape.of(parameter.getArray().getShape().getShape());
            targets.add(LoadTarget.of(name, shape, statistic));
        });
        return targets;
    }

    /** Reads everything before it changes anything. */
    private static void fill(LoadReport report, Map<String, Parameter> parameters) throws IOException {
        Map<String, NDArray> read = new LinkedHashMap<>();
        if (report.loaded().isEmpty()) {
            return;
        }
        NDArray first = array(parameters, report.loaded().get(0));
        try (NDManager manager = first.getManager().newSubManager()) {
            for (Loaded one : report.loaded()) {
                read.put(one.target().name(), read(one, array(parameters, one), manager));
            }
            for (Loaded one : report.loaded()) {
                NDArray values = Objects.requireNonNull(read.get(one.target().name()));
                values.copyTo(array(parameters, one));
            }
        }
    }

    private static NDArray array(Map<String, Parameter> parameters, Loaded one) {
        return Objects.requireNonNull(parameters.get(one.target().name())).getArray();
    }

    private static NDArray read(Loaded one, NDArray like, NDManager manager) throws IOException {
        Shape shape = like.getShape();
        if (one.values().info().dtype() == DType.F64 && like.getDataType() == DataType.FLOAT64) {
            double[] doubles = new double[size(one)];
            for (int from = 0; from < doubles.length; from += CHUNK) {
                one.values().readDoubles(from, doubles, from, Math.min(CHUNK, doubles.length - from));
            }
            return manager.create(doubles, shape);
        }
        return manager.create(floats(one.values()), shape).toType(like.getDataType(), false);
    }

    private static int size(Loaded one) {
        return Math.toIntExact(one.target().shape().elements());
    }

    /**
     * All elements of a tensor as float32.
     *
     * @param tensor a floating-point tensor of fewer than 2^31 elements
     * @return its elements, row-major
     * @throws IOException if reading fails
     */
    public static float[] floats(TensorView tensor) throws IOException {
        float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
        for (int from = 0; from < values.length; from += CHUNK) {
            tensor.readFloats(from, values, from, Math.min(CHUNK, values.length - from));
        }
        return values;
    }

    @Override
    public void close() throws IOException {
        checkpoint.close();
    }
}
