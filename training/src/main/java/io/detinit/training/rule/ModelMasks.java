package io.detinit.training.rule;

import io.detinit.generator.InitRules;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.parameter.ParameterMatcher.Match;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.models.ModelSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Masks as the parameters of a reference model.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class ModelMasks {

    private ModelMasks() {}

    /** A parameter of which only name and shape are known. */
    private record Outline(TensorInfo info) implements TensorView {
        @Override
        public void readBytes(long position, ByteBuffer destination) {
            throw new UnsupportedOperationException("a mask has no weights to compare");
        }
    }

    /**
     * Lays masks over a model: by name, by the name without wrappers ({@code module.}), by its end, by a shape that nothing else
     * has, and at last by the order among those of one shape. A matrix whose mask lies transposed is turned.
     *
     * @param file the masks
     * @param model the model
     * @return the masks by the model's names, outputs first
     * @throws MalformedFileException if a mask fits no parameter
     * @throws IOException if reading fails
     */
    public static Map<String, Mask> of(MaskFile file, ModelSpec model) throws IOException {
        // zeros as initial values: nothing to recognise a mask by
        ModelParameters parameters = ModelParameters.of(model, 0, InitRules.of(io.detinit.generator.Scheme.ZEROS));
        StoredMasks stored = file.stored();
        Map<String, Mask> masks = stored.logical();
        List<Parameter> outlines = new ArrayList<>();
        masks.forEach((name, mask) -> {
            TensorInfo info = new TensorInfo(name, DType.F32, mask.shape(), TensorInfo.Kind.PARAMETER);
            boolean known = stored.orderKnown() || mask.shape().rank() != 2;
            String canonical = Parameter.withoutWrappers(name);
            outlines.add(new Parameter(new Outline(info), StoredOrder.OUT_IN, known, canonical, ""));
        });
        Map<Parameter, Match> matches = parameters.match(file.path(), outlines, false, ModelMasks::label);
        Map<String, Mask> found = new LinkedHashMap<>();
        for (Parameter outline : outlines) {
            Match match = matches.get(outline);
            Mask mask = masks.get(outline.name());
            if (match == null || mask == null) {
                throw MalformedFileException.of(
                        file.path(),
                        label(outline.name()),
                        "a mask of shape " + outline.shape(),
                        "masks of the parameters of model " + model.text() + "; --model names the model");
            }
            found.put(match.wanted().name(), match.order() == StoredOrder.IN_OUT ? mask.transposed() : mask);
        }
        return found;
    }

    static String label(String name) {
        return "tensor '" + name + MaskFile.SUFFIX + "'";
    }
}
