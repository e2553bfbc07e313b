package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.TensorShape;
import io.detinit.interop.OraclePython;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real PyTorch loads, with {@code weights_only=True} where it has that, the new files that are written here. Run by
 * {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch.
 */
@Tag("oracle")
class TorchStateDictOracleTest {

    private static final List<DType> DTYPES = List.of(
            DType.F64,
            DType.F32,
            DType.F16,
            DType.BF16,
            DType.I64,
            DType.I32,
            DType.I16,
            DType.I8,
            DType.U8,
            DType.C64);

    @TempDir
    Path folder;

    private static TensorView random(String name, DType dtype, long... dims) {
        TensorInfo info = new TensorInfo(name, dtype, TensorShape.of(dims), TensorInfo.Kind.PARAMETER);
        byte[] bytes = new byte[(int) info.bytes()];
        new Random(name.hashCode()).nextBytes(bytes);
        return ArrayTensor.of(info, ByteBuffer.wrap(bytes));
    }

    @Test
    void newFilesLoad() throws Exception {
        List<TensorView> tensors = new ArrayList<>();
        for (DType dtype : DTYPES) {
            tensors.add(random("layer." + dtype, dtype, 3, 300, 2));
        }
        tensors.add(random("scalar", DType.I64));
        tensors.add(random("empty", DType.F32, 0, 4));
        tensors.add(random("five", DType.F32, 1, 2, 3, 2, 1));
        tensors.add(random("layer.\u00e9", DType.F32, 7));
        TensorView first = random("layer.F32", DType.F32, 3, 300, 2);
        ByteBuffer same = ByteBuffer.allocate((int) first.info().bytes());
        first.readBytes(0, same);
        TensorInfo tied = new TensorInfo("tied", DType.F32, first.info().shape(), TensorInfo.Kind.PARAMETER);
        tensors.add(ArrayTensor.of(tied, same.flip()));
        Path file = folder.resolve("new.pt");
        TorchStateDictWriter.write(file, tensors, Map.of("tied", "layer.F32"), Map.of("detinit.plan", "{}"));
        JsonNode loaded =
                new ObjectMapper().readTree(OraclePython.run(Path.of("src/test/python/torch_save.py"), "load", file));
        assertEquals(tensors.size(), loaded.size());
        for (TensorView tensor : tensors) {
            JsonNode known = loaded.path(tensor.info().name());
            assertEquals(
                    tensor.info().dtype().name(),
                    known.path(0).asText(),
                    tensor.info().name());
            assertEquals(tensor.info().shape().rank(), known.path(1).size());
            assertEquals(
                    TensorHash.sha256(tensor),
                    known.path(2).asText(),
                    tensor.info().name());
        }
    }
}
