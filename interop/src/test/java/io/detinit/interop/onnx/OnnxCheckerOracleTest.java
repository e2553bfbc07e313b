package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.detinit.interop.OraclePython;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * onnx.checker and onnx.numpy_helper on models with external data, sparse tensors, Constant nodes and bodies whose every tensor
 * was written anew: what passed before passes after, with the same elements. Run by {@code mvn -Poracle}, with the environment
 * variable DETINIT_ORACLE_PYTHON naming a Python that has onnx (1.23 when this was written).
 */
@Tag("oracle")
class OnnxCheckerOracleTest {

    /** Prints one line a model: whether the checker passes, and a hash of all elements, sparse ones made dense. */
    private static final String CHECK = """
            import sys, os, hashlib, numpy, onnx, onnx.numpy_helper as nh

            def sparse(s, base):
                if not s.HasField('indices'):
                    return numpy.zeros(int(numpy.prod(s.dims)), nh.to_array(s.values, base).dtype)
                values = nh.to_array(s.values, base)
                dense = numpy.zeros(int(numpy.prod(s.dims)), values.dtype)
                index = nh.to_array(s.indices, base)
                if index.ndim == 2:
                    index = numpy.ravel_multi_index(tuple(index.T), tuple(s.dims)) if len(index) else index.ravel()
                dense[index.astype(numpy.int64)] = values
                return dense

            def elements(graph, base):
                found = {}
                for t in graph.initializer:
                    found[t.name] = nh.to_array(t, base)
                for s in graph.sparse_initializer:
                    found[s.values.name] = sparse(s, base)
                for node in graph.node:
                    for a in node.attribute:
                        if a.type == onnx.AttributeProto.TENSOR:
                            found[node.output[0] + ' ' + node.op_type] = nh.to_array(a.t, base)
                        elif a.type == onnx.AttributeProto.SPARSE_TENSOR:
                            found[node.output[0] + ' ' + node.op_type] = sparse(a.sparse_tensor, base)
                        elif a.type == onnx.AttributeProto.FLOATS and node.op_type == 'Constant':
                            found[node.output[0] + ' ' + node.op_type] = numpy.array(a.floats, numpy.float32)
                        for g in list(a.graphs) + ([a.g] if a.type == onnx.AttributeProto.GRAPH else []):
                            for name, value in elements(g, base).items():
                                found[node.output[0] + '/' + a.name + '/' + name] = value
                return found

            for path in sys.argv[1:]:
                try:
                    onnx.checker.check_model(path, full_check=True)
                    verdict = 'passes'
                except Exception as e:
                    verdict = 'fails ' + type(e).__name__
                model = onnx.load(path, load_external_data=False)
                digest = hashlib.sha256()
                count = 0
                for name, value in sorted(elements(model.graph, os.path.dirname(path)).items()):
                    digest.update(name.encode() + str(value.dtype).encode() + value.tobytes())
                    count += 1
                print(verdict, count, digest.hexdigest())
            """;

    @TempDir
    Path folder;

    private static List<String> check(Path file, Path copy) throws IOException, InterruptedException {
        return OraclePython.lines(CHECK, file, copy);
    }

    @Test
    void whatPassedTheCheckerPassesItAgain() throws Exception {
        int passed = 0;
        for (String fixtures : List.of("onnx-external", "onnx-sparse", "made/onnx-sparse", "onnx")) {
            Path root = TestModels.fixtures().map(f -> f.resolve(fixtures)).orElse(Path.of("none"));
            assumeTrue(Files.isDirectory(root), "no fixtures");
            List<Path> files;
            try (Stream<Path> found = Files.walk(root)) {
                files = found.filter(f -> f.toString().endsWith(".onnx"))
                        .sorted()
                        .toList();
            }
            for (Path file : files) {
                Path out = Files.createTempDirectory(folder, "copy");
                Path copy = out.resolve("copy.onnx");
                try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                    Map<String, TensorView> all = new HashMap<>();
                    checkpoint.tensors().forEach(t -> all.put(t.info().name(), t));
                    checkpoint.rewrite(copy, all, Map.of());
                } catch (MalformedFileException | NoSuchFileException e) {
                    continue; // refused here, which other tests look at
                }
                List<String> lines = check(file, copy);
                assertEquals(2, lines.size(), file + " " + lines);
                if (lines.get(0).startsWith("passes")) {
                    assertEquals(lines.get(0), lines.get(1), file.toString());
                    passed++;
                } else { // such as unsorted indices, which are sorted by writing them
                    String before = lines.get(0).replaceAll("^.* (\\d+ \\w+)$", "$1");
                    assertEquals(before, lines.get(1).replaceAll("^.* (\\d+ \\w+)$", "$1"), file.toString());
                }
            }
        }
        assertTrue(passed >= 40, passed + " models pass");
    }
}
