package io.detinit.interop.budget;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.io.Closeable;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A trained model that is pruned in many ways and run in ONNX Runtime each time, without a pruned file: the elements are those
 * that {@link Pruner} would write, bit for bit.
 *
 * <p>The trained checkpoint may have any format. Unless it is an ONNX model itself, the same model as ONNX is needed: pruned
 * parameters are carried over to their counterparts there, which are found by name, shape and content, and turned where one of the
 * two keeps a matrix transposed.
 *
 * <p>Cost: a model of at most 512 MiB (and a quarter of the heap) without external data is held in memory once, and overwritten for
 * each candidate; another one is written into a temporary folder for each, which is removed.
 *
 * <p>Not safe for use by several threads at a time. Valid while both checkpoints are open; close it.
 */
public final class CandidateModel implements Closeable {

    private final Checkpoint trained;
    private final Baseline baseline;
    private final int threads;
    private final Counterparts counterparts;
    private final ModelCopies copies;

    private CandidateModel(
            Checkpoint trained, Baseline baseline, int threads, Counterparts counterparts, ModelCopies copies) {
        this.trained = trained;
        this.baseline = baseline;
        this.threads = threads;
        this.counterparts = counterparts;
        this.copies = copies;
    }

    /**
     * What is done with a loaded candidate.
     *
     * @param <T> what comes out of it
     */
    @FunctionalInterface
    public interface Use<T> {
        /**
         * Uses the candidate.
         *
         * @param scorer the loaded candidate; closed afterwards
         * @return any result
         * @throws IOException if it cannot be run
         */
        T with(OnnxScorer scorer) throws IOException;
    }

    /**
     * Prepares candidates.
     *
     * @param trained the trained model, of any format
     * @param baseline its initial values; {@link Baseline#none} where no fill will need them
     * @param model the same model as ONNX; {@code trained} itself where that is one
     * @param threads threads within one operator, >= 1; with 1 two runs give the same bits
     * @return the model; close it
     * @throws MalformedFileException if a parameter of one name has different shapes in both
     * @throws IOException if reading fails
     */
    public static CandidateModel of(Checkpoint trained, Baseline baseline, OnnxCheckpoint model, int threads)
            throws IOException {
        return of(trained, baseline, model, threads, Counterparts.of(trained, baseline, model));
    }

    /**
     * Prepares candidates in which biases and other vectors may be replaced as well. Those of another format than ONNX are found
     * there by name and content.
     *
     * @param trained the trained model, of any format
     * @param baseline its initial values
     * @param model the same model as ONNX; {@code trained} itself where that is one
     * @param threads threads within one operator, >= 1; with 1 two runs give the same bits
     * @return the model; close it
     * @throws MalformedFileException if a parameter of one name has different shapes in both
     * @throws IOException if reading fails
     */
    public static CandidateModel withVectors(Checkpoint trained, Baseline baseline, OnnxCheckpoint model, int threads)
            throws IOException {
        Counterparts counterparts = Counterparts.of(trained, baseline, model);
        counterparts.addVectors();
        return of(trained, baseline, model, threads, counterparts);
    }

    private static CandidateModel of(
            Checkpoint trained, Baseline baseline, OnnxCheckpoint model, int threads, Counterparts counterparts)
            throws IOException {
        return new CandidateModel(
                trained, baseline, threads, counterparts, ModelCopies.of(model, counterparts.names()));
    }

    /**
     * Runs a candidate in which some parameters are replaced.
     *
     * @param <T> what comes out of it
     * @param tensors by the names of the trained checkpoint's parameters; each has the dtype, shape and axis order of the one it replaces
     * @param use what is done with it
     * @return what {@code use} returns
     * @throws MalformedFileException if a parameter has no counterpart in the ONNX model, or ONNX Runtime cannot load it
     * @throws IOException if reading fails, or {@code use} does
     */
    public <T> T replace(Map<String, TensorView> tensors, Use<T> use) throws IOException {
        return copies.load(counterparts.carry(tensors), threads, use);
    }

    /**
     * Runs a pruned candidate.
     *
     * @param <T> what comes out of it
     * @param masks 1 = keep, by the names of the trained checkpoint's parameters, outputs first; empty for the dense model
     * @param fill what stands where a weight was pruned
     * @param use what is done with it
     * @return what {@code use} returns
     * @throws MalformedFileException if a masked parameter has no counterpart in the ONNX model, or ONNX Runtime cannot load it
     * @throws IOException if reading fails, or {@code use} does
     * @throws IllegalArgumentException if a masked parameter has no initial values
     */
    public <T> T prune(Map<String, Mask> masks, Fill fill, Use<T> use) throws IOException {
        ReplacementCollector collector = new ReplacementCollector(trained);
        new Pruner(baseline, threads).prune(collector, masks, fill, Destination.dense(trained.path(), Map.of()));
        return copies.load(counterparts.carry(collector.collected()), threads, use);
    }

    /**
     * Runs a candidate whose weights are in another checkpoint, such as the pruned file after it was written.
     *
     * @param <T> what comes out of it
     * @param other has the names and the axis orders of the trained checkpoint
     * @param names the parameters to take from it
     * @param use what is done with it
     * @return what {@code use} returns
     * @throws MalformedFileException if a parameter is missing or has no counterpart in the ONNX model
     * @throws IOException if reading fails, or {@code use} does
     */
    public <T> T take(Checkpoint other, Collection<String> names, Use<T> use) throws IOException {
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        for (String name : names) {
            TensorView tensor = other.find(name)
                    .orElseThrow(() -> MalformedFileException.of(
                            other.path(), "tensor '" + name + "'", "none", "one as in " + trained.path()));
            tensors.put(name, tensor);
        }
        return copies.load(counterparts.carry(tensors), threads, use);
    }

    @Override
    public void close() throws IOException {
        copies.close();
    }
}
