package io.detinit.interop.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are cut off, and models that are well-formed messages but no sound graphs. */
class ShrinkDamageTest {

    @TempDir
    Path folder;

    private static Nets mlp() {
        Nets nets = new Nets(1);
        return nets.input("x", -1, 4)
                .output("y", -1, 3)
                .tensor("W", Nets.zeroRows(nets.weights(24), 6, 1), 6, 4)
                .tensor("V", 6, 3)
                .node("Gemm h x W", Nets.integer("transB", 1))
                .node("Relu a h")
                .node("Gemm y a V");
    }

    /** Every beginning of a model is refused with one line, or is one in which nothing is proven. */
    @Test
    void truncatedAnywhere() throws IOException {
        byte[] whole = Files.readAllBytes(mlp().write(folder));
        Path cut = folder.resolve("cut.onnx");
        Path target = folder.resolve("small.onnx");
        int refused = 0;
        for (int length = 0; length < whole.length; length += 1 + length % 3) {
            Files.write(cut, Arrays.copyOf(whole, length));
            try {
                assertFalse(Nets.shrink(cut, target).leftAlone().isEmpty());
            } catch (MalformedFileException e) {
                assertFalse(String.valueOf(e.getMessage()).contains("\n"));
                refused++;
            }
        }
        assertTrue(refused > 50, refused + " refused");
    }

    private void leftAlone(OnnxMl.ModelProto.Builder model, String words) throws IOException {
        Path target = folder.resolve("small.onnx");
        ShrinkReport report = Nets.shrink(TestModels.write(folder, model), target);
        assertFalse(report.shrunk());
        assertTrue(
                report.leftAlone().stream().anyMatch(left -> left.reason().contains(words)),
                report.leftAlone().toString());
        assertTrue(Files.exists(target), "an equal copy");
    }

    @Test
    void graphsThatAreNotSound() throws IOException {
        OnnxMl.GraphProto.Builder nodeless = mlp().graph();
        nodeless.setNode(0, OnnxMl.NodeProto.newBuilder().setOpType("Gemm"));
        leftAlone(TestModels.model(nodeless), "does not run it");
        OnnxMl.GraphProto.Builder backwards = mlp().graph();
        OnnxMl.NodeProto first = backwards.getNode(0);
        backwards.removeNode(0).addNode(first);
        Path target = folder.resolve("small.onnx");
        assertEquals(1, Nets.shrink(TestModels.write(folder, backwards), target).removedUnits());
        assertEquals("h", Nets.graph(target).getNode(0).getOutput(0));
        OnnxMl.GraphProto.Builder circle = mlp().graph();
        circle.setNode(0, circle.getNode(0).toBuilder().setInput(0, "a"));
        leftAlone(TestModels.model(circle), "no order");
        OnnxMl.GraphProto.Builder unfit = mlp().graph();
        unfit.setInitializer(1, TestModels.raw("V", new long[] {5, 3}, new float[15]));
        leftAlone(TestModels.model(unfit), "does not run it");
        OnnxMl.GraphProto.Builder trained = mlp().graph();
        leftAlone(
                TestModels.model(trained).addTrainingInfo(OnnxMl.TrainingInfoProto.newBuilder()),
                "training information");
    }

    @Test
    void aFileThatIsNoModel() throws IOException {
        Path text = Files.writeString(folder.resolve("text.onnx"), "not a model");
        assertThrows(MalformedFileException.class, () -> Nets.shrink(text, folder.resolve("small.onnx")));
        assertFalse(Files.exists(folder.resolve("small.onnx")));
    }
}
