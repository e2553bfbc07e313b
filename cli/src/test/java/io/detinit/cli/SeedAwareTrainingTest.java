package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Masks, fine-tuning and sleep through the command, from one file to the next. */
class SeedAwareTrainingTest {

    private static final int WEIGHTS = 784 * 24 + 24 * 10;

    @TempDir
    static Path folder;

    private static SmallRun dense = new SmallRun(Path.of(""), "");

    @BeforeAll
    static void trainDense() throws IOException {
        dense = SmallRun.in(folder);
    }

    private static CommandRun run(String command, Object... options) {
        List<Object> line = new ArrayList<>(List.of(command));
        line.addAll(Arrays.asList(options));
        return CommandRun.of(line.toArray());
    }

    private static CommandRun train(String name, Object... options) {
        List<Object> line = new ArrayList<>(List.of(
                "--data", dense.data(), "--batch", 32, "--model", "mlp:784-24-10", "--threads", 1, "-o", at(name)));
        line.addAll(Arrays.asList(options));
        return run("train", line.toArray());
    }

    private static Path at(String name) {
        return folder.resolve(name);
    }

    private static Path model(String name) {
        return at(name).resolve("model.safetensors");
    }

    private static JsonNode card(String name) throws IOException {
        return new ObjectMapper().readTree(Files.readString(at(name).resolve("run.json")));
    }

    private static void done(CommandRun run) {
        assertEquals(0, run.code(), run.err());
    }

    private static float[] weights(Path file, String name) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            TensorView tensor = checkpoint.find(name).orElseThrow();
            float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
            tensor.readFloats(0, values, 0, values.length);
            return values;
        }
    }

    private static long zeros(Path file) throws IOException {
        long zeros = 0;
        for (String name : List.of("fc1.weight", "fc2.weight")) {
            for (float w : weights(file, name)) {
                zeros += Float.floatToRawIntBits(w) == 0 ? 1 : 0;
            }
        }
        return zeros;
    }

    @Test
    void aPrunedModelIsFineTunedAndWhatWasPrunedStaysZero() throws IOException {
        Path pruned = at("pruned.safetensors");
        Path masks = at("masks.safetensors");
        done(run("prune", dense.file("model.safetensors"), "--sparsity", 0.623, "--fill", "zero", "-o", pruned));
        done(run("mask", dense.file("model.safetensors"), "--sparsity", 0.623, "--bitmap", "-o", masks));
        long expected = Math.round(0.623 * WEIGHTS);
        assertEquals(expected, zeros(pruned));

        CommandRun tuned = train("tuned", "--from", pruned, "--keep-zeros", "--epochs", 3, "--weight-decay", 1e-4);
        done(tuned);
        assertTrue(tuned.err().contains("starts from " + pruned), tuned.err());
        assertTrue(tuned.err().contains("(62.3 %), which hold 0"), tuned.err());
        assertFalse(tuned.err().contains("warning"), tuned.err());
        assertEquals(expected, zeros(model("tuned")));
        JsonNode card = card("tuned");
        assertEquals(7, card.path("seed").asLong(), "the plan's seed");
        assertEquals(expected, card.path("masks").path("pruned").asLong());
        assertEquals(pruned.toString(), card.path("from").path("file").asText());

        // the same weights by the masks, as bytes and as bitmaps, and from every format that a run leaves
        done(run("prune", dense.file("model.onnx"), "--masks", masks, "--fill", "zero", "-o", at("pruned.onnx")));
        for (Path from : List.of(pruned, at("pruned.onnx"), dense.folder())) {
            String name = "by-masks-" + from.getFileName();
            Path given = from.equals(pruned) ? at("masks.safetensors.roaring") : masks;
            done(train(name, "--from", from, "--masks", given, "--epochs", 3, "--weight-decay", 1e-4));
            assertEquals(-1, Files.mismatch(model("tuned"), model(name)), name);
        }

        // what the audit says of it: w0 is what it was, and the pruned weights are those of the mask
        JsonNode audit = run("audit", model("tuned"), "--json").json();
        assertEquals(7, audit.path("baseline").path("seed").asLong());
        assertEquals("match", audit.path("provenance").path("verdict").asText());
        JsonNode before = run("eval", pruned.resolveSibling("pruned.onnx"), "--data", dense.data(), "--json")
                .json();
        JsonNode after = run("eval", at("tuned").resolve("model.onnx"), "--data", dense.data(), "--json")
                .json();
        assertTrue(
                after.path("accuracy").asDouble() > before.path("accuracy").asDouble(),
                before.path("accuracy") + " before, " + after.path("accuracy") + " after");
    }

    @Test
    void masksWithInitialValuesLeaveWeightsThatNeedNotBeStored() throws IOException {
        Path masks = at("init-masks.safetensors");
        done(run("mask", dense.file("model.safetensors"), "--sparsity", 0.5, "-o", masks));
        done(train(
                "init", "--from", dense.file("model.safetensors"), "--masks", masks, "--fill", "init", "--epochs", 1));
        assertEquals(0, unmovedLost("init"), "back to w0 loses nothing");
        assertTrue(bitIdentical("init") >= WEIGHTS / 2, bitIdentical("init") + " unmoved");
        // from the initial weights as well
        done(train("ticket", "--seed", 7, "--masks", masks, "--epochs", 1));
        assertEquals(Math.round(0.5 * WEIGHTS), zeros(model("ticket")));
    }

    private static long bitIdentical(String name) throws IOException {
        long unmoved = 0;
        for (JsonNode tensor :
                run("audit", model(name), "--threshold", 0, "--json").json().path("tensors")) {
            assertEquals(
                    tensor.path("elements").asLong() - tensor.path("moved").asLong(),
                    tensor.path("bitIdentical").asLong());
            unmoved += tensor.path("name").asText().endsWith("weight")
                    ? tensor.path("bitIdentical").asLong()
                    : 0;
        }
        return unmoved;
    }

    /** Weights that change where the unmoved ones are put back to w0. */
    private static int unmovedLost(String name) throws IOException {
        Path back = at(name + "-back.safetensors");
        done(run("prune", model(name), "--threshold", 0, "--fill", "init", "-o", back));
        int lost = 0;
        for (String tensor : List.of("fc1.weight", "fc2.weight", "fc1.bias", "fc2.bias")) {
            float[] left = weights(model(name), tensor);
            float[] right = weights(back, tensor);
            for (int k = 0; k < left.length; k++) {
                lost += Float.floatToRawIntBits(left[k]) == Float.floatToRawIntBits(right[k]) ? 0 : 1;
            }
        }
        return lost;
    }

    @Test
    void sleepLeavesExactlyUnmovedWeightsAndZeroSleepNoTrace() throws IOException {
        done(train("plain", "--seed", 7, "--epochs", 2));
        done(train("nothing", "--seed", 7, "--epochs", 2, "--sleep", 0, "--pull", 0));
        for (String file : List.of("model.safetensors", "model.onnx", "model.params")) {
            assertEquals(
                    -1, Files.mismatch(at("plain").resolve(file), at("nothing").resolve(file)), file);
        }
        CommandRun asleep = train("asleep", "--seed", 7, "--epochs", 2, "--sleep", 2e-3, "--threshold", 0);
        done(asleep);
        long unmoved = bitIdentical("asleep");
        assertTrue(unmoved > bitIdentical("plain") + 0.25 * WEIGHTS, unmoved + " against " + bitIdentical("plain"));
        assertEquals(0, unmovedLost("asleep"));
        assertEquals(2e-3, card("asleep").path("sleep").path("lambda").asDouble());
        assertFalse(card("nothing").has("sleep"));

        done(train("pulled", "--seed", 7, "--epochs", 2, "--pull", 0.01, "--sleep-exclude", "fc2.*"));
        assertEquals(
                "fc2.*", card("pulled").path("pull").path("exclude").path(0).asText());
        assertTrue(rms("pulled") < rms("plain"), rms("pulled") + " against " + rms("plain"));
    }

    private static double rms(String name) throws IOException {
        return run("audit", model(name), "--json")
                .json()
                .path("tensors")
                .path(0)
                .path("rmsDelta")
                .asDouble();
    }

    @Test
    void requestsThatMakeNoSenseAreOneLineAndWriteNothing() throws IOException {
        Path file = dense.file("model.safetensors");
        Path other = at("other.safetensors");
        Files.copy(dense.file("model.params"), other);
        Object[][] usage = {
            {},
            {"--keep-zeros", "--seed", 7},
            {"--from", file, "--keep-zeros"},
            {"--from", file, "--fill", "zero"},
            {"--from", file, "--seed", 8},
            {"--from", file, "--scheme", "xavier"},
            {"--from", other},
            {"--seed", 7, "--sleep", -1},
            {"--seed", 7, "--pull", "NaN"},
            {"--seed", 7, "--sleep-include", "fc1.*"},
            {"--seed", 7, "--sleep", 0.1, "--sleep-include", "conv*"},
        };
        for (Object[] options : usage) {
            CommandRun refused = train("refused", options);
            assertEquals(2, refused.code(), Arrays.toString(options) + refused.err());
            assertTrue(refused.err().lines().anyMatch(line -> line.startsWith("detinit: ")), refused.err());
            assertFalse(Files.exists(at("refused")), Arrays.toString(options));
        }
        CommandRun seed = train("refused", "--from", file, "--seed", 8);
        assertTrue(seed.error().contains("has the seed 7, which w0 follows; leave --seed away"), seed.err());
        CommandRun model =
                run("train", "--data", dense.data(), "--from", file, "--model", "mlp:784-20-10", "-o", at("refused"));
        assertEquals(3, model.code(), model.err());
        assertTrue(model.error().contains("found the shape [24, 784], expected 'fc1.weight' [20, 784]"), model.err());
        assertEquals(
                4, train("refused", "--from", at("missing.pt"), "--seed", 1).code());
    }
}
