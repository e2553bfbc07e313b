package io.detinit.interop.budget;

import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A checkpoint whose copy is not written: it keeps what the copy would replace. Not thread-safe. */
final class ReplacementCollector implements Checkpoint {

    private final Checkpoint checkpoint;
    private final Map<String, TensorView> collected = new LinkedHashMap<>();

    ReplacementCollector(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** The replacements, in the order in which the checkpoint keeps each tensor. */
    Map<String, TensorView> collected() {
        return collected;
    }

    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata) {
        collected.putAll(replacements);
    }

    @Override
    public Path path() {
        return checkpoint.path();
    }

    @Override
    public String format() {
        return checkpoint.format();
    }

    @Override
    public List<TensorView> tensors() {
        return checkpoint.tensors();
    }

    @Override
    public Optional<TensorView> find(String name) {
        return checkpoint.find(name);
    }

    @Override
    public Map<String, String> metadata() {
        return checkpoint.metadata();
    }

    @Override
    public Map<String, String> tied() {
        return checkpoint.tied();
    }

    /** Leaves the checkpoint open: it belongs to somebody else. */
    @Override
    public void close() {}
}
