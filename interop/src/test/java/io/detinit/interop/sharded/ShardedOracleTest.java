package io.detinit.interop.sharded;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.generator.TensorShape;
import io.detinit.interop.OraclePython;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shards written and read by the safetensors library. Run by {@code mvn -Poracle}, with the environment variable
 * DETINIT_ORACLE_PYTHON naming a Python that has numpy and safetensors (0.8.0 when this was written).
 */
@Tag("oracle")
class ShardedOracleTest {

    private static final String MAKE = """
            import json, sys, numpy as np
            from safetensors.numpy import save_file
            shards = [{"b": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.arange(3)},
                      {"a": np.arange(4, dtype=np.float16), "s": np.full((), 2.5)}]
            weight_map, total = {}, 0
            for k, tensors in enumerate(shards, 1):
                name = f"model-{k:05d}-of-00002.safetensors"
                save_file(tensors, f"{sys.argv[1]}/{name}", metadata={"format": "pt"})
                weight_map.update(dict.fromkeys(tensors, name))
                total += sum(t.nbytes for t in tensors.values())
            with open(f"{sys.argv[1]}/model.safetensors.index.json", "w") as f:
                index = {"metadata": {"total_size": total}, "weight_map": weight_map}
                f.write(json.dumps(index, indent=2, sort_keys=True) + "\\n")
            """;

    private static final String SHOW = """
            import json, os, sys
            from safetensors import safe_open
            index = json.load(open(sys.argv[1]))
            for name, shard in index["weight_map"].items():
                with safe_open(os.path.join(os.path.dirname(sys.argv[1]), shard), framework="np") as f:
                    assert f.metadata() == {"format": "pt"}, f.metadata()
                    tensor = f.get_tensor(name)
                    print(name, list(tensor.shape), tensor.tobytes().hex())
            """;

    @TempDir
    Path folder;

    private static List<String> lines(ShardedCheckpoint set) throws IOException {
        List<String> lines = new ArrayList<>();
        for (TensorView tensor : set.tensors()) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
            tensor.readBytes(0, bytes);
            String hex = HexFormat.of().formatHex(bytes.array());
            lines.add(tensor.info().name() + " " + tensor.info().shape() + " " + hex);
        }
        return lines;
    }

    @Test
    void bothDirections() throws Exception {
        OraclePython.lines(MAKE, folder);
        Path index = ShardedCheckpoint.indexIn(folder).orElseThrow();
        Path out = Files.createDirectory(folder.resolve("out")).resolve("pruned.safetensors.index.json");
        try (ShardedCheckpoint set = ShardedCheckpoint.open(index, SafetensorsFile::open)) {
            assertEquals(List.of(), set.warnings());
            assertEquals(OraclePython.lines(SHOW, index), lines(set));
            TensorView b = ArrayTensor.of("b", TensorShape.of(2, 3), new float[] {1, 0, 0, 2, 0, 0});
            set.rewrite(out, Map.of("b", b), Map.of("detinit.plan", "{}"));
        }
        try (ShardedCheckpoint set = ShardedCheckpoint.open(out, SafetensorsFile::open)) {
            assertEquals(OraclePython.lines(SHOW, out), lines(set));
            assertEquals("{}", set.metadata().get("detinit.plan"));
        }
    }
}
