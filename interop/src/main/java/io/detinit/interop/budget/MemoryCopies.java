package io.detinit.interop.budget;

import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The bytes of a model file, in which tensors are overwritten where they lie and then put back. */
final class MemoryCopies implements ModelCopies {

    private static final long MAX_BYTES = 1L << 29;
    private static final int CHUNK = 1 << 22; // a multiple of every element size

    private final OnnxCheckpoint model;
    private final byte[] bytes;
    private final Map<String, Integer> places;

    private MemoryCopies(OnnxCheckpoint model, byte[] bytes, Map<String, Integer> places) {
        this.model = model;
        this.bytes = bytes;
        this.places = places;
    }

    /**
     * Reads a model.
     *
     * @return empty where it is too large, has data in other files, or a named tensor does not lie together in it
     */
    static Optional<MemoryCopies> of(OnnxCheckpoint model, Set<String> names) throws IOException {
        long most = Math.min(MAX_BYTES, Runtime.getRuntime().maxMemory() / 4);
        boolean alone = model.tensors().stream()
                .allMatch(tensor ->
                        tensor.location().isEmpty() || tensor.location().startsWith("byte "));
        if (!alone || Files.size(model.path()) > most) {
            return Optional.empty();
        }
        byte[] bytes = Files.readAllBytes(model.path());
        Map<String, Integer> places = new HashMap<>();
        for (String name : names) {
            TensorView tensor = model.find(name).orElseThrow();
            if (!(tensor instanceof FileTensor file)) {
                return Optional.empty();
            }
            long place = file.bytes().filePosition(0);
            if (place + tensor.info().bytes() > bytes.length || !lies(bytes, (int) place, tensor)) {
                return Optional.empty();
            }
            places.put(name, (int) place);
        }
        return Optional.of(new MemoryCopies(model, bytes, places));
    }

    private static boolean lies(byte[] bytes, int place, TensorView tensor) throws IOException {
        long size = tensor.info().bytes();
        for (long at = 0; at < size; at += CHUNK) {
            int length = (int) Math.min(CHUNK, size - at);
            ByteBuffer own = ByteBuffer.wrap(bytes, (int) (place + at), length);
            if (!own.equals(tensor.view(at, length))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public <T> T load(Map<String, TensorView> replacements, int threads, CandidateModel.Use<T> use) throws IOException {
        OnnxScorer scorer;
        try {
            for (Map.Entry<String, TensorView> replacement : replacements.entrySet()) {
                overwrite(replacement.getKey(), replacement.getValue());
            }
            scorer = OnnxScorer.of(model.path().toString(), bytes, threads); // which keeps a copy of its own
        } finally {
            for (String name : replacements.keySet()) {
                overwrite(name, model.find(name).orElseThrow());
            }
        }
        return ModelCopies.use(scorer, use);
    }

    private void overwrite(String name, TensorView with) throws IOException {
        Integer place = places.get(name);
        if (place == null) {
            throw new IllegalArgumentException("tensor '" + name + "' is not one that is replaced");
        }
        long size = with.info().bytes();
        for (long at = 0; at < size; at += CHUNK) {
            with.readBytes(at, ByteBuffer.wrap(bytes, (int) (place + at), (int) Math.min(CHUNK, size - at)));
        }
    }

    @Override
    public void close() {}
}
