package io.detinit.interop.budget;

import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Loads copies of an ONNX model in which some tensors are replaced. Not thread-safe. */
interface ModelCopies extends Closeable {

    /**
     * Loads a copy.
     *
     * @param replacements by name; each has the dtype, shape and axis order of the tensor it replaces
     * @param threads threads within one operator
     * @param use what is done with the loaded copy
     * @return what {@code use} returns
     * @throws IOException if reading, writing or loading fails, or {@code use} does
     */
    <T> T load(Map<String, TensorView> replacements, int threads, CandidateModel.Use<T> use) throws IOException;

    /** In memory where the model lies in one file of a moderate size, else in a private temporary folder. */
    static ModelCopies of(OnnxCheckpoint model, Set<String> names) throws IOException {
        Optional<MemoryCopies> memory = MemoryCopies.of(model, names);
        return memory.isPresent() ? memory.get() : new FolderCopies(model);
    }

    /** Runs and closes. */
    static <T> T use(OnnxScorer opened, CandidateModel.Use<T> use) throws IOException {
        try (OnnxScorer scorer = opened) {
            return use.with(scorer);
        }
    }
}
