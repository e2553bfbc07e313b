package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file is and what is in it; and an untrained copy of it. */
class InspectCommandTest {

    private static final float[] WEIGHTS = {1, -2, 3, 0.5f, 0, 7};

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("anything.bin");
        TensorInfo counter =
                new TensorInfo("bn.num_batches_tracked", DType.I64, TensorShape.of(), TensorInfo.Kind.BUFFER);
        SafetensorsWriter.write(
                file,
                List.of(
                        ArrayTensor.of("fc.weight", TensorShape.of(2, 3), WEIGHTS),
                        ArrayTensor.of("fc.bias", TensorShape.of(2), new float[] {4, 5}),
                        ArrayTensor.of(counter, ByteBuffer.allocate(8))),
                Map.of("format", "pt"));
    }

    private static String sha256(float... values) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    }

    @Test
    void oneJsonObjectWithTheFieldsOfTheContract() throws Exception {
        JsonNode json = CommandRun.of("inspect", file, "--hash", "--json").json();
        assertEquals(file.toString(), json.path("file").asText());
        assertEquals("safetensors", json.path("format").asText());
        assertTrue(json.path("plan").isNull());
        assertEquals("pt", json.path("metadata").path("format").asText());
        assertTrue(json.path("warnings").isArray());
        JsonNode weight = json.path("tensors").get(0);
        assertEquals("fc.weight", weight.path("name").asText());
        assertEquals("F32", weight.path("dtype").asText());
        assertEquals("[2,3]", weight.path("shape").toString());
        assertEquals(24, weight.path("bytes").asLong());
        assertEquals("parameter", weight.path("kind").asText());
        assertEquals(sha256(WEIGHTS), weight.path("sha256").asText());
        assertEquals("buffer", json.path("tensors").get(2).path("kind").asText());
        assertEquals("[]", json.path("tensors").get(2).path("shape").toString());
    }

    @Test
    void withoutHashNothingIsHashed() throws IOException {
        JsonNode json = CommandRun.of("inspect", file, "--json").json();
        assertTrue(json.path("tensors").get(0).path("sha256").isMissingNode());
    }

    @Test
    void aTableForPeople() {
        CommandRun run = CommandRun.of("inspect", file);
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().contains(file + ": safetensors, 3 tensors, 40 bytes of elements"), run.out());
        assertTrue(run.out().contains("plan: none"), run.out());
        assertTrue(
                run.out().lines().anyMatch(line -> line.matches("fc\\.bias +F32 +\\[2] +8 +parameter +byte \\d+")),
                run.out());
    }

    @Test
    void aFileFromAStrangerCannotWriteOnTheTerminal() throws IOException {
        Path hostile = folder.resolve("hostile");
        SafetensorsWriter.write(
                hostile,
                List.of(ArrayTensor.of("a\u001b[2Jb", TensorShape.of(1), new float[1])),
                Map.of("k\u0007", "v\u001b]0;x"));
        CommandRun run = CommandRun.of("inspect", hostile);
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().chars().noneMatch(c -> c == 0x1B || c == 7), run.out());
    }

    @Test
    void anUntrainedCopyCarriesItsPlanAndKeepsTheRest() throws Exception {
        Path seeded = folder.resolve("seeded.bin");
        JsonNode json = CommandRun.of("init", file, "-o", seeded, "--seed", 42, "--json")
                .json();
        assertEquals(2, json.path("replaced").asInt());
        assertEquals(1, json.path("kept").asInt());
        JsonNode inspected =
                CommandRun.of("inspect", seeded, "--hash", "--json").json();
        assertEquals(42, inspected.path("plan").path("seed").asInt());
        assertEquals("pt", inspected.path("metadata").path("format").asText());
        assertEquals(
                sha256(0, 0), inspected.path("tensors").get(1).path("sha256").asText());
        JsonNode audit = CommandRun.of("audit", seeded, "--json").json();
        assertEquals(0, audit.path("total").path("moved").asInt(-1));
        assertEquals(8, audit.path("tensors").get(0).path("bitIdentical").asInt() + 2);
        CommandRun again = CommandRun.of("init", file, "-o", seeded, "--seed", 43);
        assertEquals(2, again.code());
        assertTrue(again.error().contains("--force"), again.err());
    }

    @Test
    void initNeedsASeedOrAPlanAndNotBothKindsOfRules() throws IOException {
        Path output = folder.resolve("o");
        assertEquals(2, CommandRun.of("init", file, "-o", output).code());
        Path plan = folder.resolve("p.json");
        assertEquals(0, CommandRun.of("plan", file, "--seed", 7, "-o", plan).code());
        assertEquals(
                2,
                CommandRun.of("init", file, "-o", output, "--plan", plan, "--rule", "*=he")
                        .code());
        assertEquals(
                0, CommandRun.of("init", file, "-o", output, "--plan", plan).code());
        Files.writeString(
                plan, Files.readString(plan).replace("\"shape\":[2,3]", "\"shape\":[3,2]"), StandardCharsets.UTF_8);
        CommandRun unfit = CommandRun.of("init", file, "-o", folder.resolve("o2"), "--plan", plan);
        assertEquals(3, unfit.code());
        assertTrue(unfit.error().contains("fc.weight"), unfit.err());
        assertTrue(Files.notExists(folder.resolve("o2")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlp-addressable.pt",
                "mlp-addressable.legacy.pt",
                "mlp-addressable.bf16.pt",
                "mlp-addressable.ckpt"
            })
    void pyTorchFilesOfEveryKindAreSeededAndFoundAgain(String name) throws Exception {
        Path template = Path.of("..", "..", "shared", "fixtures", "trained", name);
        assumeTrue(Files.exists(template), "the shared fixtures are missing");
        Path seeded = folder.resolve("seeded.pt");
        CommandRun init = CommandRun.of("init", template, "-o", seeded, "--seed", 7);
        assertEquals(0, init.code(), init.err());
        JsonNode audit = CommandRun.of("audit", seeded, "--json").json();
        assertEquals(0, audit.path("total").path("moved").asInt(-1));
        assertEquals("match", audit.path("provenance").path("verdict").asText());
        assertEquals(name.contains("legacy"), Files.exists(folder.resolve("seeded.pt.plan.json")));
    }

    @Test
    void anOnnxModelSaysWhichWayRoundItsWeightsLie() throws IOException {
        Path model = Path.of("..", "..", "shared", "fixtures", "onnx", "burn-linear.onnx");
        assumeTrue(Files.exists(model), "the shared fixtures are missing");
        JsonNode tensors = CommandRun.of("inspect", model, "--json").json().path("tensors");
        List<String> uses = new ArrayList<>();
        tensors.forEach(tensor -> uses.add(tensor.path("name").asText() + " "
                + tensor.path("use").path("operator").asText() + " "
                + tensor.path("use").path("layout").asText()));
        assertTrue(uses.contains("linear1_with_gemm.weight Gemm out_in"), uses::toString);
        assertTrue(uses.stream().anyMatch(use -> use.endsWith("MatMul in_out")), uses::toString);
        assertTrue(CommandRun.of("inspect", model).out().contains(", Gemm out_in"));
    }

    @Test
    void everyMalformedFileIsOneLineOrHarmless() throws IOException {
        Path malformed = Path.of("..", "..", "shared", "fixtures", "malformed");
        assumeTrue(Files.isDirectory(malformed), "the shared fixtures are missing");
        List<String> readable = new ArrayList<>();
        try (Stream<Path> files = Files.list(malformed)) {
            for (Path path : files.sorted().toList()) {
                CommandRun run = CommandRun.of("inspect", path, "--hash");
                if (run.code() == 0) {
                    readable.add(path.getFileName().toString());
                } else {
                    assertTrue(run.code() == 3 || run.code() == 4, path + ": " + run.code() + " " + run.err());
                    assertEquals(1, run.err().lines().count(), run.err());
                }
            }
        }
        // Well-formed as protobuf: what is wrong with them is their operators, opsets and names, which inspecting does
        // not use
        assertEquals(
                List.of(
                        "add_opset_314159.onnx",
                        "bad_graph_with_no_import_domains.onnx",
                        "bad_graph_with_no_name.onnx",
                        "icm-31000000518483.onnx",
                        "mul_1.noopset.onnx"),
                readable);
    }
}
