package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The user's own data from the command line: train, then score. */
class DataCommandTest {

    @TempDir
    Path folder;

    /** Three clouds of points in four dimensions, one of them a thousand times as wide, and a constant column. */
    private Path clouds(String name, int seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder("a,b,c,d,kind\n");
        for (int row = 0; row < 240; row++) {
            int kind = row / 80;
            text.append(random.nextGaussian() + 4 * (kind == 1 ? 1 : 0)).append(',');
            text.append(1000 * (random.nextGaussian() + 4 * (kind == 2 ? 1 : 0)))
                    .append(",7,");
            text.append(random.nextGaussian()).append(',');
            text.append(List.of("ash", "birch", "cedar").get(kind)).append('\n');
        }
        return Files.writeString(folder.resolve(name), text.toString());
    }

    private CommandRun train(String data, String model, String normalize, String output) {
        return CommandRun.of(
                "train",
                "--data",
                data,
                "--model",
                model,
                "--seed",
                5,
                "--epochs",
                20,
                "--batch",
                16,
                "--threads",
                1,
                "--normalize",
                normalize,
                "-o",
                folder.resolve(output));
    }

    private JsonNode card(String run) throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve(run).resolve("run.json").toFile())
                .path("data");
    }

    @Test
    void aTableIsTrainedOnAndScored() throws IOException {
        String data = "csv:" + clouds("clouds.csv", 1);
        CommandRun run = train(data, "mlp:4-8-3", "feature", "run");
        assertEquals(0, run.code(), run.err());
        JsonNode card = card("run");
        assertEquals("csv:clouds.csv", card.path("name").asText());
        assertEquals("feature", card.path("normalize").asText());
        assertEquals(4, card.path("mean").size());
        assertEquals(1, card.path("std").path(2).asDouble(), "the constant column");
        assertEquals("[\"ash\",\"birch\",\"cedar\"]", card.path("classNames").toString());
        Path model = folder.resolve("run/model.onnx");
        JsonNode eval = CommandRun.of("eval", model, "--data", data, "--runs", 5, "--json")
                .json();
        assertEquals(48, eval.path("samples").asInt());
        assertTrue(eval.path("accuracy").asDouble() > 0.9, eval.toString());
        JsonNode trained = new ObjectMapper().readTree(Files.readString(folder.resolve("run/run.json")));
        assertEquals(
                trained.path("result").path("testAccuracy").asDouble(),
                eval.path("accuracy").asDouble(),
                1e-9,
                "the model's metadata says how it was normalised");
        // a column a thousand times as wide as the others: as it is, the same model is lost
        JsonNode raw = CommandRun.of("eval", model, "--data", data, "--normalize", "none", "--runs", 5, "--json")
                .json();
        assertTrue(raw.path("accuracy").asDouble() < 0.8, raw.toString());
        JsonNode test = CommandRun.of(
                        "eval", model, "--data", data + ",test=" + clouds("other.csv", 2), "--runs", 5, "--json")
                .json();
        assertEquals(240, test.path("samples").asInt());
        assertTrue(test.path("accuracy").asDouble() > 0.9, test.toString());
    }

    @Test
    void colouredImagesAreTrainedOnAndScored() throws IOException {
        Path cifar = Files.createDirectory(folder.resolve("cifar"));
        for (String name :
                List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")) {
            ByteArrayOutputStream records = new ByteArrayOutputStream();
            for (int k = 0; k < 20; k++) { // the label is how blue the image is
                byte[] record = new byte[3073];
                new Random(31L * k + name.hashCode()).nextBytes(record);
                Arrays.fill(record, 2049, 3073, (byte) (k % 2 == 0 ? 20 : 230));
                record[0] = (byte) (k % 2);
                records.writeBytes(record);
            }
            Files.write(cifar.resolve(name + ".bin"), records.toByteArray());
        }
        CommandRun run = train("cifar10:" + cifar, "mlp:3072-10", "channel", "blue");
        assertEquals(0, run.code(), run.err());
        assertEquals(3, card("blue").path("mean").size());
        assertEquals("[3,32,32]", card("blue").path("sampleShape").toString());
        JsonNode eval = CommandRun.of(
                        "eval", folder.resolve("blue/model.onnx"), "--data", "cifar10:" + cifar, "--runs", 5, "--json")
                .json();
        assertEquals(1.0, eval.path("accuracy").asDouble());
    }

    @Test
    void whatDoesNotFitIsOneLineWithItsCode() throws IOException {
        Path linear = VerifyEvalModels.linear(folder.resolve("m.onnx"), 0);
        Path clouds = clouds("c.csv", 3);
        CommandRun width = CommandRun.of("eval", linear, "--data", "csv:" + clouds);
        assertEquals(2, width.code());
        assertTrue(width.error().contains("samples of 4 features do not fit"), width.err());
        CommandRun train = train("csv:" + clouds, "mlp:5-3", "none", "x");
        assertEquals(2, train.code());
        assertTrue(train.error().contains("takes samples of shape [5], the data has [4]"), train.err());
        CommandRun channel = train("csv:" + clouds, "mlp:4-3", "channel", "x");
        assertEquals(2, channel.code());
        assertTrue(channel.error().contains("'channel' needs images"), channel.err());
        CommandRun classes = train("csv:" + clouds, "mlp:4-2", "none", "x");
        assertEquals(2, classes.code());
        assertTrue(classes.error().contains("3 classes"), classes.err());
        Path broken = Files.writeString(folder.resolve("broken.csv"), "a,y\n1,0\noops,1\n");
        CommandRun cell = train("csv:" + broken, "mlp:1-2", "none", "x");
        assertEquals(3, cell.code());
        assertTrue(
                cell.error().contains("broken.csv: line 3, column 1 'a': found 'oops', expected a number"), cell.err());
        for (String missing :
                List.of("csv:none.csv", "npz:none.npz", "cifar10:none", "fashion-mnist:none", "mnist:none")) {
            CommandRun run = train(missing, "mlp:4-3", "none", "x");
            assertEquals(4, run.code(), missing + run.err());
            assertTrue(run.error().contains("none"), run.err());
        }
        for (String wrong :
                List.of("csv:" + clouds + ",lable=x", "csv:" + clouds + ",label=x", "imagenet", "cifar10:")) {
            assertEquals(2, train(wrong, "mlp:4-3", "none", "x").code(), wrong);
        }
        Path junk = Files.write(folder.resolve("junk.npz"), new byte[] {1, 2, 3});
        assertEquals(3, train("npz:" + junk, "mlp:4-3", "none", "x").code());
        assertEquals(2, train("csv:" + clouds, "mlp:4-3", "zscore", "x").code());
    }

    @Test
    void everyCommandWithDataListsTheKnownOnes() {
        String known = DataSpec.KNOWN.replaceAll("\\s+", "");
        String rules = Normalization.KNOWN.replaceAll("\\s+", "");
        for (String command : List.of("train", "eval", "verify", "prune", "mask", "sensitivity", "demo")) {
            CommandRun help = CommandRun.of(command, "--help");
            String text = help.out().replaceAll("\\s+", "");
            assertTrue(text.contains(known), command + ": " + help.out());
            assertTrue(!text.contains("--normalize=") || text.contains(rules), command + ": " + help.out());
        }
    }
}
