package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Initial values are found whatever the two files call their parameters. */
class BaselineTest {

    @TempDir
    Path folder;

    private static float[] weights(long layer, long... dims) {
        return new TensorInit(1, layer, TensorShape.of(dims), Scheme.HE).toArray();
    }

    private static ArrayTensor tensor(String name, float[] values, long... dims) {
        return ArrayTensor.of(name, TensorShape.of(dims), values);
    }

    private static float[] trained(float[] initial) {
        float[] w = initial.clone();
        Random random = new Random(2);
        for (int k = 0; k < w.length; k++) {
            w[k] += (float) (random.nextGaussian() * 1e-3);
        }
        return w;
    }

    private Path file(String name, List<ArrayTensor> tensors) throws IOException {
        Path path = folder.resolve(name);
        SafetensorsWriter.write(path, tensors, Map.of());
        return path;
    }

    /** What each parameter of one file was found to be in another. */
    private Map<String, String> match(List<ArrayTensor> initial, List<ArrayTensor> trained) throws IOException {
        try (Checkpoint from = Checkpoints.open(file("from.safetensors", initial));
                Checkpoint to = Checkpoints.open(file("to.safetensors", trained))) {
            Map<String, String> names = new HashMap<>();
            Baseline.of(from, to).initials().forEach((name, found) -> names.put(name, found.name()));
            return names;
        }
    }

    @Test
    void wrappersContainersAndOuterModulesAreLookedThrough() throws IOException {
        List<ArrayTensor> initial = List.of(
                tensor("a.weight", weights(0, 8, 6), 8, 6),
                tensor("b.weight", weights(1, 8, 6), 8, 6),
                tensor("c.weight", weights(2, 8, 6), 8, 6),
                tensor("module.d.weight", weights(3, 8, 6), 8, 6));
        List<ArrayTensor> renamed = List.of(
                tensor("module.a.weight", trained(weights(0, 8, 6)), 8, 6),
                tensor("state_dict._orig_mod.module.b.weight", trained(weights(1, 8, 6)), 8, 6),
                tensor("model.backbone.c.weight", trained(weights(2, 8, 6)), 8, 6),
                tensor("d.weight", trained(weights(3, 8, 6)), 8, 6));
        assertEquals(
                Map.of(
                        "module.a.weight", "a.weight",
                        "state_dict._orig_mod.module.b.weight", "b.weight",
                        "model.backbone.c.weight", "c.weight",
                        "d.weight", "module.d.weight"),
                match(initial, renamed));
    }

    @Test
    void shapesContentAndOrderTellWhatNamesDoNot() throws IOException {
        List<ArrayTensor> initial = List.of(
                tensor("one", weights(0, 9, 5), 9, 5),
                tensor("left", weights(1, 40, 40), 40, 40),
                tensor("right", weights(2, 40, 40), 40, 40),
                tensor("first", new float[7], 7),
                tensor("second", new float[7], 7));
        List<ArrayTensor> renamed = List.of(
                tensor("p", trained(weights(2, 40, 40)), 40, 40),
                tensor("q", trained(weights(1, 40, 40)), 40, 40),
                tensor("r", trained(weights(0, 9, 5)), 9, 5),
                tensor("s", trained(new float[7]), 7),
                tensor("t", trained(new float[7]), 7));
        assertEquals(
                Map.of("p", "right", "q", "left", "r", "one", "s", "first", "t", "second"), match(initial, renamed));
    }

    @Test
    void whatIsInOneFileAloneIsNotAudited() throws IOException {
        List<ArrayTensor> initial =
                List.of(tensor("a", weights(0, 6, 6), 6, 6), tensor("head", weights(1, 4, 6), 4, 6));
        List<ArrayTensor> tuned =
                List.of(tensor("a", trained(weights(0, 6, 6)), 6, 6), tensor("other", weights(5, 3, 6), 3, 6));
        try (Checkpoint from = Checkpoints.open(file("from.safetensors", initial));
                Checkpoint to = Checkpoints.open(file("to.safetensors", tuned))) {
            Baseline baseline = Baseline.of(from, to);
            assertEquals(List.of("initial values without a parameter: [head]"), baseline.notes());
            AuditReport report = new Auditor(AuditOptions.of(Threshold.DEFAULT), 1).audit(to, baseline);
            assertEquals("not in the initial file", report.tensors().get(1).reason());
            assertEquals(36, report.elements());
            assertEquals(Provenance.Verdict.MATCH, report.provenance().verdict());
        }
    }

    @Test
    void filesWithNothingInCommonAreRefused() throws IOException {
        List<ArrayTensor> one = List.of(tensor("a", weights(0, 6, 6), 6, 6));
        List<ArrayTensor> other = List.of(tensor("b", weights(0, 6, 7), 6, 7));
        String message = assertThrows(InvalidPlanException.class, () -> match(one, other))
                .getMessage();
        assertTrue(message.contains("[a]"), message);
        List<ArrayTensor> reshaped = List.of(tensor("a", weights(0, 6, 7), 6, 7));
        assertThrows(InvalidPlanException.class, () -> match(one, reshaped));
    }

    @Test
    void aFoldedNormIsRecognisedWithoutItsName() throws IOException {
        float[] conv = weights(0, 16, 3, 3, 3);
        float[] folded = trained(conv);
        float[] decayed = conv.clone();
        Random random = new Random(6);
        for (int row = 0; row < 16; row++) {
            double factor = Math.exp(random.nextGaussian() * 0.5);
            for (int k = 0; k < 27; k++) {
                folded[row * 27 + k] *= (float) factor;
                decayed[row * 27 + k] *= 0.9f;
            }
        }
        assertTrue(obstacle(conv, folded).contains("each row is scaled by a factor of its own"));
        assertEquals("", obstacle(conv, decayed), "decay gives all rows one factor");
        float[] moved = conv.clone();
        for (int k = 0; k < moved.length; k++) {
            moved[k] += (float) (random.nextGaussian() * 0.1);
        }
        assertEquals("", obstacle(conv, moved));
    }

    private String obstacle(float[] initial, float[] trained) throws IOException {
        List<ArrayTensor> before =
                List.of(tensor("conv.weight", initial, 16, 3, 3, 3), tensor("conv.bias", weights(9, 1, 16), 16));
        List<ArrayTensor> after = new ArrayList<>(before);
        after.set(0, tensor("conv.weight", trained, 16, 3, 3, 3));
        try (Checkpoint from = Checkpoints.open(file("from.safetensors", before));
                Checkpoint to = Checkpoints.open(file("to.safetensors", after))) {
            Map<String, String> reasons = Baseline.of(from, to).unaudited();
            assertEquals(reasons.getOrDefault("conv.weight", ""), reasons.getOrDefault("conv.bias", ""));
            return reasons.getOrDefault("conv.weight", "");
        }
    }
}
