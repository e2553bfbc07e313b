package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskSets;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Masks as users make, combine, compare and apply them. */
class MaskCommandTest {

    private static final TensorShape A = TensorShape.of(60, 50);
    private static final TensorShape B = TensorShape.of(10, 60);
    private static final TensorShape BIAS = TensorShape.of(60);
    private static final InitPlan PLAN = new InitPlan(
            42,
            List.of(
                    new PlannedTensor("fc1.weight", A, 0, Scheme.HE),
                    new PlannedTensor("fc1.bias", BIAS, -1, Scheme.ZEROS),
                    new PlannedTensor("fc2.weight", B, 1, Scheme.HE)));

    @TempDir
    Path folder;

    private Path first;
    private Path second;
    private Path plain;

    @BeforeEach
    void write() throws IOException {
        Map<String, String> plan = Map.of(Checkpoint.PLAN_KEY, PlanJson.write(PLAN));
        first = write("first.safetensors", 1, plan);
        second = write("second.safetensors", 2, plan);
        plain = write("plain.safetensors", 1, Map.of());
    }

    /** About half of the weights moved. */
    private static float[] trained(String name, long seed) {
        float[] w = PLAN.init(name).toArray();
        Random random = new Random(seed);
        for (int k = 0; k < w.length; k++) {
            w[k] += random.nextBoolean() ? (float) random.nextGaussian() : 0;
        }
        return w;
    }

    private Path write(String file, long seed, Map<String, String> metadata) throws IOException {
        Path path = folder.resolve(file);
        SafetensorsWriter.write(
                path,
                List.of(
                        ArrayTensor.of("fc1.weight", A, trained("fc1.weight", seed)),
                        ArrayTensor.of("fc1.bias", BIAS, trained("fc1.bias", seed)),
                        ArrayTensor.of("fc2.weight", B, trained("fc2.weight", seed))),
                metadata);
        return path;
    }

    private Path path(String name) {
        return folder.resolve(name);
    }

    private static JsonNode done(Object... line) throws IOException {
        CommandRun run = CommandRun.of(line);
        assertEquals(0, run.code(), run.err());
        return run.json();
    }

    private static Map<String, Mask> read(Path file) throws IOException {
        return MaskFile.read(file).stored().masks();
    }

    @Test
    void aThresholdKeepsExactlyWhatTheAuditCallsMoved() throws IOException {
        JsonNode audit = done("audit", first, "--threshold", "0.3", "--json");
        JsonNode mask = done("mask", first, "--threshold", "0.3", "-o", path("m.safetensors"), "--json");
        int compared = 0;
        for (JsonNode tensor : mask.path("tensors")) {
            for (JsonNode other : audit.path("tensors")) {
                if (other.path("name").equals(tensor.path("name"))) {
                    assertEquals(
                            other.path("moved").asLong(), tensor.path("kept").asLong());
                    compared++;
                }
            }
        }
        assertEquals(2, compared);
        Mask moved = Mask.ofMoved(trained("fc1.weight", 1), PLAN.init("fc1.weight"), 0.3);
        assertEquals(moved, read(path("m.safetensors")).get("fc1.weight"));
        assertEquals(Files.size(path("m.safetensors")), mask.path("bytes").asLong());
    }

    @Test
    void aSparsityPrunesExactlyAndTheFileSaysHowItWasMade() throws IOException {
        Path output = path("m.safetensors");
        JsonNode mask =
                done("mask", first, "--sparsity", "0.69", "--scope", "layer", "-o", output, "--bitmap", "--json");
        assertEquals("movement", mask.path("criterion").asText());
        assertEquals(
                3000 - Math.round(0.69 * 3000),
                mask.path("tensors").get(0).path("kept").asLong());
        assertEquals(
                600 - Math.round(0.69 * 600),
                mask.path("tensors").get(1).path("kept").asLong());
        Path bitmap = Path.of(mask.path("bitmap").path("output").asText());
        assertEquals(path("m.safetensors.roaring"), bitmap);
        assertEquals(Files.size(bitmap), mask.path("bitmap").path("bytes").asLong());
        assertEquals(MaskFile.read(output).stored(), MaskFile.read(bitmap).stored());
        Map<String, String> metadata = MaskFile.read(output).metadata();
        assertEquals(PlanJson.write(PLAN), metadata.get(Checkpoint.PLAN_KEY));
        JsonNode record = new ObjectMapper().readTree(metadata.get("detinit.mask"));
        assertEquals("movement", record.path("criterion").asText());
        assertEquals(0.69, record.path("sparsity").asDouble());
        assertEquals("layer", record.path("scope").asText());
        assertEquals("seed", record.path("baseline").asText());
        assertEquals(42, record.path("seed").asLong());
        assertEquals("first.safetensors", record.path("source").asText());
        assertTrue(record.path("tool").asText().startsWith("detinit "));
        CommandRun text = CommandRun.of("mask", first, "--sparsity", "0.5", "-o", output, "--bitmap", "--force");
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("all masks") && text.out().contains("wrote " + bitmap), text.out());
    }

    @Test
    void theCutIsSaidAndRecorded() throws IOException {
        Path output = path("m.safetensors");
        JsonNode mask = done("mask", first, "--sparsity", "0.9", "-o", output, "--json");
        double cut = mask.path("cut").asDouble();
        assertTrue(cut > 0, mask.toString());
        assertEquals(cut, record(output).path("cut").asDouble());
        JsonNode again = done("mask", first, "--threshold", cut, "-o", output, "--force", "--json");
        assertEquals(mask.path("kept"), again.path("kept"), "the cut as a threshold prunes the same weights");
        assertEquals(cut, again.path("cut").asDouble());
        JsonNode layers =
                done("mask", first, "--sparsity", "0.9", "--scope", "layer", "-o", output, "--force", "--json");
        assertTrue(layers.path("cut").isNull());
        for (JsonNode tensor : layers.path("tensors")) {
            JsonNode recorded =
                    record(output).path("cuts").path(tensor.path("name").asText());
            assertTrue(tensor.path("cut").isNumber(), layers.toString());
            assertEquals(recorded, tensor.path("cut"));
        }
        CommandRun text = CommandRun.of("mask", first, "--sparsity", "0.9", "-o", output, "--force");
        assertTrue(text.out().contains("cut at movement " + String.format(Locale.ROOT, "%.6g", cut)), text.out());
        JsonNode flipped = done(
                "mask",
                first,
                "--sparsity",
                "0.01",
                "--criterion",
                "movement_same_sign",
                "-o",
                output,
                "--force",
                "--json");
        assertTrue(flipped.path("cutChangedSign").asBoolean(), flipped.toString());
        assertEquals(
                flipped.path("cut"), record(output).path("cut").path("score"), "only weights that changed sign went");
    }

    private static JsonNode record(Path file) throws IOException {
        return new ObjectMapper().readTree(MaskFile.read(file).metadata().get("detinit.mask"));
    }

    @Test
    void everyCriterionSelectsAndMagnitudeIsTheNameOfLargeFinal() throws IOException {
        for (Criterion criterion : Criterion.values()) {
            Path output = path(criterion.id());
            JsonNode mask =
                    done("mask", first, "--sparsity", "0.7", "--criterion", criterion.id(), "-o", output, "--json");
            assertEquals(3600 - Math.round(0.7 * 3600), mask.path("kept").asLong());
            assertEquals(criterion.id(), record(output).path("criterion").asText());
        }
        JsonNode alias =
                done("mask", first, "--sparsity", "0.7", "--criterion", "large_final", "-o", path("alias"), "--json");
        assertEquals("magnitude", alias.path("criterion").asText());
        assertEquals(read(path("magnitude")), read(path("alias")));
        done("mask", first, "--criterion", "small_final", "--threshold=-0.5", "-o", path("small"), "--json");
        float[] w = trained("fc1.weight", 1);
        assertEquals(
                Mask.of(A, element -> Math.abs(w[(int) element]) < 0.5f),
                read(path("small")).get("fc1.weight"));
    }

    @Test
    void randomNeedsNoBaselineAndRecordsItsSeed() throws IOException {
        for (Object seed : List.of(0, 7)) {
            done(
                    "mask",
                    plain,
                    "--sparsity",
                    "0.5",
                    "--criterion",
                    "random",
                    "--random-seed",
                    seed,
                    "-o",
                    path("r" + seed),
                    "--json");
            assertEquals(seed, record(path("r" + seed)).path("randomSeed").asInt(-1));
        }
        done("mask", first, "--sparsity", "0.5", "--criterion", "random", "-o", path("r"), "--json");
        assertEquals(read(path("r0")), read(path("r")), "0 unless given, and of the names alone");
        assertFalse(read(path("r0")).equals(read(path("r7"))));
    }

    @Test
    void aPatternKeepsTwoOfEveryFour() throws IOException {
        JsonNode mask = done("mask", plain, "--pattern", "2:4", "--criterion", "magnitude", "-o", path("m"), "--json");
        assertEquals("2:4", mask.path("pattern").asText());
        assertTrue(mask.path("scope").isMissingNode() && mask.path("cut").isNull(), mask.toString());
        assertEquals("2:4", record(path("m")).path("pattern").asText());
        // 50 inputs are 12 groups of four and one of two, which keeps two
        assertEquals(60 * 26, read(path("m")).get("fc1.weight").kept());
        assertEquals(10 * 30, read(path("m")).get("fc2.weight").kept());
        JsonNode pruned = done(
                "prune",
                plain,
                "-o",
                path("p"),
                "--pattern",
                "2:4",
                "--criterion",
                "magnitude",
                "--fill",
                "zero",
                "--json");
        assertEquals(60 * 26 + 10 * 30, kept(pruned));
    }

    private static long kept(JsonNode pruned) {
        long kept = 0;
        for (JsonNode tensor : pruned.path("tensors")) {
            kept += tensor.path("kept").asLong();
        }
        return kept;
    }

    @Test
    void vectorsAndProtectedMatricesAreAskedFor() throws IOException {
        JsonNode all = done("mask", first, "--sparsity", "0.5", "--prune-vectors", "-o", path("v"), "--json");
        assertEquals(
                Set.of("fc1.weight", "fc1.bias", "fc2.weight"), read(path("v")).keySet());
        assertEquals(1830, all.path("kept").asLong());
        assertTrue(record(path("v")).path("vectors").asBoolean());
        JsonNode last = done("mask", first, "--sparsity", "0.5", "--protect-first", "-o", path("l"), "--json");
        assertEquals(Set.of("fc2.weight"), read(path("l")).keySet());
        assertEquals(300, last.path("kept").asLong());
        assertEquals("fc1.weight", last.path("protected").path(0).asText());
        assertEquals("first", record(path("l")).path("protect").path(0).asText());
        assertEquals(
                "fc1.weight", record(path("l")).path("protectedTensors").path(0).asText());
        CommandRun text = CommandRun.of("mask", first, "--sparsity", "0.5", "--protect-last", "-o", path("f"));
        assertTrue(text.out().contains("kept whole: fc2.weight"), text.out());
        CommandRun none = CommandRun.of(
                "mask", first, "--sparsity", "0.5", "--protect-first", "--protect-last", "-o", path("never"));
        assertEquals(2, none.code());
        assertTrue(none.error().contains("nothing to prune: all that could be is protected"), none.err());
    }

    @Test
    void namesAreTakenAndLeftOutByMaskAndPrune() throws IOException {
        JsonNode one = done("mask", first, "--sparsity", "0.5", "--include", "fc2.*", "-o", path("a"), "--json");
        assertEquals(Set.of("fc2.weight"), read(path("a")).keySet());
        assertEquals(300, one.path("kept").asLong());
        done("mask", first, "--sparsity", "0.5", "--exclude", "fc2.*", "-o", path("b"), "--json");
        assertEquals(Set.of("fc1.weight"), read(path("b")).keySet());
        JsonNode pruned = done(
                "prune", first, "-o", path("p"), "--sparsity", "0.5", "--exclude", "*1*", "--fill", "zero", "--json");
        assertEquals(1, pruned.path("tensors").size());
        assertEquals("fc2.weight", pruned.path("tensors").get(0).path("name").asText());
        CommandRun slip = CommandRun.of("mask", first, "--sparsity", "0.5", "--exclude", "fc3*", "-o", path("never"));
        assertEquals(2, slip.code());
        assertTrue(slip.error().contains("the pattern 'fc3*' fits no tensor"), slip.err());
        assertFalse(Files.exists(path("never")));
    }

    private static float[] weights(Path file, String name) throws IOException {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            var tensor = open.find(name).orElseThrow();
            float[] values = new float[(int) tensor.info().shape().elements()];
            tensor.readFloats(0, values, 0, values.length);
            return values;
        }
    }

    @Test
    void pruningByMasksIsPruningByTheirSelection() throws IOException {
        done("mask", first, "--sparsity", "0.6", "-o", path("m"), "--bitmap", "--json");
        for (String fill : List.of("zero", "init")) {
            Path selected = path("selected." + fill);
            done("prune", first, "-o", selected, "--sparsity", "0.6", "--fill", fill, "--json");
            for (String masks : List.of("m", "m.roaring")) {
                Path output = path(masks + "." + fill);
                JsonNode json = done("prune", first, "-o", output, "--masks", path(masks), "--fill", fill, "--json");
                assertEquals(0.6, json.path("sparsity").asDouble());
                assertTrue(json.path("criterion").isNull());
                for (String name : List.of("fc1.weight", "fc1.bias", "fc2.weight")) {
                    assertArrayEquals(weights(selected, name), weights(output, name));
                }
            }
        }
        Path bare = path("bare");
        assertEquals(
                0,
                CommandRun.of("prune", plain, "-o", bare, "--masks", path("m"), "--fill", "zero")
                        .code(),
                "zeros need no baseline");
        assertArrayEquals(weights(path("selected.zero"), "fc1.weight"), weights(bare, "fc1.weight"));
        CommandRun init = CommandRun.of("prune", plain, "-o", path("x"), "--masks", path("m"), "--fill", "init");
        assertEquals(2, init.code());
        assertTrue(init.error().contains("carries no plan"), init.err());
        assertEquals(
                0,
                CommandRun.of("prune", plain, "-o", path("x"), "--masks", path("m"), "--fill", "init", "--seed", 42)
                        .code());
        assertArrayEquals(weights(path("selected.init"), "fc2.weight"), weights(path("x"), "fc2.weight"));
    }

    @Test
    void filesAreCombined() throws IOException {
        done("mask", first, "--sparsity", "0.6", "-o", path("a"), "--bitmap", "--json");
        done("mask", second, "--sparsity", "0.3", "-o", path("b"), "--json");
        Map<String, Mask> a = read(path("a"));
        Map<String, Mask> b = read(path("b"));
        for (MaskSets.Operation operation : MaskSets.Operation.values()) {
            Path output = path("c." + operation.id());
            JsonNode json = done("masks", operation.id(), path("a"), path("b"), "-o", output, "--json");
            assertEquals(MaskSets.combine(operation, a, b), read(output));
            long kept = read(output).values().stream().mapToLong(Mask::kept).sum();
            assertEquals(kept, json.path("kept").asLong());
            assertEquals(operation.id(), json.path("operation").asText());
        }
        done("masks", "not", path("a.roaring"), "-o", path("not"), "--bitmap", "--json");
        assertEquals(MaskSets.not(a), read(path("not")));
        assertEquals(MaskSets.not(a), read(path("not.roaring")));
        assertTrue(MaskFile.read(path("not")).metadata().containsKey(Checkpoint.PLAN_KEY));
        CommandRun again = CommandRun.of("masks", "not", path("a"), "-o", path("not"));
        assertEquals(2, again.code());
        assertTrue(again.error().contains("--force"), again.err());
    }

    @Test
    void overlapIsThatOfTheMasksAndOfTheAudits() throws IOException {
        done("mask", first, "--threshold", "0.3", "-o", path("a"), "--json");
        done("mask", second, "--threshold", "0.3", "-o", path("b"), "--json");
        JsonNode files = done("masks", "overlap", path("a"), path("b"), "--json");
        JsonNode audits = done("masks", "overlap", "--audit", first, second, "--threshold", "0.3", "--json");
        assertEquals(files.path("tensors"), audits.path("tensors"));
        assertEquals(files.path("total"), audits.path("total"));
        Mask a = read(path("a")).get("fc1.weight");
        Mask b = read(path("b")).get("fc1.weight");
        JsonNode tensor = files.path("tensors").get(0);
        assertEquals("fc1.weight", tensor.path("name").asText());
        assertEquals(a.and(b).kept(), tensor.path("keptBoth").asLong());
        assertEquals(
                (double) a.and(b).kept() / a.or(b).kept(),
                tensor.path("jaccard").asDouble());
        assertEquals(
                (double) a.not().and(b.not()).kept() / a.and(b).not().kept(),
                tensor.path("jaccardPruned").asDouble());
        assertEquals(
                (double) a.kept() * b.kept() / a.size(),
                tensor.path("keptBothByChance").asDouble(),
                1e-9);
        assertEquals(3600, files.path("total").path("elements").asLong());
        CommandRun seeded =
                CommandRun.of("masks", "overlap", "--audit", plain, plain, "--seed", 42, "--threshold", "1e-3");
        assertEquals(0, seeded.code(), seeded.err());
        assertTrue(seeded.out().contains("total") && seeded.out().contains("1.0000"), seeded.out());
    }

    @Test
    void masksOfDifferentModelsAreOneLine() throws IOException {
        Path other = path("other.safetensors");
        SafetensorsWriter.write(other, List.of(ArrayTensor.of("fc1.weight", B, trained("fc2.weight", 1))), Map.of());
        done("mask", first, "--sparsity", "0.6", "--include", "fc1*", "-o", path("a"), "--json");
        done("mask", other, "--seed", 1, "--sparsity", "0.6", "-o", path("b"), "--json");
        for (List<Object> line : List.<List<Object>>of(
                List.of("masks", "and", path("a"), path("b"), "-o", path("c")),
                List.of("masks", "overlap", path("a"), path("b")))) {
            CommandRun run = CommandRun.of(line.toArray());
            assertEquals(3, run.code());
            assertTrue(run.error().contains("tensor 'fc1.weight': found [10, 60], expected [60, 50]"), run.err());
        }
        CommandRun prune = CommandRun.of("prune", first, "-o", path("c"), "--masks", path("b"), "--fill", "zero");
        assertEquals(3, prune.code());
        assertTrue(prune.error().contains("'fc1.weight_mask': found the shape [10, 60]"), prune.err());
        CommandRun model = CommandRun.of("masks", "not", first, "-o", path("c"));
        assertEquals(3, model.code());
        assertTrue(model.error().contains("expected <parameter>_mask"), model.err());
        assertFalse(Files.exists(path("c")));
    }

    @Test
    void wrongCommandLinesEndWithTwo() throws IOException {
        done("mask", first, "--sparsity", "0.6", "-o", path("a"), "--json");
        for (List<Object> line : List.<List<Object>>of(
                List.of("mask", first, "-o", path("c")),
                List.of("mask", first, "--sparsity", "0.5"),
                List.of("mask", first, "--sparsity", "0.5", "--threshold", "1", "-o", path("c")),
                List.of("mask", first, "--sparsity", "69", "-o", path("c")),
                List.of("mask", first, "--sparsity", "0.5", "--scope", "row", "-o", path("c")),
                List.of("mask", first, "--sparsity", "0.5", "--criterion", "luck", "-o", path("c")),
                List.of("mask", first, "--sparsity", "0.5", "--pattern", "2:4", "-o", path("c")),
                List.of("mask", first, "--pattern", "4:2", "-o", path("c")),
                List.of("mask", first, "--pattern", "half", "-o", path("c")),
                List.of("mask", first, "--pattern", "2:4", "--scope", "layer", "-o", path("c")),
                List.of("mask", first, "--pattern", "2:4", "--prune-vectors", "-o", path("c")),
                List.of("mask", first, "--sparsity", "0.5", "--random-seed", "3", "-o", path("c")),
                List.of("mask", first, "--threshold=-0.5", "-o", path("c")),
                List.of("mask", first, "--threshold", "0.5", "--criterion", "small_final", "-o", path("c")),
                List.of("mask", plain, "--sparsity", "0.5", "--criterion", "random_same_sign", "-o", path("c")),
                List.of("mask", first, "--sparsity", "0.5", "-o", first, "--force"),
                List.of("mask", plain, "--sparsity", "0.5", "-o", path("c")),
                List.of("masks", "nand", path("a"), path("a"), "-o", path("c")),
                List.of("masks", "and", path("a"), "-o", path("c")),
                List.of("masks", "not", path("a"), path("a"), "-o", path("c")),
                List.of("masks", "and", path("a"), path("a")),
                List.of("masks", "and", path("a"), path("a"), "-o", path("a"), "--force"),
                List.of("masks", "overlap", path("a"), path("a"), "-o", path("c")),
                List.of("masks", "overlap", path("a"), path("a"), "--seed", 3),
                List.of("masks", "overlap", path("a"), path("a"), "--bitmap"),
                List.of("masks", "overlap", path("a"), path("a"), "--protect-first"),
                List.of("prune", first, "-o", path("c"), "--fill", "zero", "--masks", path("a"), "--prune-vectors"),
                List.of("masks", "and", path("a"), path("a"), "--audit", "-o", path("c")),
                List.of("masks", "overlap", "--audit", first, second),
                List.of("prune", first, "-o", path("c"), "--fill", "zero", "--masks", path("a"), "--sparsity", "0.5"),
                List.of("prune", first, "-o", path("c"), "--fill", "zero"))) {
            CommandRun run = CommandRun.of(line.toArray());
            assertEquals(2, run.code(), line + ": " + run.err());
            assertTrue(run.err().startsWith("detinit: "), run.err());
            assertEquals("", run.out());
        }
        assertFalse(Files.exists(path("c")));
        assertEquals(
                4,
                CommandRun.of("masks", "not", path("missing"), "-o", path("c")).code());
    }

    @Test
    void helpHasExamples() {
        for (String command : List.of("mask", "masks")) {
            CommandRun help = CommandRun.of(command, "--help");
            assertEquals(0, help.code());
            assertTrue(help.out().contains("Example: detinit " + command + " "), help.out());
            assertTrue(help.out().contains("--json"));
        }
    }
}
