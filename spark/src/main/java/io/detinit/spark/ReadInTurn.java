package io.detinit.spark;

import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint whose tensors are read one after the other, each from front to back in few requests. Not thread-safe.
 *
 * @param opened the checkpoint, which closing this does not close
 * @param path what messages, and what is made of it, call it
 * @param format its format, or the one that it passes for
 * @param metadata its own text
 * @param tensors those of the checkpoint, or some of them
 */
record ReadInTurn(
        Checkpoint opened,
        java.nio.file.Path path,
        String format,
        Map<String, String> metadata,
        List<TensorView> tensors)
        implements Checkpoint {

    static final String SAFETENSORS = "safetensors";

    /** All of a file. */
    static ReadInTurn of(Checkpoint file) {
        return new ReadInTurn(file, file.path(), file.format(), file.metadata(), inTurn(file.tensors()));
    }

    /** Some tensors, as the safetensors file that would hold them. */
    static ReadInTurn part(Checkpoint whole, String name, List<String> names, Map<String, String> metadata) {
        Set<String> own = new HashSet<>(names);
        List<TensorView> tensors = whole.tensors().stream()
                .filter(tensor -> own.contains(tensor.info().name()))
                .toList();
        return new ReadInTurn(whole, java.nio.file.Path.of(name), SAFETENSORS, metadata, inTurn(tensors));
    }

    private static List<TensorView> inTurn(List<TensorView> tensors) {
        InTurn turns = new InTurn();
        List<TensorView> all = new ArrayList<>();
        for (TensorView tensor : tensors) {
            all.add(turns.tensor(tensor.info(), () -> WeightSpec.ahead(tensor), read -> 0));
        }
        return all;
    }

    @Override
    public Map<String, String> tied() {
        return opened.tied();
    }

    @Override
    public boolean keepsMetadata() {
        return format.equals(SAFETENSORS) || opened.keepsMetadata();
    }

    @Override
    public void rewrite(
            java.nio.file.Path target, Map<String, TensorView> replacements, Map<String, String> replacedText)
            throws IOException {
        opened.rewrite(target, replacements, replacedText);
    }

    @Override
    public void close() {}
}
