package io.detinit.interop.budget;

import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Copies written into a temporary folder of their own, one at a time, each removed after its use. */
final class FolderCopies implements ModelCopies {

    private final OnnxCheckpoint model;
    private final Path folder;

    FolderCopies(OnnxCheckpoint model) throws IOException {
        this.model = model;
        this.folder = Files.createTempDirectory("detinit-candidates");
    }

    /** The temporary folder, for tests. */
    Path folder() {
        return folder;
    }

    @Override
    public <T> T load(Map<String, TensorView> replacements, int threads, CandidateModel.Use<T> use) throws IOException {
        Path own = Files.createDirectory(folder.resolve("copy"));
        try {
            Path copy = own.resolve("model.onnx");
            model.rewrite(copy, replacements, Map.of());
            return ModelCopies.use(OnnxScorer.open(copy, threads), use);
        } finally {
            delete(own);
        }
    }

    private static void delete(Path root) throws IOException {
        List<Path> paths;
        try (Stream<Path> walked = Files.walk(root)) {
            paths = walked.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }

    @Override
    public void close() throws IOException {
        delete(folder);
    }
}
