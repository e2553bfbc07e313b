package io.detinit.interop.export;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.onnx.proto.OnnxMl;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** 500 random trees of Blocks, each exported and compared with DJL's own forward. Another seed: -Ddetinit.trees.seed=N. */
class RandomTreesTest {

    private static final int TREES = 500;

    @Test
    void everyTreeComputesWhatDjlComputes() throws Exception {
        long seed = Long.getLong("detinit.trees.seed", 20261129L);
        Set<String> operators = new HashSet<>();
        for (int k = 0; k < TREES; k++) {
            RandomBlocks blocks = new RandomBlocks(seed + k);
            long[] sample = blocks.sample();
            Block block = blocks.tree(sample);
            List<ModelInput> inputs = List.of(Exported.floats(sample));
            try (NDManager manager = NDManager.newBaseManager()) {
                Exported.initialised(block, manager, Exported.shapes(inputs, 2));
                byte[] model = OnnxExporter.export(block, inputs, ExportOptions.of(Exported.paths(block)));
                Exported.assertSameOutputs(block, model, inputs, 1 << k % 3, Exported.TOLERANCE);
                OnnxMl.ModelProto.parseFrom(model).getGraph().getNodeList().forEach(n -> operators.add(n.getOpType()));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + (seed + k) + ", sample " + Arrays.toString(sample) + ":\n" + block, e);
            }
        }
        assertTrue(operators.size() >= 40, operators.size() + " operators: " + operators);
    }
}
