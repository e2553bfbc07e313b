package io.detinit.interop.regenerate;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.GraphPrelude;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.AddressedValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.ConstantOutputs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes ONNX models in which nodes compute the initial weights from the seed, so that the file holds the moved ones alone.
 *
 * <p>A tensor becomes a call of a function of the operator set {@code io.detinit}, whose body is of standard operators, and is part
 * of the model; a second call puts in the elements that are not initial. ONNX Runtime computes both when it loads the model and
 * has then what a dense model has; without its constant folding it computes them at every run.
 *
 * <p>Before anything is written, ONNX Runtime computes each tensor as it will stand in the model, with and without
 * optimisation, and the bits are compared. An initial weight that it rounds otherwise (its Log and Sin are within an ulp or two
 * of a double) is stored like a moved one; more than one in a thousand of them, and the export is refused.
 */
public final class Regenerator {

    /** More elements are not computed at once: the check holds a tensor in memory. */
    private static final long MAX_ELEMENTS = 1 << 26;

    /** What the calls and the names of a tensor take in the model, about. */
    private static final long CALL_BYTES = 512;

    private final OnnxCheckpoint model;
    private final Baseline baseline;

    /**
     * A model to be written.
     *
     * @param model the trained model, open
     * @param baseline its initial values
     */
    public Regenerator(OnnxCheckpoint model, Baseline baseline) {
        this.model = model;
        this.baseline = baseline;
    }

    /**
     * Writes a copy. Memory: the largest tensor and what ONNX Runtime takes to compute it.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param replacements elements by the tensors' names, as {@link OnnxCheckpoint#rewrite} takes them: those that are not
     *     regenerated are stored densely
     * @param metadata entries of metadata_props to set
     * @return what became of each replaced tensor
     * @throws MalformedFileException if the model cannot hold such nodes, or ONNX Runtime does not compute
     *     what it should
     * @throws IOException if reading or writing fails
     */
    public RegenerateReport write(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        OpsetRaise raise = OpsetRaise.of(model);
        String obstacle = raise.obstacle().isEmpty() ? unloadable() : raise.obstacle();
        if (!replacements.keySet().containsAll(model.computed())) {
            obstacle = "the model computes other weights already; prune these too";
        }
        Map<GeneratedTensor, MovedValues> generated = new LinkedHashMap<>();
        Map<String, TensorView> dense = new LinkedHashMap<>();
        List<RegenerateReport.Entry> entries = new ArrayList<>();
        for (Map.Entry<String, TensorView> replacement : replacements.entrySet()) {
            TensorView wanted = replacement.getValue();
            TensorInfo info = wanted.info();
            String reason = obstacle.isEmpty() ? obstacle(info) : obstacle;
            if (reason.isEmpty()) {
                GeneratedTensor tensor = generated(info);
                RuntimeWeights weights = new RuntimeWeights(tensor, model.path().toString(), raise.opset());
                RuntimeWeights.Difference difference = weights.difference(wanted);
                MovedValues moved = weights.pack(difference.moved(), wanted);
                if (moved.bytes() + CALL_BYTES < info.bytes()) {
                    weights.check(moved, wanted);
                    generated.put(tensor, moved);
                    entries.add(entry(info, moved, difference.rounded()));
                    continue;
                }
                reason = "its kept weights, their positions and the call take " + (moved.bytes() + CALL_BYTES)
                        + " bytes, all its weights " + info.bytes();
            }
            dense.put(replacement.getKey(), wanted);
            long elements = info.shape().elements();
            entries.add(new RegenerateReport.Entry(
                    info.name(), elements, elements, 0, "", info.bytes(), info.bytes(), reason));
        }
        GraphPrelude prelude = new Prelude(raise.opset(), generated).graph();
        long replaced =
                generated.keySet().stream().mapToLong(t -> t.info().bytes()).sum();
        if (prelude.bytes() >= replaced) {
            String reason = "the nodes and functions that compute it take " + prelude.bytes()
                    + " bytes in all, the tensors " + replaced;
            model.rewrite(target, replacements, metadata);
            return new RegenerateReport(
                    entries.stream().map(e -> e.leftDense(reason)).toList(), 0, raise.now());
        }
        boolean[] loaded = new boolean[1];
        model.compute(target, dense, prelude, metadata, written -> {
            load(written);
            loaded[0] = true;
        });
        if (!loaded[0]) {
            loadWithData(target);
        }
        return new RegenerateReport(entries, raise.isRaised() ? raise.now() : 0, raise.opset());
    }

    /** Why nothing can be checked, "" where ONNX Runtime loads the model as it is. */
    private String unloadable() throws IOException {
        try {
            ConstantOutputs.load(model.path());
            return "";
        } catch (MalformedFileException e) {
            return "this ONNX Runtime does not load the model as it is, so that nothing can be checked";
        }
    }

    /** With a data file beside it, a model can only be loaded where it stands. */
    private static void loadWithData(Path target) throws IOException {
        boolean done = false;
        try {
            ConstantOutputs.load(target);
            done = true;
        } finally {
            if (!done) {
                Files.deleteIfExists(target);
            }
        }
    }

    /** ONNX Runtime loads it. */
    private void load(FileChannel written) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(written.size()));
        while (bytes.hasRemaining() && written.read(bytes, bytes.position()) >= 0) {
            // reads on
        }
        ConstantOutputs.load(model.path() + ", with weights that are computed", bytes.array());
    }

    private static RegenerateReport.Entry entry(TensorInfo info, MovedValues moved, long rounded) {
        return new RegenerateReport.Entry(
                info.name(),
                info.shape().elements(),
                moved.values().info().shape().elements(),
                rounded,
                moved.coding().name().toLowerCase(java.util.Locale.ROOT),
                moved.bytes(),
                info.bytes(),
                "");
    }

    private GeneratedTensor generated(TensorInfo info) {
        Baseline.Initial initial = baseline.find(info.name()).orElseThrow();
        return new GeneratedTensor(info, ((AddressedValues) initial.values()).init(), initial.order());
    }

    /** Why a tensor cannot be computed, "" where it can. */
    private String obstacle(TensorInfo info) {
        Optional<Baseline.Initial> initial = baseline.find(info.name());
        if (initial.isEmpty() || !(initial.get().values() instanceof AddressedValues addressed)) {
            return "its initial values are not computed from a seed and addresses";
        }
        if (GeneratedTensor.function(addressed.init().scheme()).isEmpty()) {
            return "the scheme " + addressed.init().scheme() + " is not one of independent weights";
        }
        if (info.dtype() != DType.F32 && info.dtype() != DType.F16 && info.dtype() != DType.BF16) {
            return "it is " + info.dtype() + "; float32, float16 and bfloat16 are computed";
        }
        if (!model.isInitializer(info.name())) {
            return "it is not a dense initializer of the top-level graph";
        }
        if (model.tied().containsKey(info.name()) || model.tied().containsValue(info.name())) {
            return "it shares its bytes with another tensor";
        }
        if (!initial.get().order().stored(addressed.init().shape()).equals(info.shape())) {
            return "its shape is another one than that of its initial values, "
                    + addressed.init().shape();
        }
        long elements = info.shape().elements();
        if (elements == 0 || elements > MAX_ELEMENTS) {
            return "it has " + elements + " elements; 1 to " + MAX_ELEMENTS + " are computed";
        }
        return "";
    }
}
