package io.detinit.interop.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.basicmodelzoo.cv.classification.GoogLeNet;
import ai.djl.basicmodelzoo.cv.classification.ResNetV1;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Conv2dTranspose;
import ai.djl.nn.core.Prelu;
import ai.djl.training.initializer.ConstantInitializer;
import io.detinit.interop.OraclePython;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * onnx.checker (full check) and strict shape inference, with the declared output shapes against the inferred ones, on a model of every Block. Run by
 * {@code mvn -Poracle}, with DETINIT_ORACLE_PYTHON naming a Python that has onnx.
 */
@Tag("oracle")
class ExportCheckerOracleTest {

    private static final Path SCRIPT = Path.of("src/test/python/check_models.py");

    @TempDir
    Path folder;

    private int written;

    private void write(Block block, List<ModelInput> inputs, ExportOptions options) throws IOException {
        String number = String.format(java.util.Locale.ROOT, "%04d", written++);
        OnnxExporter.write(folder.resolve(number + "-opset" + options.opset() + ".onnx"), block, inputs, options);
    }

    private void writeAll(Block block, List<ModelInput> inputs, int... opsets) throws IOException {
        try (NDManager manager = NDManager.newBaseManager()) {
            Exported.initialised(block, manager, Exported.shapes(inputs, 2));
            for (int opset : opsets) {
                write(block, inputs, ExportOptions.of(Exported.paths(block)).withOpset(opset));
            }
        }
    }

    private void check() throws IOException, InterruptedException {
        assertEquals(written, Integer.parseInt(OraclePython.run(SCRIPT, folder).strip()));
        assertTrue(written > 0);
    }

    @Test
    void everyBlockPassesInTheFirstTheDefaultAndTheLastOpset() throws Exception {
        for (BlockExportTest.Case one : BlockExportTest.cases().toList()) {
            writeAll(one.block().get(), List.of(one.inputs()[0]), 13, 17, 18, 21);
        }
        check();
    }

    @Test
    void zooAndEngineLessBlocksPass() throws Exception {
        writeAll(
                ResNetV1.builder()
                        .setImageShape(new Shape(3, 28, 28))
                        .setNumLayers(8)
                        .setOutSize(5)
                        .build(),
                List.of(Exported.floats(3, 28, 28)),
                13,
                17,
                21);
        writeAll(GoogLeNet.builder().build(), List.of(Exported.floats(3, 32, 32)), 17);
        List<ModelInput> image = List.of(Exported.floats(4, 5, 5));
        writeAll(
                Conv2dTranspose.builder()
                        .setKernelShape(new Shape(3, 3))
                        .setFilters(4)
                        .optStride(new Shape(2, 2))
                        .optOutPadding(new Shape(1, 1))
                        .optGroups(2)
                        .build(),
                image,
                13,
                17,
                21);
        try (NDManager manager = NDManager.newBaseManager()) {
            Block prelu = new Prelu();
            prelu.setInitializer(new ConstantInitializer(0.3f), Parameter.Type.WEIGHT);
            prelu.initialize(manager, DataType.FLOAT32, new Shape(1, 4, 5, 5));
            write(prelu, image, ExportOptions.of(p -> "slope"));
            Block half = HalfBlocks.sequence();
            half.initialize(manager, DataType.FLOAT16, new Shape(1, 3, 8));
            List<ModelInput> sequence = List.of(Exported.floats(3, 8));
            write(half, sequence, ExportOptions.of(Exported.paths(half)));
            write(half, sequence, ExportOptions.of(Exported.paths(half)).withMaxModelBytes(0));
        }
        check();
    }

    @Test
    void randomTreesPass() throws Exception {
        for (int k = 0; k < 100; k++) {
            RandomBlocks blocks = new RandomBlocks(77_000 + k);
            long[] sample = blocks.sample();
            writeAll(blocks.tree(sample), List.of(Exported.floats(sample)), 13 + k % 9);
        }
        check();
    }
}
