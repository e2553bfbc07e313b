package io.detinit.interop.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** External data of more than 2 GiB, made on the spot with holes where no weight is looked at. */
class LargeExternalDataTest {

    private static final long COLS = 1 << 20;
    private static final long ROWS = 530;
    private static final long BYTES = ROWS * COLS * Float.BYTES;
    private static final int BLOCK = 1 << 12;
    private static final long BOUNDARY = 1L << 31;
    private static final long ROOM = 6L << 30;
    private static final long[] PLACES = {0, BOUNDARY - BLOCK / 2, BYTES - BLOCK, BYTES};

    @TempDir
    Path folder;

    /** Every other weight is large, and no two are the same. */
    private static float[] weights(long place) {
        float[] values = new float[BLOCK / Float.BYTES];
        for (int k = 0; k < values.length; k++) {
            float small = (k + place % 1000) / 10_000f;
            values[k] = k % 2 == 0 ? 1 + small : -small;
        }
        return values;
    }

    private Path model() throws IOException {
        try (FileChannel channel = FileChannel.open(
                folder.resolve("weights.bin"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            for (long place : PLACES) {
                ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
                block.asFloatBuffer().put(weights(place));
                channel.write(block, place);
            }
        }
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, COLS))
                .addOutput(TestModels.value("y", -1, ROWS))
                .addNode(TestModels.node("Gemm", "h", "x", "large")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("transB")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)))
                .addNode(TestModels.node("MatMul", "y", "h", "behind"))
                .addInitializer(external("large", 0, BYTES, ROWS, COLS))
                .addInitializer(external("behind", BYTES, BLOCK, 2, BLOCK / 8));
        return TestModels.write(folder, graph);
    }

    private static OnnxMl.TensorProto.Builder external(String name, long offset, long length, long... dims) {
        return TestModels.tensor(name, 1, dims)
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(entry("location", "weights.bin"))
                .addExternalData(entry("offset", Long.toString(offset)))
                .addExternalData(entry("length", Long.toString(length)));
    }

    private static OnnxMl.StringStringEntryProto entry(String key, String value) {
        return OnnxMl.StringStringEntryProto.newBuilder()
                .setKey(key)
                .setValue(value)
                .build();
    }

    private static float[] read(TensorView tensor, long byteFrom) throws IOException {
        float[] values = new float[BLOCK / Float.BYTES];
        tensor.readFloats(byteFrom / Float.BYTES, values, 0, values.length);
        return values;
    }

    private static float[] pruned(long place) {
        float[] values = weights(place);
        for (int k = 1; k < values.length; k += 2) {
            values[k] = 0;
        }
        return values;
    }

    @Test
    void moreThanTwoGibibytesArePruned() throws IOException {
        long room = Files.getFileStore(folder).getUsableSpace();
        assumeTrue(room > ROOM, "the temporary folder has " + room + " bytes of room, " + ROOM + " are needed");
        Path target = folder.resolve("pruned.onnx");
        Selection selection = new Selection(Criterion.MAGNITUDE, new Selection.AtMost(0.5), Selection.Scope.GLOBAL);
        try (Checkpoint checkpoint = Checkpoints.open(model())) {
            PruneReport report = new Pruner(Baseline.none(checkpoint), 2)
                    .prune(checkpoint, selection, Fill.ZERO, Destination.dense(target, Map.of()));
            assertEquals(ROWS * COLS + BLOCK / 4L, report.prunable());
            assertEquals(PLACES.length * (BLOCK / 8L), report.kept());
        }
        assertTrue(Files.size(folder.resolve("pruned.onnx.data")) > BOUNDARY);
        assertTrue(Files.size(target) < BLOCK, "the weights lie outside");
        try (Checkpoint checkpoint = Checkpoints.open(target)) {
            TensorView large = checkpoint.find("large").orElseThrow();
            assertEquals("pruned.onnx.data, byte 0", large.location());
            for (long place : PLACES) {
                boolean inside = place < BYTES;
                TensorView tensor = inside ? large : checkpoint.find("behind").orElseThrow();
                assertArrayEquals(pruned(place), read(tensor, inside ? place : 0), "byte " + place);
            }
            assertArrayEquals(new float[BLOCK / Float.BYTES], read(large, BOUNDARY + BLOCK));
        }
    }
}
