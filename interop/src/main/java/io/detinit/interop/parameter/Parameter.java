package io.detinit.interop.parameter;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.WeightUse;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.util.List;
import java.util.Optional;

/**
 * A trained floating-point tensor of a checkpoint, seen as PyTorch has it.
 *
 * <p>Immutable; safe for use by many threads while the checkpoint is open.
 *
 * @param stored the tensor as the file has it
 * @param order which way round the file keeps it
 * @param orderKnown whether the file says so; false for a matrix whose use cannot be told, which is taken as it lies
 * @param canonicalName its name without what wrappers and containers put before it; for a weight that an exporter renamed, the
 *     module it came from where the file says that
 * @param obstacle why it cannot be compared with initial values weight by weight; empty where it can
 */
public record Parameter(
        TensorView stored, StoredOrder order, boolean orderKnown, String canonicalName, String obstacle) {

    private static final String FOLDED = "a BatchNorm was folded into it";

    /**
     * The parameters of a checkpoint.
     *
     * @param checkpoint an open checkpoint
     * @return its floating-point parameters in file order; of tied ones the first
     */
    public static List<Parameter> of(Checkpoint checkpoint) {
        return withTied(checkpoint).stream()
                .filter(parameter -> !checkpoint.tied().containsKey(parameter.name()))
                .toList();
    }

    /**
     * The parameters of a checkpoint, tied ones under each of their names.
     *
     * @param checkpoint an open checkpoint
     * @return its floating-point parameters in file order
     */
    public static List<Parameter> withTied(Checkpoint checkpoint) {
        return checkpoint.tensors().stream()
                .filter(tensor -> isParameter(tensor.info()))
                .map(tensor -> checkpoint instanceof OnnxCheckpoint onnx ? of(tensor, onnx) : of(tensor))
                .toList();
    }

    /**
     * Parameters that are in no file.
     *
     * @param tensors tensors of any kind
     * @return the floating-point parameters among them, as they lie
     */
    public static List<Parameter> of(List<? extends TensorView> tensors) {
        return tensors.stream()
                .filter(tensor -> isParameter(tensor.info()))
                .map(Parameter::of)
                .toList();
    }

    /**
     * The running statistics of a checkpoint.
     *
     * @param checkpoint an open checkpoint
     * @return its floating-point buffers in file order, as they lie
     */
    public static List<Parameter> statistics(Checkpoint checkpoint) {
        return checkpoint.tensors().stream()
                .filter(tensor -> tensor.info().kind() == TensorInfo.Kind.BUFFER
                        && tensor.info().dtype().isFloating())
                .map(Parameter::of)
                .toList();
    }

    private static boolean isParameter(TensorInfo info) {
        return info.kind() == TensorInfo.Kind.PARAMETER && info.dtype().isFloating();
    }

    private static Parameter of(TensorView tensor) {
        return new Parameter(
                tensor,
                StoredOrder.OUT_IN,
                true,
                CanonicalNames.of(tensor.info().name()),
                "");
    }

    private static Parameter of(TensorView tensor, OnnxCheckpoint onnx) {
        TensorInfo info = tensor.info();
        Optional<WeightUse> use = onnx.use(info.name());
        boolean matrix = info.shape().rank() == 2;
        boolean turned = matrix
                && use.filter(u -> u.layout() == WeightUse.Layout.IN_OUT && !u.inTorchOrder())
                        .isPresent();
        boolean known =
                !matrix || use.filter(u -> u.layout() != WeightUse.Layout.OTHER).isPresent();
        return new Parameter(
                tensor,
                turned ? StoredOrder.IN_OUT : StoredOrder.OUT_IN,
                known,
                CanonicalNames.of(info, use, onnx.modulePath(info.name())),
                use.map(u -> obstacle(info.name(), u)).orElse(""));
    }

    private static String obstacle(String name, WeightUse use) {
        if (use.layout() == WeightUse.Layout.RECURRENT) {
            return "ONNX " + use.operator() + " orders the gates otherwise than PyTorch";
        }
        if (use.quantised() || use.layout() == WeightUse.Layout.QUANTISATION) {
            return "quantised";
        }
        if (CanonicalNames.isFoldedConvolution(name)) {
            return FOLDED;
        }
        return "";
    }

    /**
     * A name without what training code puts before it: {@code module.}, {@code _orig_mod.} and the keys under which a state dict
     * is kept.
     *
     * @param name a tensor's name
     * @return the name that the model itself uses
     */
    public static String withoutWrappers(String name) {
        return CanonicalNames.of(name);
    }

    /** {@return whether the obstacle is a BatchNorm that an exporter multiplied into it} */
    public boolean holdsNorm() {
        return obstacle.equals(FOLDED);
    }

    /** {@return its name in the file} */
    public String name() {
        return stored.info().name();
    }

    /** {@return its logical shape, outputs first} */
    public TensorShape shape() {
        return order.logical(stored.info().shape());
    }

    /** {@return its elements in the logical order, outputs first} */
    public TensorView view() {
        return view(order);
    }

    /**
     * Its elements as they would be if the file kept them one way or the other.
     *
     * @param kept the order to assume
     * @return the elements, outputs first
     */
    public TensorView view(StoredOrder kept) {
        return kept == StoredOrder.OUT_IN ? stored : new TransposedTensor(stored);
    }
}
