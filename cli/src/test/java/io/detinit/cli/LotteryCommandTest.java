package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.cli.report.Text;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class LotteryCommandTest {

    @TempDir
    static Path shared;

    private static SmallRun small = new SmallRun(Path.of(""), "");

    @TempDir
    Path folder;

    @BeforeAll
    static void train() throws IOException {
        small = SmallRun.in(shared);
    }

    private static List<Object> line(Path output, Object... options) {
        List<Object> line = new ArrayList<>(List.of("lottery", "--threads", 1, "--data", small.data()));
        line.addAll(List.of("--model", "mlp:784-24-10", "--epochs", 1, "--batch", 100, "--eval-every", 5));
        line.addAll(List.of("--device", "cpu", "-o", output));
        line.addAll(Arrays.asList(options));
        return line;
    }

    private static CommandRun lottery(Path output, Object... options) {
        return CommandRun.of(line(output, options).toArray());
    }

    private static Document parse(String page) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(page)));
    }

    private static List<String> drawings(Document page) {
        var nodes = page.getElementsByTagName("svg");
        return IntStream.range(0, nodes.getLength())
                .mapToObj(k -> ((Element) nodes.item(k)).getAttribute("aria-label"))
                .filter(label -> !label.isEmpty())
                .toList();
    }

    @Test
    void jsonTablePageAndCsvSayTheSame() throws Exception {
        Path out = folder.resolve("tickets");
        CommandRun run = lottery(out, "--seed", 5, "--replicates", 2, "--rounds", 2, "--control", "reinit", "--json");
        assertEquals(0, run.code(), run.err());
        JsonNode json = run.json();
        assertEquals("[5,6]", json.path("seeds").toString());
        assertEquals(5, json.path("rounds").size());
        JsonNode dense = json.path("rounds").get(0);
        assertEquals(1.0, dense.path("density").asDouble());
        JsonNode second = json.path("rounds").get(2);
        assertEquals("ticket", second.path("variant").asText());
        long kept = 784 * 24 - 3763 - 3011 + 240 - 24 - 22; // a fifth of fc1, a tenth of fc2, twice, rounded
        assertEquals(kept, second.path("kept").asLong());
        assertEquals(2, second.path("replicates").asInt());
        assertTrue(json.path("smallestMatching").has("reinit"));

        List<JsonNode> lines = new ArrayList<>();
        for (String text : Files.readAllLines(out.resolve("results.jsonl"))) {
            lines.add(new ObjectMapper().readTree(text));
        }
        assertEquals(10, lines.size());
        double mean = (lines.get(0).at("/earlyStop/testAccuracy").asDouble()
                        + lines.get(5).at("/earlyStop/testAccuracy").asDouble())
                / 2;
        assertEquals(mean, dense.at("/earlyStopAccuracy/mean").asDouble(), 1e-12);
        List<String> csv = Files.readAllLines(out.resolve("lottery.csv"));
        assertEquals(11, csv.size());
        assertTrue(csv.get(0).startsWith("seed,round,variant,weightsSeed,kept,prunable,density,earlyStopStep,"));
        assertTrue(csv.get(1).startsWith("5,0,ticket,5,19056,19056,1.0,"), csv.get(1));

        CommandRun again = lottery(out, "--seeds", "5..6", "--rounds", 2, "--control", "reinit", "--resume");
        assertEquals(0, again.code(), again.err());
        assertTrue(again.err().contains("10 trainings"), again.err());
        assertTrue(again.out().lines().anyMatch(l -> l.startsWith("dense") && l.contains(Text.fraction(mean))));
        assertTrue(again.out().lines().anyMatch(l -> l.startsWith("reinit") && l.contains("..")), again.out());

        String html = Files.readString(out.resolve("lottery.html"));
        Document page = parse(html);
        assertEquals(
                List.of(
                        "Test accuracy at the early stop against the weights kept in per cent",
                        "Step of the early stop against the weights kept in per cent",
                        "Test accuracy at the end of training against the weights kept in per cent"),
                drawings(page));
        assertFalse(html.contains("http://") || html.contains("https://") || html.contains("<script"), "needs nothing");
        assertTrue(page.getDocumentElement().getTextContent().contains(Text.fraction(mean)));
        assertTrue(html.contains("fill: var(--s0)"), "the band of the replicates");
    }

    @Test
    void masksOfARoundPruneAModel() throws IOException {
        Path out = folder.resolve("tickets");
        CommandRun run = lottery(out, "--seed", 7, "--rounds", 1, "--rate", 0.6, "--criterion", "movement");
        assertEquals(0, run.code(), run.err());
        Path masks = out.resolve("masks/seed-7/round-1.roaring");
        Mask mask = MaskFile.read(masks).stored().masks().get("fc1.weight");
        Path pruned = folder.resolve("pruned.safetensors");
        CommandRun prune = CommandRun.of(
                "prune", small.file("model.safetensors"), "--masks", masks, "--fill", "zero", "-o", pruned);
        assertEquals(0, prune.code(), prune.err());
        float[] weights = new float[784 * 24];
        try (SafetensorsFile file = SafetensorsFile.open(pruned)) {
            file.find("fc1.weight").orElseThrow().readFloats(0, weights, 0, weights.length);
        }
        assertEquals(Math.round(0.4 * weights.length), mask.kept());
        for (int k = 0; k < weights.length; k++) {
            assertTrue(mask.keeps(k) || weights[k] == 0);
        }
    }

    /** A process that is killed, and the same command with --resume: the same files as without. */
    @Test
    void aKilledLotteryGoesOn() throws IOException, InterruptedException {
        Object[] options = {"--rounds", 3, "--control", "shuffle"};
        Path complete = folder.resolve("complete");
        assertEquals(0, lottery(complete, options).code());
        Path killed = folder.resolve("killed");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dai.djl.pytorch.num_threads=" + System.getProperty("ai.djl.pytorch.num_threads"), // as this JVM
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        line(killed, options).forEach(argument -> command.add(String.valueOf(argument)));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        Path results = killed.resolve("results.jsonl");
        while (process.isAlive() && (!Files.exists(results) || Files.size(results) == 0)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        process.destroyForcibly().waitFor();
        int before = Files.readAllLines(results).size();
        assertTrue(before >= 1, Files.readString(folder.resolve("log")));
        List<Object> again = line(killed, options);
        again.add("--resume");
        CommandRun resumed = CommandRun.of(again.toArray());
        assertEquals(0, resumed.code(), resumed.err());
        for (String file : List.of("results.jsonl", "lottery.csv", "lottery.html", "lottery.json")) {
            assertEquals(Files.readString(complete.resolve(file)), Files.readString(killed.resolve(file)), file);
        }
        String mask = "masks/seed-42/round-4.roaring";
        assertEquals(-1, Files.mismatch(complete.resolve(mask), killed.resolve(mask)));
    }

    @Test
    void wrongRequestsAreRefusedInOneLineBeforeTraining() throws IOException {
        Path out = folder.resolve("x");
        for (Object[] wrong : List.<Object[]>of(
                new Object[] {"--criterion", "luck"},
                new Object[] {"--scope", "world"},
                new Object[] {"--control", "ticket"},
                new Object[] {"--fill", "init_or_zero"},
                new Object[] {"--rate", "20"},
                new Object[] {"--rounds", "0"},
                new Object[] {"--seeds", "1..2", "--seed", "3"},
                new Object[] {"--replicates", "0"},
                new Object[] {"--seeds", "1..1000000000"},
                new Object[] {"--layer-rate", "fc1"},
                new Object[] {"--validation", "3000"},
                new Object[] {"--resume", "--force"})) {
            CommandRun run = lottery(out, wrong);
            assertEquals(2, run.code(), run.err());
            run.error();
            assertFalse(Files.exists(out), Arrays.toString(wrong));
        }
        Files.createDirectory(out);
        Files.writeString(out.resolve("note"), "mine");
        CommandRun exists = lottery(out);
        assertEquals(2, exists.code());
        assertTrue(exists.error().contains("--force"), exists.err());
        assertEquals(2, lottery(out, "--resume").code());
        assertEquals("mine", Files.readString(out.resolve("note")));
    }

    @Test
    void anotherLotteryIsNotContinued() throws IOException {
        Path out = folder.resolve("tickets");
        assertEquals(0, lottery(out, "--rounds", 1).code());
        String results = Files.readString(out.resolve("results.jsonl"));
        CommandRun other = lottery(out, "--rounds", 1, "--lr", 0.5, "--resume");
        assertEquals(2, other.code());
        assertTrue(other.error().contains("training.learningRate was 0.0012, now it is 0.5"), other.err());
        Files.writeString(out.resolve("results.jsonl"), "{}\n");
        CommandRun broken = lottery(out, "--rounds", 1, "--resume");
        assertEquals(3, broken.code());
        assertTrue(broken.error().contains("results.jsonl"), broken.err());
        assertEquals(0, lottery(out, "--rounds", 1, "--force").code());
        assertEquals(results, Files.readString(out.resolve("results.jsonl")), "the same seed, the same results");
    }

    @Test
    void helpHasAnExample() {
        CommandRun help = CommandRun.of("lottery", "--help");
        assertEquals(0, help.code());
        assertTrue(help.out().contains("Example: detinit lottery --data"), help.out());
        assertTrue(help.out().contains("--json") && help.out().contains("--resume"), help.out());
        assertTrue(CommandRun.of("--help").out().contains("lottery"));
    }

    @Test
    void timesAreShort() {
        assertEquals("119 s", LotteryShow.time(119.4));
        assertEquals("2 min", LotteryShow.time(120));
        assertEquals("2 h 05 min", LotteryShow.time(7500));
    }
}
